{# Overrides dbt-spark's macro, with two differences.

   It uses `create or replace` only if dbt has seen the table.  dbt can mistake a failed listing, or a catalogue that is
   not filled yet, for an empty schema, and would then replace a table full of history.  Delta refuses a plain `create`
   where the location holds a log.  The failures that a test stores have no history.

   The contract's checks are part of the same statement.  If they were added afterwards, a kill in between would leave
   the table without them permanently. #}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- set is_test = model.resource_type == 'test' -%}
    {%- if temporary -%}
        {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
        {%- if not is_test and load_relation(relation) is none -%}
            create table {{ relation }}
        {%- else -%}
            create or replace table {{ relation }}
        {%- endif -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
            {%- set compiled_code = get_select_subquery(compiled_code) -%}
        {%- endif %}
        {{ 'using delta' if is_test else file_format_clause() }}
        {{ options_clause() }}
        {{ tblproperties_clause() }}
        {{ partition_cols(label="partitioned by") }}
        {{ clustered_cols(label="clustered by") }}
        {{ location_clause() }}
        {{ comment_clause() }}
        as
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro %}


{% macro spark__tblproperties_clause() %}
    {%- set properties = dict(config.get('tblproperties') or {}) -%}
    {%- do properties.update(constraint_properties()) if config.get('contract').enforced -%}
    {%- if properties -%}
        tblproperties (
            {%- for name, value in properties.items() %}
            '{{ name }}' = '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    {%- endif -%}
{% endmacro %}


{# A contract's constraints as Delta's: `check` and `not_null`, of the model and of its columns.  For other constraints
   dbt warns, as it does wherever they are not enforced. #}
{% macro constraint_properties() %}
    {%- set declared = [] -%}
    {%- for constraint in model.constraints or [] -%}
        {%- do declared.append([constraint, constraint.columns or []]) -%}
    {%- endfor -%}
    {%- for column in (model.columns or {}).values() -%}
        {%- for constraint in column.constraints or [] -%}
            {%- do declared.append([constraint, [column.name]]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set properties = {} -%}
    {%- for constraint, columns in declared -%}
        {%- if constraint.type == 'check' -%}
            {%- set name = constraint.name or 'check_' ~ local_md5(constraint.expression) -%}
            {%- do properties.update({'delta.constraints.' ~ name: constraint.expression}) -%}
        {%- elif constraint.type == 'not_null' -%}
            {%- for column in columns -%}
                {%- do properties.update({
                    'delta.constraints.' ~ column ~ '_not_null': adapter.quote(column) ~ ' is not null'
                }) -%}
            {%- endfor -%}
        {%- else -%}
            {%- do exceptions.warn(
                "Delta does not enforce the constraint " ~ constraint.type ~ " of " ~ model.name
                ~ "; state it as a data test, too"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(properties) }}
{% endmacro %}


{# the constraints are created with the table #}
{% macro spark__persist_constraints(relation, model) %}
{% endmacro %}
