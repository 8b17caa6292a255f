{# `ventes_aggreges` and `hourly_sales` add up to the cube, to the cent.  `top_produits` holds only ten products, so its
   sum may be less; `sales verify` recomputes it. #}

with

totals as (

    select
        'cube_horaire' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('cube_horaire') }}
    union all
    select
        'ventes_aggreges' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('ventes_aggreges') }}
    union all
    select
        'hourly_sales' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('hourly_sales') }}

),

compared as (

    select
        *,
        max(total_montant) over () as largest_amount,
        max(total_quantite) over () as largest_quantity
    from totals

),

final as (

    select * from compared
    where
        total_montant != largest_amount
        or total_quantite != largest_quantity

)

select * from final
