{{ config(
    materialized='incremental',
    unique_key=['emission', 'fuseau', 'mesure', 'dimension', 'cle', 'pas', 'horizons'],
    meta={'replace_scope': 'origins_to_write'},
    pre_hook='{{ restore_what_was_said() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set cube_horaire = ref('cube_horaire') %}
{%- set previsions_horaires, previsions_journalieres = ref('previsions_horaires'), ref('previsions_journalieres') %}
{%- set origins = origins_of_run() %}
{%- if not origins or origins[-1] != reference_day() %}
{{ no_rows() }}
{%- else %}
{%- set tonight = "date'" ~ origins[-1] ~ "'" %}

with

sold as (

    {{ hourly_series(cube_horaire, 'date_sub(' ~ tonight ~ ', 57)') | indent(4) }}

),

actual as (

    select
        'heure' as pas,
        mesure,
        dimension,
        cle,
        heure as cible,
        if(mesure = 'nombre_ventes', 10000, 100) * valeur as unites
    from sold
    union all
    select
        'jour' as pas,
        mesure,
        dimension,
        cle,
        cast({{ day_of('heure') }} as timestamp) as cible,
        sum(if(mesure = 'nombre_ventes', 10000, 100) * valeur) as unites
    from sold
    group by mesure, dimension, cle, {{ day_of('heure') }}

),

said as (

    select
        'heure' as pas,
        emission,
        fuseau,
        mesure,
        dimension,
        cle,
        heure as cible,
        {{ day_of('heure') }} as jour,
        case
            when horizon <= 6 then '1-6'
            when horizon <= 12 then '7-12'
            when horizon <= 24 then '13-24'
            else '25-48'
        end as horizons,
        prevision,
        prevision_naive,
        bas_80,
        haut_80,
        bas_95,
        haut_95
    from {{ previsions_horaires }}
    union all
    select
        'jour' as pas,
        emission,
        fuseau,
        mesure,
        dimension,
        cle,
        cast(jour as timestamp) as cible,
        jour,
        case
            when horizon = 1 then '1'
            when horizon <= 3 then '2-3'
            when horizon <= 7 then '4-7'
            else '8-14'
        end as horizons,
        prevision,
        prevision_naive,
        bas_80,
        haut_80,
        bas_95,
        haut_95
    from {{ previsions_journalieres }}

),

{# of the last two weeks, what had come by tonight #}
come as (

    select * from said
    where
        fuseau = '{{ gold_state().fuseau }}'
        and emission between date_sub({{ tonight }}, 14) and date_sub({{ tonight }}, 1)
        and jour < {{ tonight }}

),

judged as (

    select
        come.*,
        {{ from_units('coalesce(actual.unites, 0)') }} as observe
    from come
    left join actual
        on
            come.pas = actual.pas
            and come.mesure = actual.mesure
            and come.dimension = actual.dimension
            and come.cle = actual.cle
            and come.cible = actual.cible

),

{# in the seven weeks before tonight, how far the same time a week before was off; a time without a sale is on neither side #}
a_week_apart as (

    select
        pas,
        mesure,
        dimension,
        cle,
        sum(abs(difference)) as somme
    from (
        select
            pas,
            mesure,
            dimension,
            cle,
            moment,
            sum(unites) as difference
        from (
            select
                pas,
                mesure,
                dimension,
                cle,
                cible as moment,
                unites
            from actual
            union all
            select
                pas,
                mesure,
                dimension,
                cle,
                cible + interval 168 hours as moment,
                -unites as unites
            from actual
        )
        group by pas, mesure, dimension, cle, moment
    )
    where if(pas = 'heure', {{ day_of('moment') }}, to_date(moment))
        between {{ comparable_since(tonight) }} and date_sub({{ tonight }}, 1)
    group by pas, mesure, dimension, cle

),

final as (

    select
        {{ tonight }} as emission,
        '{{ gold_state().fuseau }}' as fuseau,
        judged.mesure,
        judged.dimension,
        judged.cle,
        judged.pas,
        judged.horizons,
        count(*) as nombre_previsions,
        cast(sum(judged.observe) as decimal(24, 4)) as somme_observee,
        cast(sum(judged.prevision - judged.observe) as decimal(24, 4)) as somme_ecarts,
        cast(sum(abs(judged.prevision - judged.observe)) as decimal(24, 4)) as somme_erreurs,
        cast(sum(abs(judged.prevision_naive - judged.observe)) as decimal(24, 4)) as somme_erreurs_naives,
        {{ from_units(
            'coalesce(max(a_week_apart.somme), 0) div if(judged.pas = \'heure\', 24, 1) div '
            ~ 'greatest(1, datediff(' ~ tonight ~ ', ' ~ comparable_since(tonight) ~ '))'
        ) }} as erreur_naive_habituelle,
        count(judged.haut_80) as nombre_avec_80,
        count_if(judged.observe between judged.bas_80 and judged.haut_80) as couvertes_80,
        count(judged.haut_95) as nombre_avec_95,
        count_if(judged.observe between judged.bas_95 and judged.haut_95) as couvertes_95,
        {{ gold_state().publication }} as publication
    from judged
    left join a_week_apart
        on
            judged.pas = a_week_apart.pas
            and judged.mesure = a_week_apart.mesure
            and judged.dimension = a_week_apart.dimension
            and judged.cle = a_week_apart.cle
    group by judged.mesure, judged.dimension, judged.cle, judged.pas, judged.horizons

)

select * from final
{%- endif %}
