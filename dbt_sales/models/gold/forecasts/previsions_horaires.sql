{{ config(
    materialized='incremental',
    unique_key=['emission', 'fuseau', 'mesure', 'dimension', 'cle', 'heure'],
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
        heure as cible,
        date_add(jour_local, 1) as fin,
        cast(row_number() over (partition by emission, mesure, dimension, cle order by heure) as int) as horizon,
        heure - interval 168 hours as compared,
        unites
    from {{ previsions_calculees }}
    where jour_local < date_add(emission, 2)

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

{{ forecasts_in_intervals('heure', origins, lookback=14, caution=1) }}
{%- endif %}
