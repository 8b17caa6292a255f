{# The rows of a query whose answer stays the same until the run ends; asked once in it.  `graph` is the one object that
   all nodes of a run share. #}
{% macro interroger_une_fois(requete) %}
    {%- set reponses = graph.setdefault('reponses', {}) -%}
    {%- set cle = invocation_id ~ ' ' ~ requete -%}
    {%- if cle not in reponses -%}
        {%- do reponses.update({cle: run_query(requete).rows}) -%}
    {%- endif -%}
    {{ return(reponses[cle]) }}
{% endmacro %}
