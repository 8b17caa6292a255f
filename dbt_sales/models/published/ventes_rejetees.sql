{{ config(
    materialized='incremental',
    unique_key=['kafka_partition', 'kafka_offset'],
    meta={'insert_only': true, 'merge_scope': 'offsets_of_slice'},
) }}
-- depends_on: {{ ref('tranches') }}

with

ventes_evaluees as (

    select * from {{ ref('ventes_evaluees') }}
    where verdict = 'rejete'

),

final as (

    select
        kafka_partition,
        kafka_offset,
        kafka_timestamp,
        value,
        raison,
        tranche
    from ventes_evaluees

)

select * from final
