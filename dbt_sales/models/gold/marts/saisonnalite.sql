{{ config(materialized='table') }}
-- depends_on: {{ ref('bilan_ingestion') }}

with

cube_horaire as (

    select
        heure as utc_hour,
        sum(total_montant) as total_montant,
        sum(nombre_ventes) as nombre_ventes
    from {{ pinned(ref('cube_horaire')) }}
    where heure >= {{ season_start() }} and heure < {{ season_end() }}
    group by heure

),

first_purchase as (

    select date_trunc('hour', min(premier_achat)) as utc_hour from {{ ref('clients_mensuels') }}

),

{# an hour without a sale counts with zero, but not before the first sale ever #}
hours as (

    select
        explode(sequence(
            greatest(utc_hour, {{ season_start() }}), {{ season_end() }} - interval 1 microsecond, interval 1 hour
        )) as utc_hour
    from first_purchase
    where utc_hour < {{ season_end() }}

),

observed as (

    select
        {{ local_time('hours.utc_hour') }} as local_hour,
        cast(coalesce(cube_horaire.total_montant, 0) as decimal(18, 2)) as total_montant,
        coalesce(cube_horaire.nombre_ventes, 0) as nombre_ventes
    from hours
    left join cube_horaire on hours.utc_hour = cube_horaire.utc_hour

),

placed as (

    select
        weekday(local_hour) + 1 as jour_semaine,
        hour(local_hour) as heure_locale,
        total_montant,
        nombre_ventes,
        row_number()
            over (partition by weekday(local_hour), hour(local_hour) order by total_montant)
            as place,
        row_number()
            over (partition by weekday(local_hour), hour(local_hour) order by nombre_ventes)
            as place_ventes,
        count(*) over (partition by weekday(local_hour), hour(local_hour)) as number
    from observed

),

{# quartiles are values that occurred: the smallest with at least a quarter of the values at or below it, and so on #}
final as (

    select
        jour_semaine,
        heure_locale,
        count(*) as nombre_heures,
        max(case when place_ventes = (number + 1) div 2 then nombre_ventes end) as ventes_typiques,
        max(case when place = (number + 3) div 4 then total_montant end) as premier_quartile,
        max(case when place = (number + 1) div 2 then total_montant end) as montant_typique,
        max(case when place = (3 * number + 3) div 4 then total_montant end) as troisieme_quartile
    from placed
    group by jour_semaine, heure_locale

)

select * from final
