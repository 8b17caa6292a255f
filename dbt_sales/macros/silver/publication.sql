{# The current version of each table, as a JSON object: the versions that readers of this slice open.  Only a run
   publishes; in other commands the tables need not even exist. #}
{% macro published_versions(relations) -%}
    {%- set versions = {} -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') -%}
        {%- for relation in relations -%}
            {%- set version = answers_of_run().get('version of ' ~ relation.identifier) -%}
            {%- if version is none -%}
                {%- set version = run_query("describe history " ~ relation ~ " limit 1").rows[0][0] -%}
            {%- endif -%}
            {%- do versions.update({relation.identifier: version | int}) -%}
        {%- endfor -%}
        {%- do answers_of_run().update({'versions': versions}) -%}
        {{ versions_as_json(versions) }}
    {%- endif -%}
{%- endmacro %}


{# The rows of this model's table that readers see, as a query, to which a slice adds its own.  They are read at the
   published version, so a run that is repeated adds nothing twice.  No rows before the first slice, and in a rebuild. #}
{% macro published_rows(where='true') -%}
    {%- set versions = newest_slice(ref('tranches')).versions if execute and not var('rebuild') else {} -%}
    {{ rows_at(versions, "sales silver rebuild", where) }}
{%- endmacro %}


{# What the ledger says of earlier slices.  A rebuild keeps it for all slices but the newest, because their versions are
   still valid. #}
{% macro earlier_publications() -%}
    {%- if execute and var('rebuild') and load_relation(this) -%}
        select tranche, max(versions) as versions, max(closed_at) as closed_at
        from {{ this }}
        where tranche < (select max(tranche) from {{ ref('tranches') }})
        group by tranche
    {%- else -%}
        select cast(null as int) as tranche, cast(null as string) as versions, cast(null as timestamp) as closed_at
        where false
    {%- endif -%}
{%- endmacro %}
