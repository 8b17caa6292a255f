{# Only a run that builds the whole slice closes it, and a `dbt build` must test all of it, too.  What an earlier run has
   left may come from other rules, from another slice, or be untested: the ledger cannot tell, and would publish it. #}
{% macro refuse_part_of_a_slice(current) %}
    {%- set closes = current.tranche is not none and execute and flags.WHICH in ('run', 'build', 'retry') -%}
    {%- set missing = missing_of_a_slice() if closes and var('whole_slices') else [] -%}
    {%- if missing -%}
        {%- do exceptions.raise_compiler_error(
            "slice " ~ current.tranche ~ " stays open: only a run that builds the whole slice closes it, and this "
            ~ "run leaves out " ~ missing[:3] | join(', ') ~ (' ...' if missing | length > 3)
            ~ "; use `sales silver` or `dbt build`"
        ) -%}
    {%- endif -%}
{% endmacro %}


{# The names of what a slice needs but this run has not selected, whether because of an option or of a variable
   (DBT_EXCLUDE_RESOURCE_TYPES=test).  A plain `dbt run` has no tests; `dbt retry` does not say what it has selected. #}
{% macro missing_of_a_slice() %}
    {%- set missing = [] -%}
    {%- set kinds = ['model'] if flags.WHICH == 'run' else ['model', 'seed', 'test'] -%}
    {%- for unique_id in nodes_of_a_slice() if unique_id not in selected_resources -%}
        {%- do missing.append(graph.nodes[unique_id].name) if graph.nodes[unique_id].resource_type in kinds -%}
    {%- endfor -%}
    {{ return(missing) }}
{% endmacro %}


{# The ledger, everything that it is made from, and the tests on the way to it, except those that run outside slices. #}
{% macro nodes_of_a_slice() %}
    {%- set found = ['model.' ~ project_name ~ '.bilan_ingestion'] | select('in', graph.nodes) | list -%}
    {#- the list grows while the loop walks through it -#}
    {%- for unique_id in found if unique_id in graph.nodes -%}
        {%- for parent in graph.nodes[unique_id].depends_on.nodes if parent in graph.nodes and parent not in found -%}
            {%- do found.append(parent) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set tests = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and 'outside_slices' not in node.tags -%}
        {%- if not node.depends_on.nodes | reject('in', found[1:]) | list -%}
            {%- do tests.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found + tests) }}
{% endmacro %}
