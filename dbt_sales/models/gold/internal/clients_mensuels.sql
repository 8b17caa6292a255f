{{ config(materialized='table') }}
-- depends_on: {{ ref('bilan_ingestion') }}

with

published as (

    {{ published_mart() }}

),

ventes_clean as (

    {{ new_sales(ref('ventes_clean')) }}

),

combined as (

    select
        client_id,
        mois,
        total_montant,
        total_quantite,
        nombre_ventes,
        struct(premier_achat as moment, premier_vente_id as vente_id, premier_montant as montant) as premier,
        struct(dernier_achat as moment, dernier_vente_id as vente_id, client_nom, pays, segment) as dernier
    from published
    union all
    select
        client_id,
        cast(date_trunc('month', {{ local_time('timestamp') }}) as date) as mois,
        montant as total_montant,
        quantite as total_quantite,
        1 as nombre_ventes,
        struct(timestamp as moment, vente_id, montant) as premier,
        struct(timestamp as moment, vente_id, client_nom, pays, segment) as dernier
    from ventes_clean

),

{# of two purchases at the same moment, the one with the lower `vente_id` is the earlier #}
summed as (

    select
        client_id,
        mois,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite,
        sum(nombre_ventes) as nombre_ventes,
        min(premier) as premier,
        max(dernier) as dernier
    from combined
    group by client_id, mois

),

final as (

    select
        summed.client_id,
        summed.mois,
        summed.dernier.client_nom,
        summed.dernier.pays,
        summed.dernier.segment,
        summed.total_montant,
        summed.total_quantite,
        summed.nombre_ventes,
        summed.premier.moment as premier_achat,
        summed.premier.vente_id as premier_vente_id,
        cast(summed.premier.montant as decimal(12, 2)) as premier_montant,
        summed.dernier.moment as dernier_achat,
        summed.dernier.vente_id as dernier_vente_id
    from summed

)

select * from final
