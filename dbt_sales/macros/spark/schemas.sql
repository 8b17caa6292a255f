{# Overrides dbt-spark's macros for a schema of one's own: what a test stores of its failures, a target beside `gateway`. #}

{# In the lake's folder of that name, where the gateway finds its tables when it starts. #}
{% macro spark__create_schema(relation) %}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation }} location '${spark.sales.lake}/{{ relation.schema }}'
    {%- endcall -%}
{% endmacro %}


{# A clone shares the original's files, which VACUUM deletes without asking for it; and one of itself would lose its history. #}
{% macro spark__create_or_replace_clone(this_relation, defer_relation) %}
    {%- do exceptions.raise_compiler_error(
        "dbt clone is not for this lake: upkeep deletes the files that a shallow clone shares; build into a target of "
        ~ "your own instead"
    ) -%}
{% endmacro %}
