{# Whoever closes a slice has seen its events: a run that takes no rows is refused, whether an option says so or a
   variable. #}
{% macro refuser_a_vide() %}
    {%- if execute and flags.WHICH in ('run', 'build') and flags.EMPTY -%}
        {%- do exceptions.raise_compiler_error(
            "--empty (DBT_EMPTY) would close a slice without its events; run without it"
        ) -%}
    {%- endif -%}
{% endmacro %}


{# And has tested it: a `dbt build` that leaves one of the tests out is refused, whether an option says so or a variable
   (DBT_EXCLUDE_RESOURCE_TYPES=test).  `dbt run` has no tests: it closes without. #}
{% macro refuser_de_fermer_sans_tests() %}
    {%- if execute and tranche_courante().tranche is not none -%}
        {%- set absents = [] -%}
        {%- for noeud in graph.nodes.values() if noeud.resource_type == 'test' and 'audit' not in noeud.tags -%}
            {%- do absents.append(noeud.name) if noeud.unique_id not in selected_resources -%}
        {%- endfor -%}
        {%- if absents and flags.WHICH == 'build' -%}
            {%- do exceptions.raise_compiler_error(
                "dbt build closes no slice without its tests, and this one leaves out " ~ absents | sort | join(", ")
                ~ "; run it whole (env | grep DBT_ shows what the environment takes away)"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
