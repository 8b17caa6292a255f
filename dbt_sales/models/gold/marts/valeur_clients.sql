{{ config(materialized='table') }}

with

clients_mensuels as (

    select * from {{ ref('clients_mensuels') }}

),

summed as (

    select
        client_id,
        sum(total_montant) as total_montant,
        sum(nombre_ventes) as nombre_ventes,
        min(struct(premier_achat, premier_vente_id, premier_montant)) as premier,
        max(struct(dernier_achat, dernier_vente_id, client_nom, pays, segment)) as dernier
    from clients_mensuels
    group by client_id

),

measured as (

    select
        summed.client_id,
        summed.dernier.client_nom,
        summed.dernier.pays,
        summed.dernier.segment,
        summed.premier.premier_achat,
        summed.dernier.dernier_achat,
        {# a sale may be dated tomorrow #}
        greatest(0, datediff({{ reference_date() }}, {{ day_of('summed.dernier.dernier_achat') }})) as recence_jours,
        summed.nombre_ventes,
        cast(summed.total_montant as decimal(18, 2)) as total_montant,
        {{ average_amount('summed.total_montant', 'summed.nombre_ventes') }} as panier_moyen,
        {{ share('(summed.total_montant - summed.premier.premier_montant)', 'summed.total_montant') }}
            as part_recurrente
    from summed

),

scored as (

    select
        *,
        {{ fifth('recence_jours', 'desc') }} as score_recence,
        {{ fifth('nombre_ventes') }} as score_frequence,
        {{ fifth('total_montant') }} as score_montant
    from measured

),

final as (

    select
        client_id,
        client_nom,
        pays,
        segment,
        premier_achat,
        dernier_achat,
        recence_jours,
        nombre_ventes,
        total_montant,
        panier_moyen,
        part_recurrente,
        score_recence,
        score_frequence,
        score_montant,
        case
            when score_recence >= 4 and score_frequence >= 4 and score_montant >= 4 then 'champion'
            when score_recence >= 3 and score_frequence >= 4 then 'fidele'
            when score_recence >= 4 and nombre_ventes = 1 then 'nouveau'
            when score_recence >= 4 then 'prometteur'
            when score_recence = 3 then 'regulier'
            when score_frequence >= 3 then 'a_risque'
            else 'perdu'
        end as classe_rfm
    from scored

)

select * from final
