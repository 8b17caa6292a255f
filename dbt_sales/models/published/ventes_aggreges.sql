{{ config(materialized='table') }}

with

cube_horaire as (

    select
        produit_nom,
        pays,
        total_montant,
        total_quantite
    from {{ ref('cube_horaire') }}

),

final as (

    select
        produit_nom,
        pays,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite
    from cube_horaire
    group by produit_nom, pays

)

select * from final
