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
        {{ tojson(versions, sort_keys=true) }}
    {%- endif -%}
{%- endmacro %}


{# The rows of this model's table that readers see, as a query, to which a slice adds its own.  They are read at the
   published version, so a run that is repeated adds nothing twice.  No rows before the first slice, and in a rebuild. #}
{% macro published_rows(where='true') -%}
    {%- set versions = newest_slice(ref('tranches')).versions if execute and not var('rebuild') else {} -%}
    {%- if versions and this.identifier not in versions -%}
        {%- do exceptions.raise_compiler_error(
            this ~ " has never been published, so there is nothing to add to; run `sales silver rebuild`"
        ) -%}
    {%- elif versions and load_relation(this) is none -%}
        {%- do exceptions.raise_compiler_error(
            "readers see version " ~ versions[this.identifier] ~ " of " ~ this ~ ", but the gateway does not know the "
            ~ "table; start the gateway again, or run `sales silver rebuild` if its files are gone"
        ) -%}
    {%- endif -%}
    {%- if versions -%}
        select {{ model.columns.keys() | join(', ') }}
        from {{ this }} version as of {{ versions[this.identifier] }}
        where {{ where }}
    {%- elif execute -%}
        select
            {%- for column in model.columns.values() %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
    {%- else -%}
        select * from {{ this }}
    {%- endif -%}
{%- endmacro %}


{# The hook of a model: the version of its commit, for the rest of the run. #}
{% macro remember_committed_version() %}
    {%- do answers_of_run().update({'version of ' ~ this.identifier: committed_version()}) if execute -%}
{% endmacro %}


{# The version of the last commit of this session, which costs a tenth of asking a table's history; none without one.  dbt
   opens a session for each node, so the commit is the model's own. #}
{% macro committed_version() %}
    {%- if execute -%}
        {%- set said = run_query("set spark.databricks.delta.lastCommitVersionInSession").rows[0][1] -%}
        {{ return(said | int if said and said.isdigit() else none) }}
    {%- endif -%}
{% endmacro %}


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


{% macro utc_now() -%}
    {{ modules.datetime.datetime.now(modules.pytz.utc).isoformat() if execute }}
{%- endmacro %}
