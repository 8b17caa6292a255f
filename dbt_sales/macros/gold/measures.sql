{# Measures: what arrived by tick, five minutes of the clock of arrival; and up to which tick they are complete. #}


{# Seconds of a tick. #}
{% macro tick_seconds() -%}
    300
{%- endmacro %}


{# The number of the tick of a moment, and the start of the tick with a number. #}
{% macro tick_of(moment) -%}
    unix_seconds({{ moment }}) div {{ tick_seconds() }}
{%- endmacro %}


{% macro start_of_tick(tick) -%}
    timestamp_seconds(cast({{ tick }} as bigint) * {{ tick_seconds() }})
{%- endmacro %}


{# What the last run has made of the measures, as `made` in gold_state(); empty if they have to be made anew. #}
{% macro measures_made() %}
    {%- set made = gold_state().made -%}
    {{ return(made if 'mesures' in made.get('versions', {}) else {}) }}
{% endmacro %}


{# By Kafka partition, the offsets of the slices that the measures do not hold yet. #}
{% macro bounds_to_measure() %}
    {%- if gold_state().tranche is none -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(query_once_per_run(
        "select kafka_partition, min(from_offset) as from_offset, max(to_offset) as to_offset from "
        ~ silver_table('bilan_ingestion') ~ " where tranche > " ~ measures_made().get('tranche', 0)
        ~ " and tranche <= " ~ gold_state().tranche ~ " group by 1 having min(from_offset) < max(to_offset) order by 1"
    )) }}
{% endmacro %}


{# Whether there is something new to count; otherwise the statement is a short one, which takes Spark half as long. #}
{% macro something_arrived() %}
    {{ return(not execute or model.resource_type == 'unit_test' or bounds_to_measure() | length > 0) }}
{% endmacro %}


{# On a Bronze row: its slice is new to the measures. #}
{% macro to_measure() -%}
    {{ in_slice({'bounds': bounds_to_measure()}) if execute and model.resource_type != 'unit_test' else 'true' }}
{%- endmacro %}


{# On a row of `mesures`: this run writes its day, because events arrived on it, or because it is complete up to a later
   tick of it. #}
{% macro days_of_measures() -%}
    {%- if not execute or not measures_made() -%}
        true
    {%- else -%}
        {%- set days = query_once_per_run(
            "select distinct cast(date as string) as jour from " ~ source('bronze', 'ventes_raw') ~ " where " ~ to_measure()
        ) | map(attribute='jour') | list if bounds_to_measure() else [] -%}
        {%- do days.append(start_as_text(ticks_to_score().last)[:10]) if ticks_to_score() -%}
        {{ is_one_of('date_arrivee', 'date', days | unique | sort | list) }}
    {%- endif -%}
{%- endmacro %}


{# The catalogue had today's prices at that moment.  What arrived before it was changed is not held against it, not even if
   the measures are made anew. #}
{% macro priced_as_now(moment) -%}
    {%- set changed = [] -%}
    {%- if execute and model.resource_type != 'unit_test' and bounds_to_measure() -%}
        {%- for commit in query_once_per_run("describe history " ~ silver_table('produits') ~ " limit 100") -%}
            {%- do changed.append(commit.timestamp | string) if commit.operation.startswith('CREATE OR REPLACE') -%}
        {%- endfor -%}
    {%- endif -%}
    {{ moment ~ " >= timestamp'" ~ changed[0] ~ "'" if changed else 'true' }}
{%- endmacro %}


{# The rows of those days that readers have. #}
{% macro published_measures() -%}
    {{ rows_at(measures_made().get('versions', {}) if execute else {}, "sales gold --rebuild", days_of_measures()) }}
{%- endmacro %}


{# The ticks that this run looks at, as numbers: those that are complete now and were not when the last run looked, but none
   that is more than a day older than the newest.  Empty if there are none. #}
{% macro ticks_to_score() %}
    {%- if not execute or gold_state().tranche is none -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set before = last_complete_tick() -%}
    {%- set last = complete_tick() -%}
    {%- if last is none or last <= (before or 0) -%}
        {{ return({}) }}
    {%- endif -%}
    {{ return({'first': [(before or 0) + 1, last - 287] | max, 'last': last}) }}
{% endmacro %}


{# The last tick of which everything has been published; none if nobody has said it.  `ARRIVED_UNTIL` is the moment up to
   which nothing waits (ingestion/silver/arrivals.py); ten seconds more, because the broker has a clock of its own.  A
   `dbt` typed by hand does not know it, and looks for nothing. #}
{% macro complete_tick() %}
    {%- set until = env_var('ARRIVED_UNTIL', '') -%}
    {%- if not until -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set seconds = modules.datetime.datetime.fromisoformat(until).timestamp() -%}
    {{ return(((seconds - 10) // (tick_seconds() | int)) | int - 1) }}
{% endmacro %}


{# The last tick that the measures that readers have say is complete; none before there are any, or after forty days.  One
   that is still to come was written by a clock that was wrong. #}
{% macro last_complete_tick() %}
    {%- set version = last_publication_of_gold().get('versions', {}).get('mesures') if execute else none -%}
    {%- set mesures = none if version is none
        else load_relation(api.Relation.create(schema=model.schema, identifier='mesures')) -%}
    {%- if mesures is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(query_once_per_run(
        "select max(" ~ tick_of('moment') ~ ") as tick from " ~ mesures ~ " version as of " ~ version
        ~ " where mesure = 'complet' and moment <= current_timestamp() and date_arrivee >= date_sub(current_date(), 40)"
    )[0].tick) }}
{% endmacro %}


{# The tick that the measures of this run say is complete; none if they have it already. #}
{% macro tick_to_note() %}
    {{ return(ticks_to_score().last or (none if measures_made() else last_complete_tick() if execute)) }}
{% endmacro %}


{# The start of the tick with a number, as text. #}
{% macro start_as_text(tick) %}
    {{ return(modules.datetime.datetime.fromtimestamp(
        tick * (tick_seconds() | int), modules.pytz.utc
    ).strftime('%Y-%m-%d %H:%M:%S')) }}
{% endmacro %}
