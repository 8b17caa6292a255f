{{ config(materialized='table') }}

with

clients_mensuels as (

    select * from {{ ref('clients_mensuels') }}

),

members as (

    select
        client_id,
        min(mois) as cohorte
    from clients_mensuels
    group by client_id

),

sizes as (

    select
        cohorte,
        count(*) as nombre_clients
    from members
    group by cohorte

),

last_month as (

    {# a sale may be dated tomorrow, which may be the next month #}
    select greatest(max(mois), {{ reference_date() }}) as mois from clients_mensuels

),

{# every month up to the last, also those in which nobody of the cohort bought #}
months as (

    select
        sizes.cohorte,
        sizes.nombre_clients,
        explode(sequence(sizes.cohorte, last_month.mois, interval 1 month)) as mois
    from sizes
    cross join last_month

),

purchases as (

    select
        members.cohorte,
        clients_mensuels.mois,
        count(*) as clients_actifs,
        sum(clients_mensuels.nombre_ventes) as nombre_ventes,
        sum(clients_mensuels.total_montant) as total_montant
    from clients_mensuels
    inner join members on clients_mensuels.client_id = members.client_id
    group by members.cohorte, clients_mensuels.mois

),

final as (

    select
        months.cohorte,
        cast(
            12 * (year(months.mois) - year(months.cohorte)) + month(months.mois) - month(months.cohorte) as int
        ) as mois_depuis,
        months.nombre_clients,
        coalesce(purchases.clients_actifs, 0) as clients_actifs,
        {{ share('coalesce(purchases.clients_actifs, 0)', 'months.nombre_clients') }} as taux_retention,
        coalesce(purchases.nombre_ventes, 0) as nombre_ventes,
        cast(coalesce(purchases.total_montant, 0) as decimal(18, 2)) as total_montant
    from months
    left join purchases
        on
            months.cohorte = purchases.cohorte
            and months.mois = purchases.mois

)

select * from final
