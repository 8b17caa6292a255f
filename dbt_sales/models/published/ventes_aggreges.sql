{{ config(materialized='table') }}
{%- set current = current_slice() %}

with

published as (

    {{ published_rows() }}

),

ventes_clean as (

    select
        produit_nom,
        pays,
        montant as total_montant,
        quantite as total_quantite
    from {{ ref('ventes_clean') }}
    where {{ of_slice(current) }}

),

combined as (

    select * from published
    union all
    select * from ventes_clean

),

final as (

    select
        produit_nom,
        pays,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite
    from combined
    group by produit_nom, pays

)

select * from final
