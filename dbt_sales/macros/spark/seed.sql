{# Replaces dbt-spark's seed, which drops the table before it fills it again, in several statements, on every run.

   One atomic statement, and none at all while the file has not changed: the catalogues are read by every slice. #}
{% materialization seed, adapter='spark' %}
    {%- set checksum = model.checksum.checksum -%}
    {%- set existing = load_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set agate_table = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}
    {%- if existing is not none and checksum in seed_checksum(existing) -%}
        {% call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}{%- endcall %}
    {%- else -%}
        {% call statement('main') -%}
            {{ 'create' if existing is none else 'create or replace' }} table {{ this }}
            {{ file_format_clause() }}
            tblproperties ('sales.seed_checksum' = '{{ checksum }}')
            {{ location_clause() }}
            as
            {{ seed_select(agate_table) }}
        {%- endcall %}
    {%- endif -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro seed_checksum(relation) %}
    {{ return(run_query("show tblproperties " ~ relation ~ " ('sales.seed_checksum')").rows[0][1]) }}
{% endmacro %}


{# The file's rows as text, cast by the seed's declared types: no number passes through a float. #}
{% macro seed_select(agate_table) %}
    {%- set types = config.get('column_types') -%}
    select
    {%- for name in agate_table.column_names %}
        cast({{ name }} as {{ types[name] }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from values
    {%- for row in agate_table.rows %}
        (
        {%- for value in row -%}
            '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
        ){{ ',' if not loop.last }}
    {%- endfor %}
    as seed ({{ agate_table.column_names | join(', ') }})
{% endmacro %}
