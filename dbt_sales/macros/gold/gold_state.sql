{# What a run of Gold stands on.  It asks once, while it holds the lock under which slices close, so all marts of a run
   are made from the same slice. #}


{# The published slice that the marts are made from, and what the last run has made of earlier ones:

   publication: the number of this run's publication
   tranche, versions: the newest closed slice and the tables that readers of it open; none and empty before the first
   origin: the identity of `ventes_clean`; another one after a rebuild of Silver
   fuseau: the time zone that decides what a day is
   made: the newest row of `bilan_gold` as a dict, empty if its marts cannot be added to, because the time zone or the
       origin has changed, or because this run is a rebuild #}
{% macro gold_state() %}
    {#- by name: only a model that reads a table has it in its lineage -#}
    {%- set ledger = silver_table('bilan_ingestion') if execute else none -%}
    {%- if not ledger or load_relation(ledger) is none -%}
        {{ return({'publication': 1, 'tranche': none, 'versions': {}, 'origin': none, 'fuseau': 'UTC', 'made': {}}) }}
    {%- endif -%}
    {%- set newest = query_once_per_run(
        "select max(tranche) as tranche, max_by(versions, tranche) as versions from " ~ ledger
    )[0] -%}
    {%- set made = last_publication_of_gold() -%}
    {#- a `dbt test` by itself judges the marts by what they were made from -#}
    {%- set seen = made.versions_silver if flags.WHICH == 'test' and made else newest.versions -%}
    {%- set fuseau = fuseau_rapport(made) -%}
    {%- set origin = identity_of(silver_table('ventes_clean')) -%}
    {#- what was published before the first sale has no last day to go on from -#}
    {%- set can_add = made and made.jour_reference and made.fuseau == fuseau and made.origine == origin -%}
    {{ return({
        'publication': (made.publication or 0) + 1,
        'tranche': newest.tranche,
        'versions': fromjson(seen) if seen else {},
        'origin': origin,
        'fuseau': fuseau,
        'made': made if can_add and not var('rebuild_gold') else {},
    }) }}
{% endmacro %}


{# The newest row of `bilan_gold` as a dict, with `versions` as a dict; empty before the first. #}
{% macro last_publication_of_gold() %}
    {%- set ledger = load_relation(api.Relation.create(schema=model.schema, identifier='bilan_gold')) -%}
    {%- if ledger is none -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set rows = query_once_per_run("select * from " ~ ledger ~ " order by publication desc limit 1") -%}
    {{ return(dict(rows[0], versions=fromjson(rows[0].versions)) if rows else {}) }}
{% endmacro %}


{# FUSEAU_RAPPORT; a `dbt` typed by hand that does not set it continues with the zone of the last run. #}
{% macro fuseau_rapport(made) %}
    {{ return(env_var('FUSEAU_RAPPORT', '') or made.get('fuseau') or 'UTC') }}
{% endmacro %}


{% macro silver_table(name) %}
    {{ return(api.Relation.create(schema=target.schema, identifier=name)) }}
{% endmacro %}


{# The id of a Delta table, which it keeps until it is created again. #}
{% macro identity_of(relation) %}
    {%- set question = "describe detail " ~ relation -%}
    {{ return(query_once_per_run(question)[0].id if load_relation(relation) else none) }}
{% endmacro %}


{# The days that a run of Gold writes in `ventes_journalieres`, as literals in order: those of the new sales, the same days
   a week later, which are compared with them, and those that have passed since the last run.  None means every day. #}
{% macro touched_days() %}
    {%- set made = gold_state().made -%}
    {%- if not made -%}
        {{ return(none) }}
    {%- else -%}
        {%- set day = modules.datetime.date.fromisoformat -%}
        {%- set last = reference_day() -%}
        {%- set days = new_days() + (days_later(new_days(), 7) | select('le', last) | list) -%}
        {%- for passed in range((day(last) - day(made.jour_reference | string)).days) -%}
            {%- do days.extend(days_later([last], -passed)) -%}
        {%- endfor -%}
        {{ return(days | unique | sort | list) }}
    {%- endif -%}
{% endmacro %}


{# Those days, and the same days a week earlier, with which they are compared. #}
{% macro needed_days() %}
    {%- if execute and touched_days() is not none -%}
        {{ return((touched_days() + days_later(touched_days(), -7)) | unique | sort | list) }}
    {%- else -%}
        {{ return([]) }}
    {%- endif -%}
{% endmacro %}


{# The days that are so many days after these, as literals. #}
{% macro days_later(days, number) %}
    {%- set later = [] -%}
    {%- for each in days -%}
        {%- do later.append(
            (modules.datetime.date.fromisoformat(each) + modules.datetime.timedelta(days=number)) | string
        ) -%}
    {%- endfor -%}
    {{ return(later) }}
{% endmacro %}


{# The days of the sales that are new since the last run, as literals in order. #}
{% macro new_days() %}
    {{ return(days_of_new_sales() | map(attribute='jour') | list) }}
{% endmacro %}


{# The last day with a sale: Gold looks back from it, not from the clock, so the same sales give the same figures.  A sale
   that is dated after its arrival, by a clock that is ahead, counts on the day of its arrival.  None without a sale. #}
{% macro reference_day() %}
    {%- set made = gold_state().made -%}
    {%- set days = days_of_new_sales() | map(attribute='arrived') | list -%}
    {%- set days = days + ([made.jour_reference | string] if made else []) -%}
    {{ return(days | max if days else none) }}
{% endmacro %}


{# By day of the new sales, the last day on which one of them had both happened and arrived; as literals. #}
{% macro days_of_new_sales() %}
    {%- if gold_state().tranche is none -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(query_once_per_run(
        "select cast(" ~ day_of('timestamp') ~ " as string) as jour, cast(max("
        ~ day_of('least(timestamp, kafka_timestamp)') ~ ") as string) as arrived from ("
        ~ new_sales(silver_table('ventes_clean')) ~ ") group by 1 order by 1"
    )) }}
{% endmacro %}
