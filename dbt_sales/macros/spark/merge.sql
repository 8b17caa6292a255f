{# Overrides dbt-spark's MERGE for the incremental models with one of these in `meta`:

   insert_only: a row whose key already exists stays as it is, so history is not rewritten.  A run that has restored the
       table appends, because none of the slice's rows can be there; one task of the DAG, or a `dbt` typed by hand,
       merges.
   merge_scope: a macro that returns a condition on the rows of the table that the merge can match.
   replace_scope: a macro that returns a condition; the rows of the table for which it holds are replaced.

   All other models use dbt's own, which first asks for the table's columns. #}
{% macro spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
    {%- set meta = config.get('meta') or {} -%}
    {%- if meta.replace_scope -%}
        insert into {{ target }} by name
        replace where {{ context[meta.replace_scope]() }}
        select * from {{ source }}
    {%- elif meta.insert_only and is_restored() -%}
        insert into {{ target }} by name
        select * from {{ source }}
    {%- elif not meta.insert_only and not meta.merge_scope -%}
        {{ dbt.spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) }}
    {%- else -%}
        {%- set keys = [unique_key] if unique_key is string else unique_key or [] -%}
        {%- set conditions = [context[meta.merge_scope]()] if 'merge_scope' in meta else [] -%}
        {%- do conditions.extend(incremental_predicates or []) -%}
        {%- for key in keys -%}
            {%- do conditions.append('DBT_INTERNAL_DEST.' ~ key ~ ' = DBT_INTERNAL_SOURCE.' ~ key) -%}
        {%- else -%}
            {%- do conditions.append('false') -%}
        {%- endfor -%}
        merge into {{ target }} as DBT_INTERNAL_DEST
        using {{ source }} as DBT_INTERNAL_SOURCE
        on
            {{ conditions | join(' and ') }}
        {%- if not meta.get('insert_only') %}
        when matched then update set *
        {%- endif %}
        when not matched then insert *
    {%- endif -%}
{% endmacro %}
