{# Overrides dbt-spark's MERGE for the incremental models, which say in `meta`:

   insert_only: a row whose key is there stays as it is; history is not rewritten, and Delta only appends.
   bounded_by: a key column.  Its lowest and highest value in the source enter the condition as literals, so that
       Delta opens only the files that can hold those keys: cost follows the slice, not the history. #}
{% macro spark__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
    {%- set meta = config.get('meta') -%}
    {%- set bounded_by = meta.get('bounded_by') -%}
    {%- set bounds = merge_bounds(source, bounded_by) if bounded_by else 'true' -%}
    {%- if bounds is none -%}
        select 'nothing to merge'
    {%- else -%}
        merge into {{ target }} as target
        using {{ source }} as source
        on
            {{ bounds }}
            {%- for column in unique_key %}
            and target.{{ column }} = source.{{ column }}
            {%- endfor %}
        {%- if not meta.get('insert_only') %}
        when matched then update set *
        {%- endif %}
        when not matched then insert *
    {%- endif -%}
{% endmacro %}


{# The column lies between its lowest and its highest value in the source; none when the source has no rows. #}
{% macro merge_bounds(source, column) %}
    {%- set row = run_query(
        "select min(" ~ column ~ "), max(" ~ column ~ "), typeof(min(" ~ column ~ ")) from " ~ source
    ).rows[0] -%}
    {%- if row[0] is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(
        "target." ~ column ~ " between cast('" ~ row[0] ~ "' as " ~ row[2] ~ ") and cast('" ~ row[1] ~ "' as "
        ~ row[2] ~ ")"
    ) }}
{% endmacro %}
