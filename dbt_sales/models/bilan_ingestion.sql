{{ config(
    materialized='incremental',
    unique_key=['tranche', 'kafka_partition'],
    meta={'insert_only': true},
) }}
{%- set courante = tranche_courante() %}
{%- do refuse_part_of_a_slice(courante) %}
{%- set de_la_tranche = 'true' if var('rebuild') else 'tranche = ' ~ (courante.tranche or 0) %}

with

tranches as (

    select * from {{ ref('tranches') }}
    where {{ de_la_tranche }}

),

ventes_raw as (

    select distinct
        kafka_partition,
        kafka_offset
    from {{ source('bronze', 'ventes_raw') }}
    where {{ dans_la_tranche(courante) }}

),

{{ numeroter_tranches('ventes_raw', courante) }}

{# each count from its own table #}
evenements as (

    select
        tranche,
        kafka_partition,
        'read' as compte
    from numerotees
    union all
    select
        tranche,
        kafka_partition,
        'clean' as compte
    from {{ ref('ventes_clean') }}
    where {{ de_la_tranche }}
    union all
    select
        tranche,
        kafka_partition,
        'rejected' as compte
    from {{ ref('ventes_rejetees') }}
    where {{ de_la_tranche }}
    union all
    select
        tranche,
        kafka_partition,
        'duplicate' as compte
    from {{ ref('ventes_evaluees') }}
    where verdict = 'doublon'

),

comptes as (

    select
        tranche,
        kafka_partition,
        count_if(compte = 'read') as rows_read,
        count_if(compte = 'clean') as rows_clean,
        count_if(compte = 'rejected') as rows_rejected,
        count_if(compte = 'duplicate') as rows_duplicates
    from evenements
    group by tranche, kafka_partition

),

publications as (

    {{ publications_precedentes() }}

),

final as (

    select
        tranches.tranche,
        tranches.kafka_partition,
        tranches.from_offset,
        tranches.to_offset,
        {# the slice stays open where an event is unaccounted for #}
        case
            when comptes.rows_read is null then 0
            when comptes.rows_read = comptes.rows_clean + comptes.rows_rejected + comptes.rows_duplicates
                then comptes.rows_read
            else raise_error(concat(
                'slice ', tranches.tranche, ' does not balance in partition ', tranches.kafka_partition,
                ': read ', comptes.rows_read, ', clean ', comptes.rows_clean, ', rejected ',
                comptes.rows_rejected, ', duplicates ', comptes.rows_duplicates
            ))
        end as rows_read,
        coalesce(comptes.rows_clean, 0) as rows_clean,
        coalesce(comptes.rows_rejected, 0) as rows_rejected,
        coalesce(comptes.rows_duplicates, 0) as rows_duplicates,
        coalesce(publications.versions, '{{ versions_publiees([
            ref('ventes_clean'), ref('ventes_rejetees'), ref('cube_horaire'),
            ref('ventes_aggreges'), ref('top_produits'), ref('hourly_sales'),
        ]) }}') as versions,
        coalesce(publications.closed_at, cast('{{ maintenant() }}' as timestamp)) as closed_at
    from tranches
    left join comptes
        on
            tranches.tranche = comptes.tranche
            and tranches.kafka_partition = comptes.kafka_partition
    left join publications on tranches.tranche = publications.tranche

)

select * from final
