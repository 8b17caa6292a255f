{# Queries and expressions for the models of Gold. #}


{# A table of Silver as the readers of the pinned slice see it. #}
{% macro pinned(relation) -%}
    {%- set version = gold_state().versions.get(relation.identifier) -%}
    {{ relation }}
    {%- if execute and model.resource_type != 'unit_test' and version is not none %} version as of {{ version }}{% endif -%}
{%- endmacro %}


{# The sales that the last run of Gold has not seen; all of them if its marts cannot be added to. #}
{% macro new_sales(ventes_clean) -%}
    select
        vente_id, client_id, timestamp, kafka_timestamp, quantite, montant, client_nom, produit_nom, pays, segment
    from {{ pinned(ventes_clean) }}
    where tranche > {{ gold_state().made.get('tranche', 0) }}
{%- endmacro %}


{# The rows of this mart that readers see, to which a run adds. #}
{% macro published_mart(where='true') -%}
    {{ rows_at(gold_state().made.get('versions', {}), "sales gold --rebuild", where) }}
{%- endmacro %}


{# The rows of a table for a run that has nothing to add to it. #}
{% macro no_rows() -%}
    {{ rows_at({}, "sales gold", 'false') }}
{%- endmacro %}


{# The day of a moment in the reporting time zone. #}
{% macro day_of(moment) -%}
    to_date({{ local_time(moment) }})
{%- endmacro %}


{# A moment as the clocks of the reporting time zone show it. #}
{% macro local_time(moment) -%}
    from_utc_timestamp({{ moment }}, '{{ gold_state().fuseau }}')
{%- endmacro %}


{# The last day with a sale, as an expression. #}
{% macro reference_date() -%}
    cast({{ "'" ~ reference_day() ~ "'" if reference_day() else 'null' }} as date)
{%- endmacro %}


{# On a row of `ventes_journalieres`: this run writes its day. #}
{% macro days_of_run() -%}
    {{ 'true' if touched_days() is none else is_one_of('jour', 'date', touched_days()) }}
{%- endmacro %}


{# On a row of `ventes_journalieres`: this run needs its day, to write it or to compare with it a week later. #}
{% macro days_to_read() -%}
    {{ 'true' if touched_days() is none else is_one_of('jour', 'date', needed_days()) }}
{%- endmacro %}


{# `amount` by `count`, rounded half up to cents; null by nothing.  In whole numbers, so that every engine computes the
   same cent. #}
{% macro average_amount(amount, count) -%}
    cast(
        cast((cast({{ amount }} * 200 as decimal(38, 0)) + {{ count }}) div nullif(2 * {{ count }}, 0) as decimal(20, 0))
        / 100 as decimal(18, 2)
    )
{%- endmacro %}


{# The share of `part` in `whole`, rounded half up to six digits; null of nothing.  In whole numbers, as above. #}
{% macro share(part, whole) -%}
    cast(
        cast(
            (cast({{ part }} * 200000000 as decimal(38, 0)) + cast({{ whole }} * 100 as decimal(38, 0)))
            div nullif(cast({{ whole }} * 200 as decimal(38, 0)), 0) as decimal(20, 0)
        ) / 1000000 as decimal(9, 6)
    )
{%- endmacro %}


{# The hours of the eight weeks before the last day with a sale, from which a season is learned: the first whole hour, and
   the moment at which that day starts. #}
{% macro season_start() -%}
    date_trunc(
        'hour',
        to_utc_timestamp(cast(date_sub({{ reference_date() }}, 56) as timestamp), '{{ gold_state().fuseau }}')
        + interval 1 hour - interval 1 microsecond
    )
{%- endmacro %}


{% macro season_end() -%}
    to_utc_timestamp(cast({{ reference_date() }} as timestamp), '{{ gold_state().fuseau }}')
{%- endmacro %}


{# The fifth of all rows in which a value lies, from 1 to 5, if `direction` puts the best last.  Equal rows share the middle
   of their places: among a hundred clients with one sale each, nobody is better than another. #}
{% macro fifth(value, direction='asc') -%}
    cast(
        1 + 5 * (2 * (rank() over (order by {{ value }} {{ direction }}) - 1) + count(*) over (partition by {{ value }}))
        div (2 * count(*) over ()) as int
    )
{%- endmacro %}
