{# The rows of a query whose answer stays the same until the run ends; asked once in it.  `graph` is the one object that
   all nodes of a run share; in a resident dbt it outlives the run, so it holds the answers of one run only. #}
{% macro interroger_une_fois(requete) %}
    {%- if graph.get('reponses', {}).get('run') != invocation_id -%}
        {%- do graph.update({'reponses': {'run': invocation_id}}) -%}
    {%- endif -%}
    {%- if requete not in graph['reponses'] -%}
        {%- do graph['reponses'].update({requete: run_query(requete).rows}) -%}
    {%- endif -%}
    {{ return(graph['reponses'][requete]) }}
{% endmacro %}
