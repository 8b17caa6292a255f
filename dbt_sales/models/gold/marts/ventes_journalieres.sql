{{ config(
    materialized='incremental',
    unique_key=['jour', 'produit_nom', 'pays', 'segment'],
    meta={'replace_scope': 'days_of_run'},
    pre_hook='{{ restore_mart() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}

with

published as (

    {{ published_mart(where=days_to_read()) }}

),

ventes_clean as (

    {{ new_sales(ref('ventes_clean')) }}

),

combined as (

    select
        jour,
        produit_nom,
        pays,
        segment,
        total_montant,
        total_quantite,
        nombre_ventes
    from published
    where nombre_ventes > 0
    union all
    select
        {{ day_of('timestamp') }} as jour,
        produit_nom,
        pays,
        segment,
        montant as total_montant,
        quantite as total_quantite,
        1 as nombre_ventes
    from ventes_clean

),

{# each sale counts on its day, and a week later as what that day is compared with #}
counted as (

    select
        jour,
        produit_nom,
        pays,
        segment,
        total_montant,
        total_quantite,
        nombre_ventes,
        0 as total_montant_j7,
        0 as total_quantite_j7,
        0 as nombre_ventes_j7
    from combined
    union all
    select
        date_add(jour, 7) as jour,
        produit_nom,
        pays,
        segment,
        0 as total_montant,
        0 as total_quantite,
        0 as nombre_ventes,
        total_montant as total_montant_j7,
        total_quantite as total_quantite_j7,
        nombre_ventes as nombre_ventes_j7
    from combined

),

summed as (

    select
        jour,
        produit_nom,
        pays,
        segment,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite,
        sum(nombre_ventes) as nombre_ventes,
        cast(sum(total_montant_j7) as decimal(18, 2)) as total_montant_j7,
        sum(total_quantite_j7) as total_quantite_j7,
        sum(nombre_ventes_j7) as nombre_ventes_j7
    from counted
    where
        {{ days_of_run() }}
        {# a sale may be dated tomorrow; a comparison may not #}
        and (jour <= {{ reference_date() }} or nombre_ventes > 0)
    group by jour, produit_nom, pays, segment

),

final as (

    select
        jour,
        produit_nom,
        pays,
        segment,
        total_montant,
        total_quantite,
        nombre_ventes,
        {{ average_amount('total_montant', 'nombre_ventes') }} as panier_moyen,
        total_montant_j7,
        total_quantite_j7,
        nombre_ventes_j7
    from summed

)

select * from final
