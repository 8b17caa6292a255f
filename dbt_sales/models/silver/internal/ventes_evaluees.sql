{{ config(materialized='scratch', file_format='parquet') }}
{%- set current = current_slice() %}

with

ventes_raw as (

    select
        kafka_partition,
        kafka_offset,
        kafka_timestamp,
        ingestion_time,
        vente_id,
        client_id,
        produit_id,
        timestamp,
        quantite,
        montant,
        parse_error,
        {# an event that is too large stays in Bronze: every step from here on would copy it #}
        case when parse_error is distinct from 'trop_grand' then value end as value
    from {{ source('bronze', 'ventes_raw') }}
    where {{ in_slice(current) }}

),

clients as (

    select * from {{ ref('clients') }}

),

produits as (

    select * from {{ ref('produits') }}

),

known as (

    {{ known_ventes(current) }}

),

numbered as (

    {{ numbered_by_slice('ventes_raw', current) }}

),

copies as (

    {# a replay after a lost checkpoint leaves copies with the same coordinates #}
    select
        *,
        row_number() over (
            partition by kafka_partition, kafka_offset
            order by ingestion_time
        ) as copy_number
    from numbered

),

typed as (

    select
        kafka_partition,
        kafka_offset,
        kafka_timestamp,
        tranche,
        value,
        parse_error,
        {{ exact_integer('vente_id', 'bigint') }} as vente_id,
        {{ exact_integer('client_id', 'int') }} as client_id,
        {{ exact_integer('produit_id', 'int') }} as produit_id,
        {{ instant('timestamp') }} as timestamp,
        {{ exact_integer('quantite', 'int') }} as quantite,
        {{ exact_montant('montant') }} as montant
    from copies
    where copy_number = 1

),

{# the first rule that applies; the order is part of the rules #}
judged as (

    select
        typed.*,
        clients.client_nom,
        clients.pays,
        clients.segment,
        produits.produit_nom,
        produits.categorie,
        case
            when typed.parse_error is not null then 'illisible'
            when
                typed.vente_id is null
                or typed.vente_id not between -9007199254740991 and 9007199254740991
                then 'vente_id_invalide'
            when typed.client_id is null then 'client_id_invalide'
            when typed.produit_id is null then 'produit_id_invalide'
            when typed.timestamp is null then 'timestamp_invalide'
            when typed.quantite is null then 'quantite_invalide'
            when typed.montant is null then 'montant_invalide'
            when typed.quantite < 1 then 'quantite_inferieure_a_1'
            when typed.montant < 0 then 'montant_negatif'
            when clients.client_id is null then 'client_inconnu'
            when produits.produit_id is null then 'produit_inconnu'
            when typed.timestamp > typed.kafka_timestamp + interval 1 day
                then 'timestamp_futur'
        end as fault,
        struct(
            typed.client_id,
            typed.produit_id,
            typed.timestamp,
            typed.quantite,
            typed.montant
        ) as sale_values
    from typed
    left join clients on typed.client_id = clients.client_id
    left join produits on typed.produit_id = produits.produit_id

),

{# among events without a fault, the first of each vente_id is the sale #}
compared as (

    select
        judged.*,
        row_number() over (in_order) as place,
        first_value(judged.sale_values) over (in_order) as first_values,
        known.vente_id is not null as is_known,
        struct(
            known.client_id,
            known.produit_id,
            known.timestamp,
            known.quantite,
            known.montant
        ) as known_values
    from judged
    left join known
        on judged.vente_id = known.vente_id
    window in_order as (
        partition by judged.fault is null, judged.vente_id
        order by judged.tranche, judged.kafka_partition, judged.kafka_offset
    )

),

verdicts as (

    select
        *,
        case
            when fault is not null then 'rejete'
            when not is_known and place = 1 then 'valide'
            when sale_values = if(is_known, known_values, first_values) then 'doublon'
            else 'rejete'
        end as verdict
    from compared

),

final as (

    select
        vente_id,
        client_id,
        produit_id,
        timestamp,
        quantite,
        montant,
        client_nom,
        produit_nom,
        categorie,
        pays,
        segment,
        kafka_partition,
        kafka_offset,
        kafka_timestamp,
        tranche,
        verdict,
        case when verdict = 'rejete' then coalesce(fault, 'conflit') end as raison,
        case when verdict = 'rejete' then value end as value
    from verdicts

)

select * from final
