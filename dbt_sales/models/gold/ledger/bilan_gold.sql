{{ config(
    materialized='incremental',
    full_refresh=false,
    incremental_strategy='append',
    meta={'few_rows': true},
) }}
{%- set state = gold_state() %}

with

ventes_journalieres as (

    select sum(nombre_ventes) as nombre_ventes from {{ ref('ventes_journalieres') }}

),

final as (

    select
        {{ state.publication }} as publication,
        {{ state.tranche or 0 }} as tranche,
        '{{ state.fuseau }}' as fuseau,
        {{ reference_date() }} as jour_reference,
        nombre_ventes,
        '{{ versions_of_this_run([
            ref('ventes_journalieres'), ref('performance_produits'), ref('valeur_clients'),
            ref('cohortes_clients'), ref('saisonnalite'), ref('clients_mensuels'),
            ref('previsions_horaires'), ref('previsions_journalieres'), ref('evaluation_previsions'),
            ref('mesures'), ref('attentes'), ref('alertes'), ref('anomalies'),
        ]) }}' as versions,
        '{{ versions_as_json(state.versions) }}' as versions_silver,
        '{{ state.origin }}' as origine,
        cast('{{ utc_now() }}' as timestamp) as published_at
    from ventes_journalieres
    where {{ 'false' if state.tranche is none else 'true' }}

)

select * from final
