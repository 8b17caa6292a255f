{# Overrides dbt-spark's macro, for one difference: it says `create or replace` only where dbt has seen the table.

   dbt can take a failed listing, or a catalogue that is not filled yet, for an empty schema; `create or replace` would
   then throw away a table full of history.  A plain `create` is refused by Delta where the location holds a log. #}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary -%}
        {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
        {%- if load_relation(relation) is none -%}
            create table {{ relation }}
        {%- else -%}
            create or replace table {{ relation }}
        {%- endif -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
            {%- set compiled_code = get_select_subquery(compiled_code) -%}
        {%- endif %}
        {{ file_format_clause() }}
        {{ tblproperties_clause() }}
        {{ partition_cols(label="partitioned by") }}
        {{ location_clause() }}
        as
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro %}
