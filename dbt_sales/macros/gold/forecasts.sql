{# Forecasts: what the models of `models/gold/forecasts` share.  docs/forecasts.md derives the method.

   A forecast starts at an origin, the start of a day in the reporting time zone, and knows what was sold before it.
   Every sum is over whole numbers and every double is rounded to one at once, so that the order of rows and the engine
   do not matter. #}


{# The days from which this run forecasts, as literals: the last day with a sale, and, so that the intervals have errors to
   learn from, the six weeks before it; without those from which was forecast already, and those with less than two weeks
   of history.  That a day was the last one before does not mean that it was forecast from: the history may have come
   since. #}
{% macro origins_of_run() %}
    {%- set last = reference_day() -%}
    {%- if not execute or last is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set first = days_later([first_day()], 14)[0] -%}
    {%- set origins = [] -%}
    {%- for back in range(41, -1, -1) -%}
        {%- set origin = days_later([last], -back)[0] -%}
        {%- do origins.append(origin) if origin >= first and origin not in said_origins() -%}
    {%- endfor -%}
    {{ return(origins) }}
{% endmacro %}


{# The days from which readers have forecasts already, in this time zone. #}
{% macro said_origins() %}
    {%- set version = last_publication_of_gold().get('versions', {}).get('previsions_horaires') -%}
    {%- set said = load_relation(api.Relation.create(schema=model.schema, identifier='previsions_horaires')) -%}
    {%- if version is none or said is none -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(query_once_per_run(
        "select distinct cast(emission as string) as emission from " ~ said ~ " version as of " ~ version
        ~ " where fuseau = '" ~ gold_state().fuseau ~ "'"
    ) | map(attribute='emission') | list) }}
{% endmacro %}


{# The day of the first sale of all, as a literal. #}
{% macro first_day() %}
    {{ return(query_once_per_run(
        "select cast(" ~ day_of('min(heure)') ~ " as string) as jour from " ~ pinned(silver_table('cube_horaire'))
    )[0].jour) }}
{% endmacro %}


{# The rows of a table of forecasts that this run writes: all of a table that readers do not know yet, since an earlier run
   may have left some. #}
{% macro origins_to_write() -%}
    {%- set origins = origins_of_run() -%}
    {{ 'true' if execute and this.identifier not in last_publication_of_gold().get('versions', {}) else is_one_of('emission', 'date', origins) ~ " and fuseau = '" ~ gold_state().fuseau ~ "'" if origins else 'false' }}
{%- endmacro %}


{# Of `previsions_calculees`: all rows if this run writes some, none otherwise. #}
{% macro all_if_due() -%}
    {{ 'true' if origins_of_run() else 'false' }}
{%- endmacro %}


{# The moment at which the whole hours of a local day begin. #}
{% macro first_hour_of(day) -%}
    date_trunc(
        'hour',
        to_utc_timestamp(cast({{ day }} as timestamp), '{{ gold_state().fuseau }}')
        + interval 1 hour - interval 1 microsecond
    )
{%- endmacro %}


{# The sales of the cube by hour and series since a day: what was measured, of the total, each product and each country.
   Amounts in cents. #}
{% macro hourly_series(cube_horaire, since) -%}
    select
        heure,
        dimension,
        cle,
        stack(2, 'nombre_ventes', nombre_ventes, 'total_montant', cents) as (mesure, valeur)
    from (
        select
            heure,
            case
                when grouping(produit_nom) = 0 then 'produit'
                when grouping(pays) = 0 then 'pays'
                else 'total'
            end as dimension,
            case
                when grouping(produit_nom) = 0 then produit_nom
                when grouping(pays) = 0 then pays
                else 'total'
            end as cle,
            sum(nombre_ventes) as nombre_ventes,
            cast(sum(total_montant) * 100 as bigint) as cents
        from {{ pinned(cube_horaire) }}
        where heure >= {{ first_hour_of(since) }}
        group by grouping sets ((heure), (heure, produit_nom), (heure, pays))
    )
{%- endmacro %}


{# Forecasts by hour, of the number of days after each origin: `emission, mesure, dimension, cle, heure, jour_local,
   unites`; units are ten-thousandths of a sale, or of a euro.  One pass, without a join of a step with an earlier one,
   which Spark would compute again. #}
{% macro hourly_forecasts(cube_horaire, origins, days) -%}
    {%- set first, last = "date'" ~ origins[0] ~ "'", "date'" ~ origins[-1] ~ "'" -%}
    with

    hours as (

        select
            heure,
            to_date({{ local_time('heure') }}) as jour_local,
            weekday({{ local_time('heure') }}) + 1 as jour,
            hour({{ local_time('heure') }}) as h
        from (
            select
                explode(sequence(
                    {{ first_hour_of('date_sub(' ~ first ~ ', 56)') }},
                    {{ first_hour_of('date_add(' ~ last ~ ', ' ~ days ~ ')') }} - interval 1 hour,
                    interval 1 hour
                )) as heure
        )

    ),

    sold as (

        {{ hourly_series(cube_horaire, 'date_sub(' ~ first ~ ', 56)') | indent(8) }}

    ),

    sold_days as (

        select
            hours.jour_local,
            coalesce(sum(sold.valeur), 0) as ventes
        from hours
        left join sold
            on
                hours.heure = sold.heure
                and sold.mesure = 'nombre_ventes'
                and sold.dimension = 'total'
        group by hours.jour_local

    ),

    {# the days that an origin looks back on: at most eight whole weeks #}
    days as (

        select
            origins.emission,
            sold_days.jour_local,
            sold_days.ventes,
            datediff(origins.emission, sold_days.jour_local) - 1 as age
        from (select explode(array(date'{{ origins | join("', date'") }}')) as emission) as origins
        inner join sold_days
            on
                sold_days.jour_local < origins.emission
                and datediff(origins.emission, sold_days.jour_local)
                <= 7 * least(8, datediff(origins.emission, date'{{ first_day() }}') div 7)

    ),

    {# beside the same day of the two weeks before and after #}
    compared_days as (

        select
            emission,
            jour_local,
            ventes,
            age,
            array_sort(array_compact(array(
                lag(ventes, 14) over (partition by emission order by age),
                lag(ventes, 7) over (partition by emission order by age),
                ventes,
                lead(ventes, 7) over (partition by emission order by age),
                lead(ventes, 14) over (partition by emission order by age)
            ))) as others
        from days

    ),

    {# a holiday, an outage, a promotion is left out, because nothing says that it returns: a day of more than 14/10 of the
       median, or less than 10/14 #}
    judged_days as (

        select
            *,
            if(
                (20 * ventes <= 14 * twice_median and 28 * ventes >= 10 * twice_median)
                {# what chance does to small numbers: within three times the root of the median and one #}
                or power(2 * ventes - twice_median, 2) <= 18 * twice_median + 36,
                1, 0
            ) as garde,
            {# the level forgets half in four days #}
            if(
                age < 28,
                element_at(
                    array(
                        3200, 2691, 2263, 1903, 1600, 1345, 1131, 951, 800, 673, 566, 476, 400, 336, 283, 238,
                        200, 168, 141, 119, 100, 84, 71, 59, 50, 42, 35, 30
                    ),
                    least(age, 27) + 1
                ),
                0
            ) as poids_du_jour
        from (
            select
                *,
                others[(size(others) - 1) div 2] + others[size(others) div 2] as twice_median
            from compared_days
        )

    ),

    runs as (

        select
            *,
            sum(1 - garde) over (partition by emission order by age rows between 2 preceding and current row) as suite
        from judged_days

    ),

    {# three such days in a row are a new level, unless nothing was sold on them #}
    weighted_days as (

        select
            emission,
            jour_local,
            age,
            garde,
            if(
                garde = 1 or (
                    ventes > 0
                    and max(suite)
                        over (partition by emission order by age rows between current row and 2 following)
                    = 3
                ),
                poids_du_jour, 0
            ) as poids_du_jour
        from runs

    ),

    {# every hour of every series; before its first sale, a series is not zero but unknown #}
    window_hours as (

        select
            weighted_days.emission,
            keys.mesure,
            keys.dimension,
            keys.cle,
            weighted_days.age,
            weighted_days.garde,
            weighted_days.poids_du_jour,
            hours.jour,
            hours.h,
            {# a decimal, because weighted sums may not fit a bigint #}
            cast(coalesce(sold.valeur, 0) as decimal(20, 0)) as valeur,
            max(if(sold.heure is null, null, weighted_days.age))
                over (partition by weighted_days.emission, keys.mesure, keys.dimension, keys.cle)
            as first_age
        from weighted_days
        inner join hours on weighted_days.jour_local = hours.jour_local
        cross join (select distinct mesure, dimension, cle from sold) as keys
        left join sold
            on
                hours.heure = sold.heure
                and keys.mesure = sold.mesure
                and keys.dimension = sold.dimension
                and keys.cle = sold.cle

    ),

    {# a profile is learned from whole weeks of the series; the level also from its first days #}
    summed as (

        select
            emission,
            mesure,
            dimension,
            cle,
            jour,
            h,
            max((first_age + 1) div 7) as semaines,
            sum(if(age < 7 * greatest((first_age + 1) div 7, 1), garde, 0)) as n,
            sum(if(age < 7 * ((first_age + 1) div 7), garde * valeur, 0)) as somme,
            sum(if(age <= first_age, poids_du_jour, 0)) as poids_des_jours,
            sum(poids_du_jour * valeur) as somme_ponderee
        from window_hours
        where first_age is not null
        group by emission, mesure, dimension, cle, jour, h

    ),

    {# means in millionths #}
    cells as (

        select
            *,
            cast(coalesce({{ whole('1e6 * somme / nullif(n, 0)') }}, 0) as decimal(20, 0)) as moyenne
        from summed

    ),

    totals as (

        select
            *,
            sum(moyenne) over (partition by emission, mesure, dimension, cle, jour) as du_jour,
            sum(n) over (partition by emission, mesure, dimension, cle, jour) / 24e0 as semaines_du_jour,
            sum(moyenne) over (partition by emission, mesure, dimension, cle) as de_la_semaine,
            sum(least(n, 1)) over (partition by emission, mesure, dimension, cle) / 24e0 as jours_connus,
            sum(moyenne) over (partition by emission, mesure, dimension, cle, jour >= 6, h) as de_la_classe_h,
            sum(moyenne) over (partition by emission, mesure, dimension, cle, jour >= 6) as de_la_classe,
            {# the sales behind the profile; a series younger than two weeks has none of its own #}
            if(
                semaines >= 2,
                sum(if(mesure = 'nombre_ventes', somme, 0)) over (partition by emission, dimension, cle),
                0
            ) as ventes
        from cells

    ),

    {# the weight of the weekday times the share of the hour, in billionths; a share leans on that of all working days, or
       weekends #}
    own_profiles as (

        select
            *,
            cast(round(
                1e9
                * (
                    semaines_du_jour * coalesce(du_jour * jours_connus / nullif(cast(de_la_semaine as double), 0e0), 0e0)
                    + 0.02e0
                )
                / (semaines_du_jour + 0.02e0)
                * (
                    if(du_jour > 0, n * moyenne / cast(du_jour as double), 0e0)
                    + 16e0 * coalesce(de_la_classe_h / nullif(cast(de_la_classe as double), 0e0), 0e0)
                )
                / (if(du_jour > 0, n, 0) + 16e0)
            ) as bigint) as propre,
            if(mesure = 'nombre_ventes', 2000e0, 12000e0) as appui
        from totals

    ),

    {# a series of few sales leans on the profile of all sales #}
    profiles as (

        select
            *,
            cast(round((cast(ventes as double) * propre + appui * de_tout) / (ventes + appui)) as bigint) as poids
        from (
            select
                *,
                max(if(mesure = 'nombre_ventes' and dimension = 'total', propre, null))
                    over (partition by emission, jour, h)
                as de_tout
            from own_profiles
        )

    ),

    levels as (

        select
            *,
            sum(somme_ponderee) over (partition by emission, mesure, dimension, cle)
            / nullif(
                cast(sum(poids_des_jours * poids) over (partition by emission, mesure, dimension, cle) as double), 0e0
            ) as niveau
        from profiles

    )

    select
        levels.emission,
        levels.mesure,
        levels.dimension,
        levels.cle,
        hours.heure,
        hours.jour_local,
        {{ whole("if(levels.mesure = 'nombre_ventes', 1e4, 1e2) * (levels.niveau * levels.poids)", most='1e16') }} as unites
    from levels
    inner join hours
        on
            levels.jour = hours.jour
            and levels.h = hours.h
            and hours.jour_local >= levels.emission
            and hours.jour_local < date_add(levels.emission, {{ days }})
    where levels.niveau is not null
{%- endmacro %}


{# The interval that a share of the errors stayed in, around the forecasts of this run: of `origins`, given `past`
   (`emission, mesure, dimension, cle, cible, fin, prevision`; the target ends at the start of day `fin`) and `actual`
   (`mesure, dimension, cle, cible, unites`), both of them relations of this query.

   An error is measured by the forecast to the power of 3/4, which fits small and large hours alike; two square roots,
   because engines compute them alike.  A quantile is an error that occurred, or none where there were too few.
   `lookback`: the days of past origins; `caution`: counts so many errors more, since neighbours err together. #}
{% macro error_quantiles(origins, lookback, caution) -%}
    select
        emission,
        mesure,
        dimension,
        cle,
        max(n) as nombre_erreurs,
        max(if(place = ((n + {{ caution }}) * 80 + 99) div 100, note, null)) / 1e6 as q80,
        max(if(place = ((n + {{ caution }}) * 95 + 99) div 100, note, null)) / 1e6 as q95
    from (
        select
            *,
            row_number() over (partition by emission, mesure, dimension, cle order by note) as place,
            count(*) over (partition by emission, mesure, dimension, cle) as n
        from (
            select
                origins.emission,
                errors.mesure,
                errors.dimension,
                errors.cle,
                errors.note
            from (select explode(array(date'{{ origins | join("', date'") }}')) as emission) as origins
            inner join (
                select
                    past.emission,
                    past.mesure,
                    past.dimension,
                    past.cle,
                    past.fin,
                    {# in millionths, so that engines rank equal errors equally #}
                    {{ whole(
                        '1e6 * abs(coalesce(actual.unites, 0) - past.unites) / 1e4 / ' ~ spread('past.unites')
                    ) }} as note
                from past
                left join actual
                    on
                        past.mesure = actual.mesure
                        and past.dimension = actual.dimension
                        and past.cle = actual.cle
                        and past.cible = actual.cible
            ) as errors
                on
                    origins.emission > errors.emission
                    and errors.emission >= date_sub(origins.emission, {{ lookback }})
                    and origins.emission >= errors.fin
        )
    )
    group by emission, mesure, dimension, cle
{%- endmacro %}


{# The end of a query for a table of forecasts: the forecasts of this run in their intervals, and beside what was sold a week
   before.  Given `forecast` (`emission, mesure, dimension, cle, cible, fin, horizon, compared, unites`: the target, the day
   after it, and what it is compared with) and `actual` (`mesure, dimension, cle, cible, unites`), both of them relations of
   this query; `target` is the column of the target. #}
{% macro forecasts_in_intervals(target, origins, lookback, caution) -%}
    published as (

        {{ published_forecasts(origins) | indent(8) }}

    ),

    past as (

        select
            emission,
            mesure,
            dimension,
            cle,
            {{ target }} as cible,
            date_add({{ day_of(target) if target == 'heure' else target }}, 1) as fin,
            {{ to_units('prevision') }} as unites
        from published
        union all
        select
            emission,
            mesure,
            dimension,
            cle,
            cible,
            fin,
            unites
        from forecast

    ),

    quantiles as (

        {{ error_quantiles(origins, lookback, caution) | indent(8) }}

    ),

    final as (

        select
            forecast.emission,
            '{{ gold_state().fuseau }}' as fuseau,
            forecast.mesure,
            forecast.dimension,
            forecast.cle,
            forecast.cible as {{ target }},
            forecast.horizon,
            {{ from_units('forecast.unites') }} as prevision,
            {{ from_units(bound('-', 'quantiles.q80', 'forecast.unites')) }} as bas_80,
            {{ from_units(bound('+', 'quantiles.q80', 'forecast.unites')) }} as haut_80,
            {{ from_units(bound('-', 'quantiles.q95', 'forecast.unites')) }} as bas_95,
            {{ from_units(bound('+', 'quantiles.q95', 'forecast.unites')) }} as haut_95,
            {{ from_units('coalesce(actual.unites, 0)') }} as prevision_naive,
            cast(coalesce(quantiles.nombre_erreurs, 0) as int) as nombre_erreurs,
            forecast.emission < {{ reference_date() }} as rejouee,
            {{ gold_state().publication }} as publication
        from forecast
        left join quantiles
            on
                forecast.emission = quantiles.emission
                and forecast.mesure = quantiles.mesure
                and forecast.dimension = quantiles.dimension
                and forecast.cle = quantiles.cle
        left join actual
            on
                forecast.mesure = actual.mesure
                and forecast.dimension = actual.dimension
                and forecast.cle = actual.cle
                and forecast.compared = actual.cible

    )

    select * from final
{%- endmacro %}


{# How far errors of a forecast spread, of which they are a multiple; not below that of a hundredth. #}
{% macro spread(unites) -%}
    {%- set base = "greatest(" ~ unites ~ " / 1e4, 1e-2)" -%}
    (sqrt({{ base }}) * sqrt(sqrt({{ base }})))
{%- endmacro %}


{# A double as a whole number; null of null, which `least` would take for the most.  It is cut at `most`, far above any real
   amount, so that one absurd sale, which is valid, stops no forecast. #}
{% macro whole(value, most='1e18') -%}
    cast(round(if({{ value }} > {{ most }}, {{ most }}, {{ value }})) as bigint)
{%- endmacro %}


{# Units as a number of sales or euros. #}
{% macro from_units(unites) -%}
    cast(cast({{ unites }} as decimal(20, 0)) / 10000 as decimal(18, 4))
{%- endmacro %}


{% macro to_units(value) -%}
    cast({{ value }} * 10000 as bigint)
{%- endmacro %}


{# A bound of an interval, in units: so many spreads away, but not below zero; null without a quantile. #}
{% macro bound(sign, quantile, unites='unites') -%}
    if(
        {{ quantile }} is null,
        null,
        greatest(0, {{ whole(unites ~ ' ' ~ sign ~ ' 1e4 * (' ~ quantile ~ ' * ' ~ spread(unites) ~ ')', most='9e17') }})
    )
{%- endmacro %}


{# The forecasts that readers have, of the four weeks before this run's first origin. #}
{% macro published_forecasts(origins) -%}
    {%- set versions = last_publication_of_gold().get('versions', {}) if execute else {} -%}
    {#- without the table, because its files are gone, the next forecasts start anew -#}
    {%- set is_there = this.identifier in versions and load_relation(this) is not none -%}
    {{ rows_at(
        {this.identifier: versions[this.identifier]} if is_there else {},
        "sales gold",
        "fuseau = '" ~ gold_state().fuseau ~ "' and emission >= date_sub(date'" ~ origins[0] ~ "', 28)"
    ) }}
{%- endmacro %}


{# The first day, of the seven weeks before this one, that can be compared with a week before. #}
{% macro comparable_since(day) -%}
    greatest(date_sub({{ day }}, 49), date'{{ days_later([first_day()], 7)[0] }}')
{%- endmacro %}
