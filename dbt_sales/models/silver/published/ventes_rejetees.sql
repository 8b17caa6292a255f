{{ config(
    materialized='incremental',
    unique_key=['kafka_partition', 'kafka_offset'],
    meta={'insert_only': true, 'merge_scope': 'offsets_of_slice'},
) }}
-- depends_on: {{ ref('tranches') }}
{%- set current = current_slice() %}

with

ventes_evaluees as (

    select * from {{ ref('ventes_evaluees') }}
    where
        verdict = 'rejete'
        {# a run without `ventes_evaluees` finds the rows of a slice that is closed #}
        and {{ of_slice(current) }}

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
