{# Covers the whole history, so it does not run in a slice. #}
{{ config(tags=['outside_slices']) }}

with

ventes_clean as (

    select
        sum(montant) as total_montant,
        sum(quantite) as total_quantite
    from {{ ref('ventes_clean') }}

),

ventes_aggreges as (

    select
        sum(total_montant) as total_montant,
        sum(total_quantite) as total_quantite
    from {{ ref('ventes_aggreges') }}

),

final as (

    select
        ventes_clean.total_montant as amount_of_sales,
        ventes_aggreges.total_montant as amount_published
    from ventes_clean
    cross join ventes_aggreges
    where
        not (ventes_clean.total_montant <=> ventes_aggreges.total_montant)
        or not (ventes_clean.total_quantite <=> ventes_aggreges.total_quantite)

)

select * from final
