{# Overrides dbt-spark's MERGE for the incremental models, which say in `meta`:

   insert_only: a row whose key is there stays as it is; history is not rewritten, and Delta only appends.
   limite: a macro that gives a condition on the rows of the table that the merge can meet. #}
{% macro spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
    {%- set meta = config.get('meta') -%}
    merge into {{ target }} as target
    using {{ source }} as source
    on
        {{ context[meta.limite]() if 'limite' in meta else 'true' }}
        {%- for column in unique_key %}
        and target.{{ column }} = source.{{ column }}
        {%- endfor %}
    {%- if not meta.get('insert_only') %}
    when matched then update set *
    {%- endif %}
    when not matched then insert *
{% endmacro %}
