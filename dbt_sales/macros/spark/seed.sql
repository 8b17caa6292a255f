{# Replaces dbt-spark's seed, which drops the table before it fills it again, in several statements, on every run.

   One atomic statement, and none at all while the file has not changed: the catalogues are read by every slice. #}
{% materialization seed, adapter='spark' %}
    {%- set checksum = model.checksum.checksum -%}
    {%- set existing = load_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set agate_table = seed_as_written(load_agate_table(), config.get('column_types')) -%}
    {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
    {%- if existing is not none and checksum in seed_checksum(existing) -%}
        {% call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}{%- endcall %}
    {%- else -%}
        {%- set fault = seed_fault(agate_table, config.get('column_types')) -%}
        {%- if fault -%}
            {%- do exceptions.raise_compiler_error(fault) -%}
        {%- endif -%}
        {% call statement('main') -%}
            {{ 'create' if existing is none else 'create or replace' }} table {{ this }}
            {{ file_format_clause() }}
            tblproperties ('sales.seed_checksum' = '{{ checksum }}')
            {{ location_clause() }}
            as
            {{ seed_select(agate_table, config.get('column_types')) }}
        {%- endcall %}
    {%- endif -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


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


{# The file's rows as text, cast by the seed's declared types: no number passes through a float.  In a statement, Spark would
   take ${name} for the value of a setting. #}
{% macro seed_select(agate_table, types) %}
    select
    {%- for name in agate_table.column_names %}
        cast({{ name }} as {{ types[name] }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from values
    {%- for row in agate_table.rows %}
        (
        {%- for value in row -%}
            '{{ value | replace("\\", "\\\\") | replace("'", "\\'") | replace("$", "\\u0024") }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
        ){{ ',' if not loop.last }}
    {%- endfor %}
    as seed ({{ agate_table.column_names | join(', ') }})
{% endmacro %}
