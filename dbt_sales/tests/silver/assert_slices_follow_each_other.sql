{# In every partition, each slice starts where the previous one ended: no offset is skipped or taken twice.  The test
   covers the whole history, so it does not run in a slice. #}
{{ config(tags=['outside_slices']) }}

with

tranches as (

    select
        tranche,
        kafka_partition,
        from_offset,
        to_offset,
        lag(to_offset) over (
            partition by kafka_partition
            order by tranche
        ) as previous_end
    from {{ ref('tranches') }}

),

final as (

    select * from tranches
    where
        from_offset > to_offset
        or from_offset != coalesce(previous_end, from_offset)

)

select * from final
