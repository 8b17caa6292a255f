{# Before a slice is cut, the published incremental tables are restored to what readers see, if a run has left them in
   another state.  A slice that is still open was begun by a run that failed or was killed, perhaps under other rules;
   an unfinished rebuild has left new tables beside old ones.  Neither was published. #}
{% macro restore_published() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') -%}
        {%- set ledger = load_relation(this.incorporate(path={'identifier': 'bilan_ingestion'})) -%}
        {%- if ledger and load_relation(this) is none -%}
            {%- do exceptions.raise_compiler_error(
                "the ledger has slices, but the gateway does not know " ~ this ~ "; start the gateway again: it registers "
                ~ "the tables of the lake"
            ) -%}
        {%- endif -%}
        {%- if var('rebuild') -%}
            {#- the property disappears when the rebuild replaces its last table, the ledger itself #}
            {%- do run_query(
                "alter table " ~ ledger ~ " set tblproperties ('" ~ rebuild_property() ~ "' = 'begun')"
            ) if ledger -%}
        {%- else -%}
            {%- set newest = newest_slice() -%}
            {%- do log("slice " ~ newest.tranche ~ " is the newest, as the last run remembered", info=true)
                if remembered_slice(this) -%}
            {#- the property is a commit of the ledger, so what was remembered would no longer be true -#}
            {%- set rebuild_begun = ledger and not remembered_slice(this) and 'begun' in run_query(
                "show tblproperties " ~ ledger ~ " ('" ~ rebuild_property() ~ "')"
            ).rows[0][1] -%}
            {%- if rebuild_begun or not newest.is_closed -%}
                {%- do restore_tables(newest) -%}
            {%- endif -%}
            {%- if rebuild_begun -%}
                {%- do run_query("alter table " ~ ledger ~ " unset tblproperties ('" ~ rebuild_property() ~ "')") -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# The ledger's property that marks a rebuild in progress. #}
{% macro rebuild_property() -%}
    sales.rebuild
{%- endmacro %}


{% macro restore_tables(newest) %}
    {%- if not newest.versions and newest.tranche > 1 -%}
        {%- do exceptions.raise_compiler_error(
            "slices before " ~ newest.tranche ~ " are closed, but the gateway does not know their ledger; start the "
            ~ "gateway again: it registers the tables of the lake"
        ) -%}
    {%- endif -%}
    {%- for identifier in restored_tables() -%}
        {%- set relation = load_relation(this.incorporate(path={'identifier': identifier})) -%}
        {%- if relation and newest.versions -%}
            {%- do run_query("restore table " ~ relation ~ " to version as of " ~ newest.versions[identifier]) -%}
        {%- elif relation -%}
            {%- do run_query("delete from " ~ relation) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro restored_tables() %}
    {{ return(['ventes_clean', 'ventes_rejetees', 'cube_horaire']) }}
{% endmacro %}


{# Whether this run has restored this model's table before it cut the slice: the table then holds none of its rows.
   `dbt retry` does not say what it has selected, and restores nothing if `tranches` has succeeded before. #}
{% macro is_restored() %}
    {{ return(
        this.identifier in restored_tables() and flags.WHICH in ('run', 'build')
        and 'model.' ~ project_name ~ '.tranches' in selected_resources
    ) }}
{% endmacro %}
