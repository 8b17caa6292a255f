{# Overrides dbt-spark's macro, for two differences.

   It says `create or replace` only where dbt has seen the table: dbt can take a failed listing, or a catalogue that is
   not filled yet, for an empty schema, and would then throw away a table full of history.  A plain `create` is refused
   by Delta where the location holds a log.

   And the contract's checks are part of that one statement: added afterwards, a kill in between would leave the table
   without them for ever. #}
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
        tblproperties (
            {%- for name, value in proprietes_de_la_table().items() %}
            '{{ name }}' = "{{ value }}"{{ ',' if not loop.last }}
            {%- endfor %}
        )
        {{ partition_cols(label="partitioned by") }}
        {{ location_clause() }}
        as
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro %}


{% macro proprietes_de_la_table() %}
    {%- set proprietes = dict(config.get('tblproperties', {})) -%}
    {%- for check in model.constraints if check.type == 'check' -%}
        {%- do proprietes.update({'delta.constraints.' ~ check.name: check.expression}) -%}
    {%- endfor -%}
    {{ return(proprietes) }}
{% endmacro %}


{# they are in place with the table #}
{% macro spark__alter_table_add_constraints(relation, constraints) %}
{% endmacro %}
