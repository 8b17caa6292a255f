{# `ventes_aggreges` and `hourly_sales` have the same total, to the cent; so do `hourly_sales` and the cube in the hours
   that the slice touched.  `top_produits` holds only ten products, so `sales verify` recomputes it. #}
{%- set touched = hours_of_slice() if not var('rebuild') else 'true' %}

with

totals as (

    select
        'every hour' as compared_in,
        'ventes_aggreges' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('ventes_aggreges') }}
    union all
    select
        'every hour' as compared_in,
        'hourly_sales' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('hourly_sales') }}
    union all
    select
        'touched hours' as compared_in,
        'hourly_sales' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('hourly_sales') }}
    where {{ touched }}
    union all
    select
        'touched hours' as compared_in,
        'cube_horaire' as source_of_total,
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('cube_horaire') }}
    where {{ touched }}

),

compared as (

    select
        *,
        max(total_montant) over (partition by compared_in) as largest_amount,
        max(total_quantite) over (partition by compared_in) as largest_quantity
    from totals

),

final as (

    select * from compared
    where
        not (total_montant <=> largest_amount)
        or not (total_quantite <=> largest_quantity)

)

select * from final
