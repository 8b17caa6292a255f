{# A slice that is still open was begun by a run that failed or was killed, perhaps under another rule.  Before it is
   evaluated again, the tables that it may have written go back to what readers see: nothing of it was published. #}
{% macro reprendre_la_tranche_ouverte() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') and not var('rebuild') -%}
        {%- set derniere = derniere_tranche() -%}
        {%- if not derniere.fermee -%}
            {%- set versions = versions_de_la_derniere_publication() -%}
            {%- for identifier in ['ventes_clean', 'ventes_rejetees', 'cube_horaire'] -%}
                {%- set relation = load_relation(this.incorporate(path={'identifier': identifier})) -%}
                {%- if relation and versions -%}
                    {%- do run_query("restore table " ~ relation ~ " to version as of " ~ versions[identifier]) -%}
                {%- elif relation -%}
                    {%- do run_query("delete from " ~ relation) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Table to version, as the ledger's newest slice says; none before the first publication. #}
{% macro versions_de_la_derniere_publication() %}
    {%- set bilan = load_relation(this.incorporate(path={'identifier': 'bilan_ingestion'})) -%}
    {%- set rows = run_query("select max_by(versions, tranche) from " ~ bilan).rows if bilan else [] -%}
    {{ return(fromjson(rows[0][0]) if rows and rows[0][0] else none) }}
{% endmacro %}
