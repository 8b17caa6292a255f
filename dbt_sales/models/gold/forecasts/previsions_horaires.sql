{{ config(
    materialized='incremental',
    unique_key=['emission', 'fuseau', 'mesure', 'dimension', 'cle', 'heure'],
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

    select * from {{ previsions_calculees }}
    where jour_local < date_add(emission, 2)

),

published as (

    {{ published_forecasts(origins) | indent(4) }}

),

actual as (

    select
        mesure,
        dimension,
        cle,
        heure as cible,
        if(mesure = 'nombre_ventes', 10000, 100) * valeur as unites
    from (
        {{ hourly_series(cube_horaire, "date_sub(date'" ~ origins[0] ~ "', 21)") | indent(8) }}
    )

),

past as (

    select
        emission,
        mesure,
        dimension,
        cle,
        heure as cible,
        date_add({{ day_of('heure') }}, 1) as fin,
        {{ to_units('prevision') }} as unites
    from published
    union all
    select
        emission,
        mesure,
        dimension,
        cle,
        heure as cible,
        date_add(jour_local, 1) as fin,
        unites
    from forecast

),

quantiles as (

    {{ error_quantiles(origins, lookback=14, caution=1) | indent(4) }}

),

final as (

    select
        forecast.emission,
        '{{ gold_state().fuseau }}' as fuseau,
        forecast.mesure,
        forecast.dimension,
        forecast.cle,
        forecast.heure,
        cast(
            row_number()
                over (
                    partition by forecast.emission, forecast.mesure, forecast.dimension, forecast.cle
                    order by forecast.heure
                )
            as int
        ) as horizon,
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
            and forecast.heure - interval 168 hours = actual.cible

)

select * from final
{%- endif %}
