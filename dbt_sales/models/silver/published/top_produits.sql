{{ config(materialized='table') }}

with

ventes_aggreges as (

    select
        produit_nom,
        total_montant
    from {{ ref('ventes_aggreges') }}

),

by_produit as (

    select
        produit_nom,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant
    from ventes_aggreges
    group by produit_nom

),

ranked as (

    select
        row_number() over (order by total_montant desc, produit_nom asc) as rank,
        produit_nom,
        total_montant
    from by_produit

),

final as (

    select
        rank,
        produit_nom,
        total_montant
    from ranked
    where rank <= 10

)

select * from final
