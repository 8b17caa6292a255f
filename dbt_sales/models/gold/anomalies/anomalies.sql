{{ config(materialized='table') }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set complete = ticks_to_score().last or last_complete_tick() or 0 %}

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

alertes as (

    select
        *,
        {{ tick_of('moment') }} as tick
    from {{ ref('alertes') }}

),

{# beside each detector's own alarms, those of detectors that are linked to it; of one tick, one row of each #}
seen_beside as (

    select
        links.detecteur,
        alertes.tick,
        alertes.detecteur as autre,
        links.rang_autre,
        min(struct(
            -abs(alertes.score) as rang_de_force, alertes.tick, alertes.cle, alertes.fenetre, alertes.observe,
            alertes.attendu, alertes.ecart_type, alertes.score
        )) as alarme,
        min(alertes.tranche) as tranche
    from alertes
    inner join links on alertes.detecteur = links.autre
    group by links.detecteur, alertes.tick, alertes.detecteur, links.rang_autre

),

{# who else alarmed before, beside and after #}
neighbours as (

    select
        *,
        detecteur = autre as est_sienne,
        max(if(detecteur = autre, tick, null))
            over (partition by detecteur order by tick range between 144 preceding and 1 preceding)
            as sienne_avant,
        max(if(detecteur != autre, tick, null))
            over (partition by detecteur order by tick range between 12 preceding and 1 preceding)
            as liee_avant,
        min(rang_autre) over (partition by detecteur, tick) as premier_rang,
        min(rang_autre)
            over (partition by detecteur order by tick range between current row and 12 following)
            as rang_de_la_cause,
        tick
        - max(tick) over (partition by detecteur order by tick range between unbounded preceding and 1 preceding)
            as pause
    from seen_beside

),

{# one alarm for one cause: an alarm starts an incident unless its cause has been told #}
started as (

    select
        *,
        if(
            est_sienne and sienne_avant is null and liee_avant is null and premier_rang = rang_autre, 1, 0
        ) as commence
    from neighbours

),

numbered as (

    select
        *,
        sum(commence) over (partition by detecteur order by tick) as numero,
        sum(if(pause > 144 and est_premiere, 1, 0)) over (partition by detecteur order by tick) as seance
    from (
        select
            *,
            row_number() over (partition by detecteur, tick order by rang_autre) = 1 as est_premiere
        from started
    ) as ordered

),

{# what the alarm that begins an incident knows, beside each row until the next one #}
held as (

    select
        *,
        max(if(commence = 1, tick, null)) over (partition by detecteur, numero) as premier_tick,
        max(if(commence = 1, seance, null)) over (partition by detecteur, numero) as premiere_seance,
        max(if(commence = 1, rang_de_la_cause, null)) over (partition by detecteur, numero) as rang_premier
    from numbered
    where numero > 0

),

{# until the next incident of the detector, or until it was calm for half a day #}
incidents as (

    select
        detecteur,
        premier_tick,
        max(tick) as dernier_tick,
        max(if(rang_autre = rang_premier, autre, null)) as cause,
        min(if(rang_autre = rang_premier, alarme, null)) as alarme,
        array_join(sort_array(collect_set(autre)), ', ') as detecteurs,
        min(if(commence = 1, tranche, null)) as tranche
    from held
    where seance = premiere_seance
    group by detecteur, premier_tick

),

told as (

    select
        incidents.detecteur,
        incidents.cause,
        incidents.detecteurs,
        incidents.tranche,
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
        concat(date_format(debut, 'yyyyMMdd-HHmm'), '-', detecteur) as anomalie_id,
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
