{{ config(materialized='table') }}
{%- set current = current_slice() %}

with

published as (

    {{ published_rows() }}

),

ventes_clean as (

    select
        date_trunc('hour', timestamp) as heure,
        montant as total_montant,
        quantite as total_quantite
    from {{ ref('ventes_clean') }}
    where {{ of_slice(current) }}

),

combined as (

    select
        heure,
        total_montant,
        total_quantite
    from published
    union all
    select
        heure,
        total_montant,
        total_quantite
    from ventes_clean

),

final as (

    select
        heure,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite
    from combined
    group by heure

)

select * from final
