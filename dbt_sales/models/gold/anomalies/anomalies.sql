{{ config(materialized='table') }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set alertes = ref('alertes') %}
{%- set complete = ticks_to_score().last or last_complete_tick() or 0 %}
{%- if not has_alarms(alertes) %}
{{ no_rows() }}
{%- else %}

with

detectors as (

    {{ detector_rows() | indent(4) }}

),

pairs as (

    select
        detecteur,
        explode(autres) as autre
    from (
        {{ link_rows() | indent(8) }}
    )

),

{# in both directions, and each detector with itself #}
linked as (

    select
        detecteur,
        autre
    from pairs
    union all
    select
        autre as detecteur,
        detecteur as autre
    from pairs
    union all
    select
        detecteur,
        detecteur as autre
    from detectors

),

links as (

    select
        linked.detecteur,
        linked.autre,
        detectors.rang as rang_autre
    from linked
    inner join detectors on linked.autre = detectors.detecteur

),

{# a series of alarms: of a detector, about a key, in one direction #}
alertes as (

    select
        alertes.*,
        {{ tick_of('alertes.moment') }} as tick,
        if(alertes.score > 0, 1, -1) as sens,
        detectors.rang
    from {{ alertes }} as alertes
    inner join detectors on alertes.detecteur = detectors.detecteur

),

{# an episode ends when the series was calm for half a day #}
numbered as (

    select
        *,
        sum(if(pause > 144, 1, 0)) over (partition by detecteur, cle, sens order by tick) as episode
    from (
        select
            *,
            tick - lag(tick) over (partition by detecteur, cle, sens order by tick) as pause
        from alertes
    ) as paused

),

alarms as (

    select
        *,
        min(tick) over (partition by detecteur, cle, sens, episode) as premier_tick
    from numbered

),

episodes as (

    select
        detecteur,
        cle,
        sens,
        rang,
        premier_tick,
        max(tick) as dernier_tick,
        min_by(tranche, tick) as tranche
    from alarms
    group by detecteur, cle, sens, rang, premier_tick

),

{# the half days in which an alarm may lie that explains it, so that nobody looks through all alarms #}
looking as (

    select
        episodes.*,
        links.autre,
        explode(sequence((episodes.premier_tick - 144) div 144, episodes.premier_tick div 144)) as demi_journee
    from episodes
    inner join links on episodes.detecteur = links.detecteur

),

{# One alarm for one cause: an episode is explained by a related one that is going on; if it is of silence, a partition
   or prices, by one that is nearer to the root or has begun within the hour.  If one share falls, others rise. #}
explained as (

    select distinct
        looking.detecteur,
        looking.cle,
        looking.sens,
        looking.rang,
        looking.premier_tick
    from looking
    inner join alarms
        on
            looking.autre = alarms.detecteur
            and looking.demi_journee = alarms.tick div 144
            and alarms.tick between looking.premier_tick - 144 and looking.premier_tick
    where
        not (looking.detecteur = alarms.detecteur and looking.cle = alarms.cle and looking.sens = alarms.sens)
        and (
            (
                alarms.tick between looking.premier_tick - 12 and looking.premier_tick - 1
                and (
                    alarms.rang < looking.rang
                    or alarms.premier_tick >= looking.premier_tick - 12
                    or looking.detecteur not in ('silence', 'partition', 'prix')
                )
            )
            or (
                alarms.tick = looking.premier_tick
                and struct(alarms.rang, alarms.cle, alarms.sens) < struct(looking.rang, looking.cle, looking.sens)
            )
            or (
                alarms.tick < looking.premier_tick
                and alarms.detecteur = looking.detecteur
                and alarms.cle != looking.cle
                and alarms.sens != looking.sens
            )
        )

),

begun as (

    select episodes.*
    from episodes
    left anti join explained
        on
            episodes.detecteur = explained.detecteur
            and episodes.cle = explained.cle
            and episodes.sens = explained.sens
            and episodes.premier_tick = explained.premier_tick

),

{# What an explained episode can belong to, the nearest to the root first.  Silence, partitions and prices do not hide
   in something milder that began more than an hour before, only the rise of a share in the fall of another. #}
offered as (

    select
        explained.*,
        begun.detecteur as detecteur_racine,
        begun.cle as cle_racine,
        begun.sens as sens_racine,
        begun.premier_tick as debut_tick,
        row_number() over (
            partition by explained.detecteur, explained.cle, explained.sens, explained.premier_tick
            order by begun.rang, begun.premier_tick, begun.cle, begun.sens
        ) as place
    from explained
    inner join links on explained.detecteur = links.detecteur
    inner join begun
        on
            links.autre = begun.detecteur
            and explained.premier_tick >= begun.premier_tick
            and explained.premier_tick <= begun.dernier_tick + 144
    where
        not (explained.detecteur = begun.detecteur and explained.cle = begun.cle and explained.sens = begun.sens)
        and (
            explained.detecteur not in ('silence', 'partition', 'prix')
            or begun.rang < explained.rang
            or begun.premier_tick >= explained.premier_tick - 12
            or (begun.detecteur = explained.detecteur and begun.sens < explained.sens)
        )

),

{# an episode that nothing takes in is an anomaly of its own, so no alarm is without one #}
rooted as (

    select
        episodes.detecteur,
        episodes.cle,
        episodes.sens,
        episodes.premier_tick,
        coalesce(offered.detecteur_racine, episodes.detecteur) as detecteur_racine,
        coalesce(offered.cle_racine, episodes.cle) as cle_racine,
        coalesce(offered.sens_racine, episodes.sens) as sens_racine,
        coalesce(offered.debut_tick, episodes.premier_tick) as debut_tick
    from episodes
    left join offered
        on
            episodes.detecteur = offered.detecteur
            and episodes.cle = offered.cle
            and episodes.sens = offered.sens
            and episodes.premier_tick = offered.premier_tick
            and offered.place = 1

),

{# the cause is what is nearest to the root in the first hour #}
held as (

    select
        rooted.detecteur_racine,
        rooted.cle_racine,
        rooted.sens_racine,
        rooted.debut_tick,
        alarms.detecteur,
        alarms.rang,
        alarms.tick,
        if(
            alarms.detecteur = rooted.detecteur_racine
            and alarms.cle = rooted.cle_racine
            and alarms.sens = rooted.sens_racine
            and alarms.tick = rooted.debut_tick,
            alarms.tranche,
            null
        ) as tranche,
        struct(
            -abs(alarms.score) as rang_de_force, alarms.tick, alarms.cle, alarms.fenetre, alarms.observe,
            alarms.attendu, alarms.ecart_type, alarms.score
        ) as alarme,
        min(if(alarms.tick <= rooted.debut_tick + 12, alarms.rang, null)) over (
            partition by rooted.detecteur_racine, rooted.cle_racine, rooted.sens_racine, rooted.debut_tick
        ) as rang_de_la_cause
    from rooted
    inner join alarms
        on
            rooted.detecteur = alarms.detecteur
            and rooted.cle = alarms.cle
            and rooted.sens = alarms.sens
            and rooted.premier_tick = alarms.premier_tick

),

incidents as (

    select
        detecteur_racine as detecteur,
        debut_tick as premier_tick,
        row_number() over (partition by debut_tick, detecteur_racine order by cle_racine, sens_racine) as place,
        max(tick) as dernier_tick,
        max(if(rang = rang_de_la_cause, detecteur, null)) as cause,
        min(if(rang = rang_de_la_cause, alarme, null)) as alarme,
        array_join(sort_array(collect_set(detecteur)), ', ') as detecteurs,
        min(tranche) as tranche
    from held
    group by detecteur_racine, cle_racine, sens_racine, debut_tick

),

told as (

    select
        incidents.detecteur,
        incidents.cause,
        incidents.detecteurs,
        incidents.tranche,
        if(incidents.place = 1, '', concat('-', incidents.place)) as suffixe,
        {{ start_of_tick('incidents.premier_tick') }} as debut,
        {{ start_of_tick('incidents.dernier_tick') }} as derniere_alerte,
        {{ complete }} - incidents.dernier_tick >= 144 as est_fermee,
        incidents.alarme.cle,
        incidents.alarme.fenetre,
        incidents.alarme.observe,
        incidents.alarme.attendu,
        detectors.seuil * incidents.alarme.ecart_type as ecart,
        incidents.alarme.score
    from incidents
    inner join detectors on incidents.cause = detectors.detecteur

),

final as (

    select
        concat(date_format(debut, 'yyyyMMdd-HHmm'), '-', detecteur, suffixe) as anomalie_id,
        detecteur,
        cause,
        cle,
        fenetre,
        debut,
        derniere_alerte,
        if(est_fermee, derniere_alerte + interval 5 minutes, null) as fin,
        observe,
        attendu,
        cast(greatest(0, attendu - ecart) as decimal(18, 2)) as attendu_bas,
        cast(attendu + ecart as decimal(18, 2)) as attendu_haut,
        score,
        if(score > 0, 'hausse', 'baisse') as sens,
        case
            when cause in ('silence', 'partition', 'prix') or abs(score) >= 8 then 'critique'
            when cause in ('rejet', 'volume', 'rupture', 'doublon') or abs(score) >= 6 then 'haute'
            else 'moyenne'
        end as severite,
        if(est_fermee, 'fermee', 'ouverte') as statut,
        detecteurs,
        tranche
    from told

)

select * from final
{%- endif %}
