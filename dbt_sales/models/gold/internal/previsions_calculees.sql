{{ config(
    materialized='incremental',
    unique_key=['emission', 'mesure', 'dimension', 'cle', 'heure'],
    meta={'replace_scope': 'all_if_due'},
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
-- depends_on: {{ ref('ventes_journalieres') }}
{%- set cube_horaire = ref('cube_horaire') %}
{%- set origins = origins_of_run() %}
{%- if origins %}
{{ hourly_forecasts(cube_horaire, origins, days=14) }}
{%- else %}
{{ no_rows() }}
{%- endif %}
