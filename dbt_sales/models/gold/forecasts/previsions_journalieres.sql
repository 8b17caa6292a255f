{{ config(
    materialized='incremental',
    unique_key=['emission', 'fuseau', 'mesure', 'dimension', 'cle', 'jour'],
    meta={'replace_scope': 'origins_to_write'},
    pre_hook='{{ restore_forecasts() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set cube_horaire, previsions_calculees = ref('cube_horaire'), ref('previsions_calculees') %}
{%- set origins = origins_of_run() %}
{%- if not origins %}
{{ no_forecasts() }}
{%- else %}

with

forecast as (

    select
        emission,
        mesure,
        dimension,
        cle,
        jour_local as jour,
        sum(unites) as unites
    from {{ previsions_calculees }}
    group by emission, mesure, dimension, cle, jour_local

),

actual as (

    select
        mesure,
        dimension,
        cle,
        {{ day_of('heure') }} as cible,
        sum(if(mesure = 'nombre_ventes', 10000, 100) * valeur) as unites
    from (
        {{ hourly_series(cube_horaire, "date_sub(date'" ~ origins[0] ~ "', 28)") | indent(8) }}
    )
    group by mesure, dimension, cle, {{ day_of('heure') }}

),

published as (

    {{ published_forecasts(origins) | indent(4) }}

),

past as (

    select
        emission,
        mesure,
        dimension,
        cle,
        jour as cible,
        date_add(jour, 1) as fin,
        {{ to_units('prevision') }} as unites
    from published
    union all
    select
        emission,
        mesure,
        dimension,
        cle,
        jour as cible,
        date_add(jour, 1) as fin,
        unites
    from forecast

),

quantiles as (

    {{ error_quantiles(origins, lookback=28, caution=5) | indent(4) }}

),

final as (

    select
        forecast.emission,
        '{{ gold_state().fuseau }}' as fuseau,
        forecast.mesure,
        forecast.dimension,
        forecast.cle,
        forecast.jour,
        cast(datediff(forecast.jour, forecast.emission) + 1 as int) as horizon,
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
    {# the same day of the last week that was over at the origin #}
    left join actual
        on
            forecast.mesure = actual.mesure
            and forecast.dimension = actual.dimension
            and forecast.cle = actual.cle
            and date_sub(forecast.jour, if(datediff(forecast.jour, forecast.emission) < 7, 7, 14)) = actual.cible

)

select * from final
{%- endif %}
