{{ config(materialized='table') }}

with

cube_horaire as (

    select
        heure,
        total_montant,
        total_quantite
    from {{ ref('cube_horaire') }}

),

final as (

    select
        heure,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite
    from cube_horaire
    group by heure

)

select * from final
