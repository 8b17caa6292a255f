{# In the hours that the slice touched, the cube agrees with all their sales, to which earlier slices have added. #}
{%- set hours = touched_hours() %}

with

ventes_clean as (

    select
        date_trunc('hour', timestamp) as heure,
        produit_nom,
        pays,
        segment,
        sum(montant) as total_montant,
        sum(quantite) as total_quantite,
        count(*) as nombre_ventes
    from {{ ref('ventes_clean') }}
    where {{ in_hours(hours) if not var('rebuild') else 'true' }}
    group by date_trunc('hour', timestamp), produit_nom, pays, segment

),

cube_horaire as (

    select cubes.* from {{ ref('cube_horaire') }} as cubes
    where cubes.heure in (select ventes_clean.heure from ventes_clean)

),

final as (

    select
        coalesce(ventes_clean.heure, cube_horaire.heure) as heure,
        ventes_clean.total_montant as amount_of_sales,
        cube_horaire.total_montant as amount_in_cube
    from ventes_clean
    full outer join cube_horaire
        on
            ventes_clean.heure = cube_horaire.heure
            and ventes_clean.produit_nom = cube_horaire.produit_nom
            and ventes_clean.pays = cube_horaire.pays
            and ventes_clean.segment = cube_horaire.segment
    where
        not (ventes_clean.total_montant <=> cube_horaire.total_montant)
        or not (ventes_clean.total_quantite <=> cube_horaire.total_quantite)
        or not (ventes_clean.nombre_ventes <=> cube_horaire.nombre_ventes)

)

select * from final
