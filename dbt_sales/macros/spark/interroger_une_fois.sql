{# The rows of a query whose answer stays the same until the run ends; asked once in it.  `graph` is the one object that
   all nodes of a run share; in a resident dbt it outlives the run, so it holds the answers of one run only. #}
{% macro interroger_une_fois(requete) %}
    {%- set reponses = graph.get('reponses', {}) -%}
    {%- if reponses.get('run') != invocation_id -%}
        {%- set reponses = {'run': invocation_id} -%}
        {%- do graph.update({'reponses': reponses}) -%}
    {%- endif -%}
    {%- if requete not in reponses -%}
        {%- do reponses.update({requete: run_query(requete).rows}) -%}
    {%- endif -%}
    {{ return(reponses[requete]) }}
{% endmacro %}
