{# A table that only the run that has written it reads, as plain Parquet: no log, no versions, no statistics.  As a Delta
   table it would cost a slice half a second more, and its first readers as much again.  It is overwritten in several
   steps, so its content is valid only after the run's own write.  A run of single tasks may lose the gateway in between:
   the gateway's start registers what is finished (ingestion/gateway/catalogue_filler.py). #}
{% materialization scratch, adapter='spark' %}
    {%- set existing = load_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none -%}
        {#- its columns may be those of an older version of the model; the files are overwritten below -#}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {% call statement('create') -%}
        create table {{ this }} {{ get_table_columns_and_constraints() }}
        using parquet
        {{ location_clause() }}
        {{ comment_clause() }}
    {%- endcall %}
    {% call statement('main') -%}
        insert overwrite table {{ this }}
        {{ get_assert_columns_equivalent(sql) }}
        {{ get_select_subquery(sql) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}
