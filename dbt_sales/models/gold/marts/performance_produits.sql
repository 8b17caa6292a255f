{{ config(materialized='table') }}

with

{# the last 30 days, and the 30 days before them #}
ventes_journalieres as (

    select
        produit_nom,
        total_montant,
        total_quantite,
        nombre_ventes,
        jour > date_sub({{ reference_date() }}, 30) as is_recent
    from {{ ref('ventes_journalieres') }}
    where
        jour > date_sub({{ reference_date() }}, 60)
        and jour <= {{ reference_date() }}
        and nombre_ventes > 0

),

summed as (

    select
        produit_nom,
        sum(if(is_recent, total_montant, 0)) as total_montant,
        sum(if(is_recent, total_quantite, 0)) as total_quantite,
        sum(if(is_recent, nombre_ventes, 0)) as nombre_ventes,
        sum(if(is_recent, 0, total_montant)) as total_montant_precedent,
        sum(if(is_recent, 0, nombre_ventes)) as nombre_ventes_precedent
    from ventes_journalieres
    group by produit_nom

),

ranked as (

    select
        *,
        row_number() over (order by total_montant desc, nombre_ventes desc, produit_nom asc) as place,
        row_number()
            over (order by total_montant_precedent desc, nombre_ventes_precedent desc, produit_nom asc)
            as place_precedente,
        sum(total_montant) over () as whole,
        sum(total_montant)
            over (
                order by total_montant desc, nombre_ventes desc, produit_nom asc
                rows between unbounded preceding and 1 preceding
            )
            as better
    from summed

),

{# a product has a rank in a period in which it was sold #}
placed as (

    select
        *,
        if(nombre_ventes > 0, place, null) as rang,
        if(nombre_ventes_precedent > 0, place_precedente, null) as rang_precedent
    from ranked

),

final as (

    select
        produit_nom,
        cast(rang as int) as rang,
        cast(rang_precedent as int) as rang_precedent,
        cast(rang_precedent - rang as int) as gain_rang,
        cast(total_montant as decimal(18, 2)) as total_montant,
        total_quantite,
        nombre_ventes,
        {{ share('total_montant', 'whole') }} as part,
        case
            when total_montant = 0 then 'C'
            when coalesce(better, 0) < 0.80 * whole then 'A'
            when better < 0.95 * whole then 'B'
            else 'C'
        end as classe_abc,
        cast(total_montant_precedent as decimal(18, 2)) as total_montant_precedent,
        date_sub({{ reference_date() }}, 29) as debut,
        {{ reference_date() }} as fin
    from placed

)

select * from final
