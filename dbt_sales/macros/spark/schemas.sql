{# Overrides dbt-spark's macros for additional schemas: for the failures that a test stores, or for a target other than
   `gateway`. #}

{# Creates the schema in the lake's folder of that name, where the gateway finds its tables when it starts. #}
{% macro spark__create_schema(relation) %}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation }} location '${spark.sales.lake}/{{ relation.schema }}'
    {%- endcall -%}
{% endmacro %}


{# Overrides dbt's own: a schema of the project, such as `gold`, has its plain name in the target `gateway`.  In another
   target, and for what tests store, it begins with the target's schema, as in dbt. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name and target.name == 'gateway' and node.resource_type != 'test' -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ default__generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}


{# A clone shares the original's files, which VACUUM deletes without regard to the clone.  A table cloned from itself
   would lose its history. #}
{% macro spark__create_or_replace_clone(this_relation, defer_relation) %}
    {%- do exceptions.raise_compiler_error(
        "dbt clone is not supported here: upkeep deletes the files that a shallow clone shares; build into a target of "
        ~ "your own instead"
    ) -%}
{% endmacro %}
