{# Replaces dbt-spark's seed, which drops the table before it fills it again, in several statements, on every run.

   One atomic statement, and none at all while the file has not changed: the catalogues are read by every slice.  A change
   of the settings beside it (`column_types`, `delimiter`) needs --full-refresh, as everywhere in dbt.  `meta.catalogue`: each
   cell counts as it is written, and a faulty one is refused. #}
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


{# Of a file over 1 MiB dbt's checksum is its path, which says nothing. #}
{% macro is_the_same_file(relation) %}
    {{ return(model.checksum.name != 'path' and model.checksum.checksum in seed_checksum(relation)) }}
{% endmacro %}


{% macro seed_checksum(relation) %}
    {{ return(run_query("show tblproperties " ~ relation ~ " ('sales.seed_checksum')").rows[0][1]) }}
{% endmacro %}


{# The file again, each cell as it is written: dbt takes an empty cell and the text Null, in any case, for no value, and a
   client may be called Null.  A cell that is missing stays none. #}
{% macro seed_as_written(agate_table, types) %}
    {%- if agate_table.column_names | list != types | list -%}
        {%- do exceptions.raise_compiler_error(
            'row 1: must be ' ~ types | join(',') ~ ', got ' ~ tojson(agate_table.column_names | join(','))
        ) -%}
    {%- endif -%}
    {%- for type in agate_table.column_types -%}
        {%- do type.null_values.clear() -%}
    {%- endfor -%}
    {{ return(agate_table.from_csv(
        agate_table.original_abspath, column_types=agate_table.column_types, encoding='utf-8-sig'
    )) }}
{% endmacro %}


{# The first thing that is wrong with the rows, for a dbt typed by hand; our own commands and the DAG's first task say more,
   and sooner (ingestion/catalogue.py).  The header is row 1, the first column is the key. #}
{% macro seed_fault(agate_table, types) %}
    {%- set patterns = {'int': '-?[0-9]{1,10}', 'decimal(12,2)': '[0-9]{1,10}([.][0-9]{1,2})?'} -%}
    {%- set keys = {} -%}
    {%- for row in agate_table.rows -%}
        {%- set place = 'row ' ~ (loop.index + 1) ~ ', column ' -%}
        {%- for name in agate_table.column_names -%}
            {%- set value = row[name] -%}
            {%- if value is none or not value.strip() -%}
                {{ return(place ~ name ~ ': must not be empty') }}
            {%- elif value != value.strip() or not value.isprintable() -%}
                {{ return(place ~ name ~ ': must be plain text, got ' ~ tojson(value)) }}
            {%- elif not modules.re.fullmatch(patterns.get(types[name], '.*'), value) -%}
                {{ return(place ~ name ~ ': must be ' ~ types[name] ~ ', got ' ~ tojson(value)) }}
            {%- endif -%}
        {%- endfor -%}
        {%- if row[0] | int in keys -%}
            {{ return(place ~ agate_table.column_names[0] ~ ': ' ~ row[0] ~ ' stands in an earlier row already') }}
        {%- endif -%}
        {%- do keys.update({row[0] | int: true}) -%}
    {%- endfor -%}
    {{ return(none if keys else 'must have at least one row below the header') }}
{% endmacro %}


{# The file's rows as text, cast by the seed's declared types: no number passes through a float.  A column without one has
   the type that dbt sees in it.  In a statement, Spark would take ${name} for the value of a setting. #}
{% macro seed_select(agate_table, types, names=none) %}
    {%- set names = names or agate_table.column_names -%}
    select
    {%- for name in agate_table.column_names %}
        {%- set type = types.get(name) or adapter.convert_type(agate_table, loop.index0) %}
        cast({{ names[loop.index0] }} as {{ type }}) as {{ names[loop.index0] }}{{ ',' if not loop.last }}
    {%- endfor %}
    from values
    {%- for row in agate_table.rows %}
        (
        {%- for value in row -%}
            {%- if value is none -%}
                null
            {%- else -%}
                '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") | replace("$", "\\u0024") }}'
            {%- endif -%}
            {{ ', ' if not loop.last }}
        {%- endfor -%}
        ){{ ',' if not loop.last }}
    {%- else %}
        ({{ (['null'] * names | length) | join(', ') }})
    {%- endfor %}
    as seed ({{ names | join(', ') }})
    {{ 'where false' if not agate_table.rows }}
{% endmacro %}
