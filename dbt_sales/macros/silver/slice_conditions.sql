{# Conditions on rows, with the answers from slice_state.sql as literals. #}


{# On a Bronze row: its offset is in the slice. #}
{% macro in_slice(current) -%}
    {%- if not current.bounds -%}
        false
    {%- endif -%}
    {%- for bound in current.bounds -%}
        {{ ' or ' if not loop.first }}(
            kafka_partition = {{ bound.kafka_partition }}
            and kafka_offset >= {{ bound.from_offset }}
            and kafka_offset < {{ bound.to_offset }}
        )
    {%- endfor -%}
{%- endmacro %}


{# On a row of a table with `tranche`: this run has made it.  In a rebuild, every row. #}
{% macro of_slice(current) -%}
    {{ 'true' if var('rebuild') else 'tranche = ' ~ (current.tranche or 0) }}
{%- endmacro %}


{# On a Bronze row: no slice has taken it yet.  A partition that no slice knows is taken completely, whatever its
   number, because partitions receive their first events in any order. #}
{% macro after_slice(newest) -%}
    {%- if not newest.ends -%}
        true
    {%- else -%}
        kafka_partition not in ({{ newest.ends | map(attribute='kafka_partition') | join(', ') }})
    {%- endif -%}
    {%- for end in newest.ends %}
        or (kafka_partition = {{ end.kafka_partition }} and kafka_offset >= {{ end.to_offset }})
    {%- endfor -%}
{%- endmacro %}


{# On a sale: it is in one of these hours.  The days and the outer bounds let Delta skip files. #}
{% macro in_hours(hours) -%}
    {%- if not hours -%}
        false
    {%- else -%}
        {{ is_one_of('date_vente', 'date', hours | map('truncate', 10, true, '', 0) | unique | list) }}
        and timestamp >= timestamp '{{ hours | first }}'
        and timestamp < timestamp '{{ hours | last }}' + interval 1 hour
        and {{ is_one_of("date_trunc('hour', timestamp)", 'timestamp', hours) }}
    {%- endif -%}
{%- endmacro %}


{# The rest are scopes: conditions on the rows of a table that the slice can touch.  They are literals, so Delta opens only
   the files that can hold those rows, and the cost depends on the slice, not on the history.  A model names its scope in
   `meta`: as `merge_scope`, a condition on dbt's `DBT_INTERNAL_DEST`, or as `replace_scope`, one on the table itself. #}
{% macro ventes_of_slice() -%}
    {%- set current = current_slice() -%}
    {%- if current.vente_id_min is none -%}
        false
    {%- else -%}
        DBT_INTERNAL_DEST.vente_id between {{ current.vente_id_min }} and {{ current.vente_id_max }}
    {%- endif -%}
{%- endmacro %}


{% macro offsets_of_slice() -%}
    {%- set bounds = current_slice().bounds -%}
    {%- if not bounds -%}
        false
    {%- else -%}
        DBT_INTERNAL_DEST.kafka_offset >= {{ bounds | map(attribute='from_offset') | min }}
        and DBT_INTERNAL_DEST.kafka_offset < {{ bounds | map(attribute='to_offset') | max }}
    {%- endif -%}
{%- endmacro %}


{% macro hours_of_slice() -%}
    {{ is_one_of('heure', 'timestamp', touched_hours()) }}
{%- endmacro %}
