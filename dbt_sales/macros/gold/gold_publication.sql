{# The versions of the marts that this run has made, as a JSON object.  A mart that it has not made may stand on another
   slice, so nothing is published without it; unless this run stands on the slice that the last one stood on. #}
{% macro versions_of_this_run(marts) -%}
    {%- set versions = {} -%}
    {%- set missing = [] -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') -%}
        {%- for mart in marts -%}
            {%- set made = 'version of ' ~ mart.identifier -%}
            {%- if made in answers_of_run() -%}
                {#- a run without a new sale commits nothing to a mart to which it adds -#}
                {%- set version = answers_of_run()[made] -%}
                {%- set before = gold_state().made.get('versions', {}).get(mart.identifier) -%}
                {%- if version is none and before is none -%}
                    {%- set version = run_query("describe history " ~ mart ~ " limit 1").rows[0][0] | int -%}
                {%- endif -%}
                {%- do versions.update({mart.identifier: before if version is none else version}) -%}
            {%- elif mart.identifier in gold_state().made.get('versions', {}) and stands_on_the_last_slice()
                and not belongs_to_what_was_made(mart.identifier) -%}
                {%- do versions.update({mart.identifier: gold_state().made.versions[mart.identifier]}) -%}
            {%- else -%}
                {%- do missing.append(mart.identifier) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if missing and gold_state().tranche is not none -%}
            {%- do exceptions.raise_compiler_error(
                "Gold is published by a run that makes all of it, and this run has not made " ~ missing | join(', ')
                ~ "; use `sales gold`"
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ versions_as_json(versions) }}
{%- endmacro %}


{# What looks for anomalies is published whole: ticks that are complete and were not looked at would be lost. #}
{% macro belongs_to_what_was_made(identifier) %}
    {%- set watch = ['mesures', 'attentes', 'alertes', 'anomalies'] -%}
    {%- set made = [] -%}
    {%- for name in watch if 'version of ' ~ name in answers_of_run() -%}
        {%- do made.append(name) -%}
    {%- endfor -%}
    {{ return(identifier in watch and made | length > 0) }}
{% endmacro %}


{# Whether this run is made from the same tables of Silver as what was published last. #}
{% macro stands_on_the_last_slice() %}
    {%- set made = gold_state().made -%}
    {{ return(made and made.tranche == gold_state().tranche and fromjson(made.versions_silver) == gold_state().versions) }}
{% endmacro %}


{# The hook before a mart that a run changes in part: what a run that was not published has left is taken back. #}
{% macro restore_mart() %}
    {{ restore_table(gold_state().made) }}
{% endmacro %}


{# The hook before a table of what was said, which is added to: what a run that was not published has left is taken back.
   What readers have stays, also when the marts are made anew. #}
{% macro restore_what_was_said() %}
    {{ restore_table(last_publication_of_gold() if execute else {}) }}
{% endmacro %}


{# Restore the table to the version that this row of `bilan_gold` names, if more than upkeep has happened to it since. #}
{% macro restore_table(publication) %}
    {%- set version = publication.get('versions', {}).get(this.identifier) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') and version is not none and load_relation(this) -%}
        {%- set left = [] -%}
        {%- set newest = run_query("describe history " ~ this ~ " limit 100").rows -%}
        {%- for row in newest if row.version > version -%}
            {%- do left.append(row.operation) if row.operation not in upkeep_operations() -%}
        {%- endfor -%}
        {%- do left.append('more than was looked at') if newest[-1].version > version -%}
        {%- do run_query("restore table " ~ this ~ " to version as of " ~ version) if left -%}
    {%- endif -%}
{% endmacro %}


{# What a commit can be called that changes no row. #}
{% macro upkeep_operations() %}
    {{ return(['OPTIMIZE', 'VACUUM START', 'VACUUM END', 'SET TBLPROPERTIES', 'UNSET TBLPROPERTIES']) }}
{% endmacro %}


{# The models of Gold. #}
{% macro nodes_of_gold() %}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('group', 'equalto', 'gold') | map(attribute='unique_id') | list) }}
{% endmacro %}
