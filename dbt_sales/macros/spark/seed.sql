{# Replaces dbt-spark's seed, which on every run drops the table and then fills it again in several statements.

   This one needs a single atomic statement, and none at all while the file has not changed, because every slice reads
   the catalogues.  A change of the seed's settings (`column_types`, `delimiter`) needs --full-refresh, as everywhere in
   dbt.  With `meta.catalogue` each cell is taken as it is written, and a faulty cell is refused. #}
{% materialization seed, adapter='spark' %}
    {%- set existing = load_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set agate_table, types = load_agate_table(), config.get('column_types') or {} -%}
    {%- set is_catalogue = (config.get('meta') or {}).get('catalogue') -%}
    {%- if is_catalogue -%}
        {%- set agate_table = seed_as_written(agate_table, types) -%}
    {%- endif -%}
    {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and not should_full_refresh() and is_the_same_file(existing) -%}
        {% call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}{%- endcall %}
    {%- else -%}
        {%- set fault = seed_fault(agate_table, types) if is_catalogue -%}
        {%- if fault -%}
            {%- do exceptions.raise_compiler_error(fault) -%}
        {%- endif -%}
        {%- set names = [] -%}
        {%- for name in agate_table.column_names -%}
            {%- do names.append(adapter.quote_seed_column(name, config.get('quote_columns'))) -%}
        {%- endfor -%}
        {% call statement('main') -%}
            {{ 'create' if existing is none else 'create or replace' }} table {{ this }}
            {{ file_format_clause() }}
            tblproperties ('sales.seed_checksum' = '{{ model.checksum.checksum }}')
            {{ partition_cols(label="partitioned by") }}
            {{ location_clause() }}
            {{ comment_clause() }}
            as
            {{ seed_select(agate_table, types, names) }}
        {%- endcall %}
        {%- do persist_docs(target_relation, model) -%}
    {%- endif -%}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke(existing, full_refresh_mode=true)) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# For a file over 1 MiB, dbt's checksum is the file's path, which does not show whether the content has changed. #}
{% macro is_the_same_file(relation) %}
    {{ return(model.checksum.name != 'path' and model.checksum.checksum in seed_checksum(relation)) }}
{% endmacro %}


{% macro seed_checksum(relation) %}
    {{ return(run_query("show tblproperties " ~ relation ~ " ('sales.seed_checksum')").rows[0][1]) }}
{% endmacro %}
