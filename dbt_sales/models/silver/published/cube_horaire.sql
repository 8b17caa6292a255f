{{ config(
    materialized='incremental',
    unique_key=['heure', 'produit_nom', 'pays', 'segment'],
    meta={'replace_scope': 'hours_of_slice'},
) }}
{%- set current = current_slice() %}

with

published as (

    {{ published_rows(where=hours_of_slice()) }}

),

ventes_clean as (

    select
        date_trunc('hour', timestamp) as heure,
        produit_nom,
        pays,
        segment,
        montant as total_montant,
        quantite as total_quantite,
        1 as nombre_ventes
    from {{ ref('ventes_clean') }}
    where {{ of_slice(current) }}

),

combined as (

    select
        heure,
        produit_nom,
        pays,
        segment,
        total_montant,
        total_quantite,
        nombre_ventes
    from published
    union all
    select
        heure,
        produit_nom,
        pays,
        segment,
        total_montant,
        total_quantite,
        nombre_ventes
    from ventes_clean

),

final as (

    select
        heure,
        produit_nom,
        pays,
        segment,
        cast(sum(total_montant) as decimal(18, 2)) as total_montant,
        sum(total_quantite) as total_quantite,
        sum(nombre_ventes) as nombre_ventes
    from combined
    group by heure, produit_nom, pays, segment

)

select * from final
