{{ config(
    materialized='incremental',
    full_refresh=false,
    incremental_strategy='append',
    meta={'few_rows': true},
    pre_hook='{{ restore_published() }}',
    post_hook='{{ remember_committed_version() }}',
) }}
{%- set newest = newest_slice() %}

with

ventes_raw as (

    select
        kafka_partition,
        kafka_offset,
        {{ exact_integer('vente_id', 'bigint') }} as vente_id
    from {{ source('bronze', 'ventes_raw') }}
    where {{ after_slice(newest) }}

),

arrivals as (

    select
        kafka_partition,
        min(kafka_offset) as from_offset,
        max(kafka_offset) + 1 as to_offset,
        min(vente_id) as vente_id_min,
        max(vente_id) as vente_id_max
    from ventes_raw
    group by kafka_partition

),

known as (

    {{ known_ends(newest) }}

),

bounds as (

    select
        coalesce(known.kafka_partition, arrivals.kafka_partition) as kafka_partition,
        coalesce(known.to_offset, arrivals.from_offset) as from_offset,
        coalesce(arrivals.to_offset, known.to_offset) as to_offset,
        arrivals.vente_id_min,
        arrivals.vente_id_max
    from known
    full outer join arrivals
        on known.kafka_partition = arrivals.kafka_partition

),

final as (

    select
        {{ newest.tranche + 1 }} as tranche,
        kafka_partition,
        from_offset,
        least(to_offset, from_offset + {{ var('max_offsets_per_tranche') }}) as to_offset,
        vente_id_min,
        vente_id_max,
        cast('{{ run_started_at }}' as timestamp) as opened_at
    from bounds
    where
        {# a slice opens when the previous one is closed and something has arrived #}
        {{ 'true' if newest.is_closed else 'false' }}
        and exists (select 1 from arrivals)

)

select * from final
