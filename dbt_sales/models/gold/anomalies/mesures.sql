{{ config(
    materialized='incremental',
    unique_key=['moment', 'mesure', 'cle'],
    meta={'replace_scope': 'days_of_measures'},
    pre_hook='{{ restore_mart() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set complete = tick_to_note() %}

with

published as (

    {{ published_measures() }}

),

{%- if something_arrived() %}
{# copies with the same coordinates are one event #}
ventes_raw as (

    select distinct
        kafka_partition,
        kafka_offset,
        {{ tick_of('kafka_timestamp') }} as tick,
        parse_error is null and client_nom is null as sans_client_nom,
        parse_error is null and produit_nom is null as sans_produit_nom,
        parse_error is null and categorie is null as sans_categorie,
        parse_error is null and pays is null as sans_pays,
        parse_error is null and segment is null as sans_segment
    from {{ source('bronze', 'ventes_raw') }}
    where {{ to_measure() }}

),

events as (

    select
        tick,
        kafka_partition,
        count(*) as nombre,
        count_if(sans_client_nom) as sans_client_nom,
        count_if(sans_produit_nom) as sans_produit_nom,
        count_if(sans_categorie) as sans_categorie,
        count_if(sans_pays) as sans_pays,
        count_if(sans_segment) as sans_segment
    from ventes_raw
    group by tick, kafka_partition

),

ventes_clean as (

    select
        {{ tick_of('ventes_clean.kafka_timestamp') }} as tick,
        ventes_clean.produit_nom,
        ventes_clean.pays,
        ventes_clean.segment,
        count(*) as nombre,
        cast(sum(ventes_clean.montant) * 100 as bigint) as cents,
        {# more than a hundredth off the price of the catalogue #}
        count_if(
            {{ priced_as_now('ventes_clean.kafka_timestamp') }}
            and abs(ventes_clean.montant - ventes_clean.quantite * produits.prix) * 100
            > ventes_clean.quantite * produits.prix
        ) as hors_prix,
        count_if(ventes_clean.kafka_timestamp > ventes_clean.timestamp + interval 10 minutes) as en_retard
    from {{ pinned(ref('ventes_clean')) }} as ventes_clean
    left join {{ ref('produits') }} as produits on ventes_clean.produit_id = produits.produit_id
    where ventes_clean.tranche > {{ measures_made().get('tranche', 0) }}
    group by
        {{ tick_of('ventes_clean.kafka_timestamp') }}, ventes_clean.produit_nom, ventes_clean.pays, ventes_clean.segment

),

ventes_rejetees as (

    select
        {{ tick_of('kafka_timestamp') }} as tick,
        raison,
        count(*) as nombre
    from {{ pinned(ref('ventes_rejetees')) }}
    where tranche > {{ measures_made().get('tranche', 0) }}
    group by {{ tick_of('kafka_timestamp') }}, raison

),

{# what is neither a sale nor rejected is a duplicate #}
counted as (

    select
        tick,
        stack(
            8,
            'volume', 'total', nombre,
            'partition', cast(kafka_partition as string), nombre,
            'doublon', 'total', nombre,
            'vide', 'client_nom', sans_client_nom,
            'vide', 'produit_nom', sans_produit_nom,
            'vide', 'categorie', sans_categorie,
            'vide', 'pays', sans_pays,
            'vide', 'segment', sans_segment
        ) as (mesure, cle, nombre)
    from events
    union all
    select
        tick,
        stack(
            8,
            'valide', 'total', nombre,
            'doublon', 'total', -nombre,
            'produit', produit_nom, nombre,
            'pays', pays, nombre,
            'segment', segment, nombre,
            'montant', produit_nom, cents,
            'prix', produit_nom, hors_prix,
            'retard', 'total', en_retard
        ) as (mesure, cle, nombre)
    from ventes_clean
    union all
    select
        tick,
        stack(2, 'rejet', raison, nombre, 'doublon', 'total', -nombre) as (mesure, cle, nombre)
    from ventes_rejetees

),
{%- endif %}

combined as (

    select
        moment,
        mesure,
        cle,
        nombre
    from published
    {%- if something_arrived() %}
    union all
    select
        {{ start_of_tick('tick') }} as moment,
        mesure,
        cle,
        nombre
    from counted
    {%- endif %}
    {%- if complete %}
    union all
    select
        {{ start_of_tick(complete) }} as moment,
        'complet' as mesure,
        'total' as cle,
        1 as nombre
    {%- endif %}

),

final as (

    select
        to_date(moment) as date_arrivee,
        moment,
        mesure,
        cle,
        cast(sum(nombre) as bigint) as nombre
    from combined
    group by moment, mesure, cle
    having sum(nombre) > 0

)

select * from final
