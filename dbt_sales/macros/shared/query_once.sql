{# The rows of a query, as dicts by column.  A run asks the query only once, so the answer must stay the same until the
   run ends. #}
{% macro query_once_per_run(query) %}
    {%- set answers = answers_of_run() -%}
    {%- if query not in answers -%}
        {%- set rows = [] -%}
        {%- for row in run_query(query).rows -%}
            {%- do rows.append(row.dict()) -%}
        {%- endfor -%}
        {%- do answers.update({query: rows}) -%}
    {%- endif -%}
    {{ return(answers[query]) }}
{% endmacro %}


{# A dict that all nodes of a run share.  Only `graph` is the same object in all of them; in a resident dbt it outlives
   the run, so it holds the answers of one run only. #}
{% macro answers_of_run() %}
    {%- if graph.get('answers', {}).get('run') != invocation_id -%}
        {%- do graph.update({'answers': {'run': invocation_id}}) -%}
    {%- endif -%}
    {{ return(graph.answers) }}
{% endmacro %}
