{# Every mart that covers all sales has the total of the slice that it stands on, to the cent. #}

with

expected as (

    select
        sum(total_montant) as total_montant,
        sum(nombre_ventes) as nombre_ventes
    from {{ pinned(ref('cube_horaire')) }}

),

marts as (

    select
        'ventes_journalieres' as mart,
        sum(total_montant) as total_montant,
        sum(nombre_ventes) as nombre_ventes
    from {{ ref('ventes_journalieres') }}
    union all
    select
        'valeur_clients' as mart,
        sum(total_montant) as total_montant,
        sum(nombre_ventes) as nombre_ventes
    from {{ ref('valeur_clients') }}
    union all
    select
        'cohortes_clients' as mart,
        sum(total_montant) as total_montant,
        sum(nombre_ventes) as nombre_ventes
    from {{ ref('cohortes_clients') }}

),

final as (

    select
        marts.mart,
        marts.total_montant,
        expected.total_montant as expected_montant,
        marts.nombre_ventes,
        expected.nombre_ventes as expected_ventes
    from marts
    cross join expected
    where
        not (marts.total_montant <=> expected.total_montant)
        or not (marts.nombre_ventes <=> expected.nombre_ventes)

)

select * from final
