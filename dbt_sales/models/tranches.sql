{{ config(
    materialized='incremental',
    full_refresh=false,
    unique_key=['tranche', 'kafka_partition'],
    pre_hook='{{ revenir_au_publie() }}',
    meta={'insert_only': true},
) }}
{%- set derniere = derniere_tranche() %}

with

ventes_raw as (

    select
        kafka_partition,
        kafka_offset,
        {{ entier('vente_id', 'bigint') }} as vente_id
    from {{ source('bronze', 'ventes_raw') }}
    where {{ apres_la_tranche(derniere) }}

),

arrivees as (

    select
        kafka_partition,
        min(kafka_offset) as from_offset,
        max(kafka_offset) + 1 as to_offset,
        min(vente_id) as vente_id_min,
        max(vente_id) as vente_id_max
    from ventes_raw
    group by kafka_partition

),

connues as (

    {{ bornes_connues(derniere) }}

),

bornes as (

    select
        coalesce(connues.kafka_partition, arrivees.kafka_partition) as kafka_partition,
        coalesce(connues.to_offset, arrivees.from_offset) as from_offset,
        coalesce(arrivees.to_offset, connues.to_offset) as to_offset,
        arrivees.vente_id_min,
        arrivees.vente_id_max
    from connues
    full outer join arrivees
        on connues.kafka_partition = arrivees.kafka_partition

),

final as (

    select
        {{ derniere.tranche + 1 }} as tranche,
        kafka_partition,
        from_offset,
        least(to_offset, from_offset + {{ var('max_offsets_per_tranche') }}) as to_offset,
        vente_id_min,
        vente_id_max,
        cast('{{ run_started_at }}' as timestamp) as opened_at
    from bornes
    where
        {# a slice opens when the one before is closed and something has arrived #}
        {{ 'true' if derniere.fermee else 'false' }}
        and exists (select 1 from arrivees)

)

select * from final
