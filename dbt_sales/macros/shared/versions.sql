{# Versions of tables: those that readers open, and those that this run commits. #}


{# The rows of this model's table at its version among `versions`; none if there are no versions.  `remedy` is the command
   that makes the table again. #}
{% macro rows_at(versions, remedy, where) -%}
    {%- if versions and this.identifier not in versions -%}
        {%- do exceptions.raise_compiler_error(
            this ~ " has never been published, so there is nothing to add to; run `" ~ remedy ~ "`"
        ) -%}
    {%- elif versions and load_relation(this) is none -%}
        {%- do exceptions.raise_compiler_error(
            "readers see version " ~ versions[this.identifier] ~ " of " ~ this ~ ", but the gateway does not know the "
            ~ "table; start the gateway again, or run `" ~ remedy ~ "` if its files are gone"
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


{% macro versions_as_json(versions) -%}
    {{ tojson(versions, sort_keys=true) if execute }}
{%- endmacro %}
