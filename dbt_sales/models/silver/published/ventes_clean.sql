{{ config(
    materialized='incremental',
    unique_key=['vente_id'],
    partition_by=['date_vente'],
    tblproperties={
        'delta.dataSkippingStatsColumns':
            'vente_id,timestamp,kafka_partition,kafka_offset,tranche',
    },
    meta={'insert_only': true, 'merge_scope': 'ventes_of_slice'},
) }}
-- depends_on: {{ ref('tranches') }}
{%- set current = current_slice() %}

with

ventes_evaluees as (

    select * from {{ ref('ventes_evaluees') }}
    where
        verdict = 'valide'
        {# a run without `ventes_evaluees` finds the rows of a slice that is closed #}
        and {{ of_slice(current) }}

),

final as (

    select
        vente_id,
        client_id,
        produit_id,
        timestamp,
        quantite,
        montant,
        client_nom,
        produit_nom,
        categorie,
        pays,
        segment,
        to_date(timestamp) as date_vente,
        kafka_partition,
        kafka_offset,
        kafka_timestamp,
        tranche
    from ventes_evaluees

)

select * from final
