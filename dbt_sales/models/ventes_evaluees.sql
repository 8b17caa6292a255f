{# vector by vector, thousands of events of 2 MiB would be in memory at once #}
{{ config(
    materialized='table',
    pre_hook='set spark.sql.parquet.enableVectorizedReader = false',
    post_hook='set spark.sql.parquet.enableVectorizedReader = true',
) }}
{%- set courante = tranche_courante() %}

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
        {# what is too large stays in Bronze: every step from here on would copy it #}
        case when parse_error is distinct from 'trop_grand' then value end as value
    from {{ source('bronze', 'ventes_raw') }}
    where {{ dans_la_tranche(courante) }}

),

clients as (

    select * from {{ ref('clients') }}

),

produits as (

    select * from {{ ref('produits') }}

),

connues as (

    {{ ventes_connues(courante) }}

),

{{ numeroter_tranches('ventes_raw', courante) }}

uniques as (

    {# a replay after a lost checkpoint leaves copies with the same coordinates #}
    select
        *,
        row_number() over (
            partition by kafka_partition, kafka_offset
            order by ingestion_time
        ) as exemplaire
    from numerotees

),

typees as (

    select
        kafka_partition,
        kafka_offset,
        kafka_timestamp,
        tranche,
        value,
        parse_error,
        {{ entier('vente_id', 'bigint') }} as vente_id,
        {{ entier('client_id', 'int') }} as client_id,
        {{ entier('produit_id', 'int') }} as produit_id,
        {{ instant('timestamp') }} as timestamp,
        {{ entier('quantite', 'int') }} as quantite,
        {{ montant_exact('montant') }} as montant
    from uniques
    where exemplaire = 1

),

{# the first rule that applies; the order is part of the rules #}
jugees as (

    select
        typees.*,
        clients.client_nom,
        clients.pays,
        clients.segment,
        produits.produit_nom,
        produits.categorie,
        case
            when typees.parse_error is not null then 'illisible'
            when
                typees.vente_id is null
                or typees.vente_id not between -9007199254740991 and 9007199254740991
                then 'vente_id_invalide'
            when typees.client_id is null then 'client_id_invalide'
            when typees.produit_id is null then 'produit_id_invalide'
            when typees.timestamp is null then 'timestamp_invalide'
            when typees.quantite is null then 'quantite_invalide'
            when typees.montant is null then 'montant_invalide'
            when typees.quantite < 1 then 'quantite_inferieure_a_1'
            when typees.montant < 0 then 'montant_negatif'
            when clients.client_id is null then 'client_inconnu'
            when produits.produit_id is null then 'produit_inconnu'
            when typees.timestamp > typees.kafka_timestamp + interval 1 day
                then 'timestamp_futur'
        end as defaut,
        struct(
            typees.client_id,
            typees.produit_id,
            typees.timestamp,
            typees.quantite,
            typees.montant
        ) as valeurs
    from typees
    left join clients on typees.client_id = clients.client_id
    left join produits on typees.produit_id = produits.produit_id

),

{# among events without a fault, the first of each vente_id is the sale #}
comparees as (

    select
        jugees.*,
        row_number() over (premieres) as rang,
        first_value(jugees.valeurs) over (premieres) as premiere,
        connues.vente_id is not null as est_connue,
        struct(
            connues.client_id,
            connues.produit_id,
            connues.timestamp,
            connues.quantite,
            connues.montant
        ) as connue
    from jugees
    left join connues
        on jugees.vente_id = connues.vente_id
    window premieres as (
        partition by jugees.defaut is null, jugees.vente_id
        order by jugees.tranche, jugees.kafka_partition, jugees.kafka_offset
    )

),

verdicts as (

    select
        *,
        case
            when defaut is not null then 'rejete'
            when not est_connue and rang = 1 then 'valide'
            when valeurs = if(est_connue, connue, premiere) then 'doublon'
            else 'rejete'
        end as verdict
    from comparees

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
        case when verdict = 'rejete' then coalesce(defaut, 'conflit') end as raison,
        case when verdict = 'rejete' then value end as value
    from verdicts

)

select * from final
