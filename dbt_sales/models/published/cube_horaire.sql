{{ config(
    materialized='incremental',
    unique_key=['heure', 'produit_nom', 'pays', 'segment'],
    meta={'replace_scope': 'hours_of_slice'},
) }}
{%- set hours = touched_hours() %}

with

ventes_clean as (

    select
        date_trunc('hour', timestamp) as heure,
        produit_nom,
        pays,
        segment,
        montant,
        quantite
    from {{ ref('ventes_clean') }}
    where {{ in_hours(hours) if is_incremental() else 'true' }}

),

final as (

    select
        heure,
        produit_nom,
        pays,
        segment,
        cast(sum(montant) as decimal(18, 2)) as total_montant,
        cast(sum(quantite) as bigint) as total_quantite,
        count(*) as nombre_ventes
    from ventes_clean
    group by heure, produit_nom, pays, segment

)

select * from final
