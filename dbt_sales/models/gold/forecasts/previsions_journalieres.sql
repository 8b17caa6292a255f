{{ config(
    materialized='incremental',
    unique_key=['emission', 'fuseau', 'mesure', 'dimension', 'cle', 'jour'],
    meta={'replace_scope': 'origins_to_write'},
    pre_hook='{{ restore_what_was_said() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set cube_horaire, previsions_calculees = ref('cube_horaire'), ref('previsions_calculees') %}
{%- set origins = origins_of_run() %}
{%- if not origins %}
{{ no_rows() }}
{%- else %}

with

forecast as (

    select
        emission,
        mesure,
        dimension,
        cle,
        jour_local as cible,
        date_add(jour_local, 1) as fin,
        cast(datediff(jour_local, emission) + 1 as int) as horizon,
        {# the same day of the last week that was over at the origin #}
        date_sub(jour_local, if(datediff(jour_local, emission) < 7, 7, 14)) as compared,
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

{{ forecasts_in_intervals('jour', origins, lookback=28, caution=5) }}
{%- endif %}
