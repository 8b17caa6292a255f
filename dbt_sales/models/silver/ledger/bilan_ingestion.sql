{{ config(
    materialized='incremental',
    incremental_strategy='append',
    meta={'few_rows': true},
    post_hook='{{ remember_slice() }}',
) }}
{%- set current = current_slice() %}
{%- do refuse_part_of_a_slice(current) %}

with

tranches as (

    {{ bounds_of_slice(current) }}

),

ventes_raw as (

    select distinct
        kafka_partition,
        kafka_offset
    from {{ source('bronze', 'ventes_raw') }}
    where {{ in_slice(current) }}

),

numbered as (

    {{ numbered_by_slice('ventes_raw', current) }}

),

{# each count comes from its own table #}
events as (

    select
        tranche,
        kafka_partition,
        'read' as counted
    from numbered
    union all
    select
        tranche,
        kafka_partition,
        'clean' as counted
    from {{ ref('ventes_clean') }}
    where {{ of_slice(current) }}
    union all
    select
        tranche,
        kafka_partition,
        'rejected' as counted
    from {{ ref('ventes_rejetees') }}
    where {{ of_slice(current) }}
    union all
    select
        tranche,
        kafka_partition,
        'duplicate' as counted
    from {{ ref('ventes_evaluees') }}
    where verdict = 'doublon'

),

counts as (

    select
        tranche,
        kafka_partition,
        count_if(counted = 'read') as rows_read,
        count_if(counted = 'clean') as rows_clean,
        count_if(counted = 'rejected') as rows_rejected,
        count_if(counted = 'duplicate') as rows_duplicates
    from events
    group by tranche, kafka_partition

),

publications as (

    {{ earlier_publications() }}

),

final as (

    select
        tranches.tranche,
        tranches.kafka_partition,
        tranches.from_offset,
        tranches.to_offset,
        {# the slice stays open if an event is unaccounted for #}
        case
            when counts.rows_read is null then 0
            when counts.rows_read = counts.rows_clean + counts.rows_rejected + counts.rows_duplicates
                then counts.rows_read
            else raise_error(concat(
                'slice ', tranches.tranche, ' does not balance in partition ', tranches.kafka_partition,
                ': read ', counts.rows_read, ', clean ', counts.rows_clean, ', rejected ',
                counts.rows_rejected, ', duplicates ', counts.rows_duplicates
            ))
        end as rows_read,
        coalesce(counts.rows_clean, 0) as rows_clean,
        coalesce(counts.rows_rejected, 0) as rows_rejected,
        coalesce(counts.rows_duplicates, 0) as rows_duplicates,
        coalesce(publications.versions, '{{ published_versions([
            ref('ventes_clean'), ref('ventes_rejetees'), ref('cube_horaire'),
            ref('ventes_aggreges'), ref('top_produits'), ref('hourly_sales'),
        ]) }}') as versions,
        coalesce(publications.closed_at, cast('{{ utc_now() }}' as timestamp)) as closed_at
    from tranches
    left join counts
        on
            tranches.tranche = counts.tranche
            and tranches.kafka_partition = counts.kafka_partition
    left join publications on tranches.tranche = publications.tranche

)

select * from final
