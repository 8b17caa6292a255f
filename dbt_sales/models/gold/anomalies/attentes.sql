{{ config(
    materialized='incremental',
    full_refresh=false,
    unique_key=['date_arrivee', 'mesure', 'cle', 'moment'],
    meta={'replace_scope': 'of_this_publication'},
    pre_hook='{{ restore_what_was_said() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set mesures = ref('mesures') %}
{%- set days = days_to_learn(mesures) %}
{%- if not days %}
{{ no_rows() }}
{%- else %}
{%- set first = days_later([days[0]], -28)[0] %}

with

days as (

    select
        jour,
        unix_seconds(cast(jour as timestamp)) div 3600 as heure_du_jour
    from (select explode(array(date'{{ days | join("', date'") }}')) as jour)

),

detectors as (

    {{ detector_rows() | indent(4) }}

),

kept_out as (

    {{ hours_kept_out(first) | indent(4) }}

),

{# by hour, and by quarter of it #}
counted as (

    select
        mesure,
        cle,
        unix_seconds(moment) div 3600 as heure,
        sum(nombre) as nombre,
        sum(if(minute(moment) < 15, nombre, 0)) as nombre_0,
        sum(if(minute(moment) between 15 and 29, nombre, 0)) as nombre_1,
        sum(if(minute(moment) between 30 and 44, nombre, 0)) as nombre_2,
        sum(if(minute(moment) >= 45, nombre, 0)) as nombre_3
    from {{ mesures }}
    where
        moment >= timestamp'{{ first }}'
        and moment < timestamp'{{ days[-1] }}'
        and {{ computed_once() }}
    group by mesure, cle, unix_seconds(moment) div 3600

),

{# of a history that begins in the middle of an hour, the first whole one and those after it #}
hours as (

    select
        spans.jour,
        spans.heure_du_jour,
        spans.heure,
        timestamp_seconds(spans.heure * 3600) as debut,
        spans.heure < spans.heure_du_jour and spans.heure > history.premiere as est_passee
    from (
        select
            jour,
            heure_du_jour,
            explode(sequence(heure_du_jour - 672, heure_du_jour + 23)) as heure
        from days
    ) as spans
    cross join (
        select min(unix_seconds(moment) div 3600) as premiere from {{ mesures }}
        where mesure = 'volume'
    ) as history

),

volume_hours as (

    select
        hours.jour,
        hours.heure_du_jour,
        hours.heure,
        hours.debut,
        weekday({{ local_time('hours.debut') }}) as dow,
        hour({{ local_time('hours.debut') }}) as hod,
        if(hours.est_passee and kept_out.heure is null, 1, 0) as garde,
        coalesce(counted.nombre, 0) as k,
        coalesce(counted.nombre_0, 0) as k_0,
        coalesce(counted.nombre_1, 0) as k_1,
        coalesce(counted.nombre_2, 0) as k_2,
        coalesce(counted.nombre_3, 0) as k_3
    from hours
    left join counted on hours.heure = counted.heure and counted.mesure = 'volume'
    left join kept_out on hours.heure = kept_out.heure and kept_out.mesure = 'volume'

),

{# the mean of an hour of the day, in millionths #}
of_the_day as (

    select
        *,
        coalesce(
            {{ whole('1e6 * sum(garde * k) over (partition by jour, hod) / nullif(sum(garde) over (partition by jour, hod), 0)') }},
            0
        ) as a
    from volume_hours

),

{# times the factor of the weekday, in billionths #}
of_the_weekday as (

    select
        *,
        coalesce(
            {{ whole(
                '1e9 * (1e6 * sum(garde * k) over (partition by jour, dow))'
                ~ ' / nullif(sum(garde * a) over (partition by jour, dow), 0)'
            ) }},
            0
        ) as b
    from of_the_day

),

products as (

    select
        *,
        greatest(1000, {{ whole('cast(a as double) * cast(b as double) / 1e9') }}) as p
    from of_the_weekday

),

{# an hour of the week leans on that product, the more the fewer sales it has; in millionths #}
profiles as (

    select
        *,
        {{ whole(
            '(1e6 * sum(garde * k) over (partition by jour, dow, hod) + (2e0 + 6e7 / p) * p)'
            ~ ' / (sum(garde) over (partition by jour, dow, hod) + (2e0 + 6e7 / p))'
        ) }} as mu
    from products

),

{# how far hours, and blocks of four, were from the profile, and an hour from the four before #}
compared as (

    select
        *,
        sum(garde * k) over block as k_4h,
        sum(garde * mu) over block as mu_4h,
        row_number() over (partition by jour, heure div 4, garde order by heure) as place,
        sum(garde) over five as gardees,
        sum(k) over five as n,
        mu / cast(sum(mu) over five as double) as part
    from profiles
    window
        block as (partition by jour, heure div 4),
        five as (partition by jour order by heure rows between 4 preceding and current row)

),

deviations as (

    select
        *,
        if(garde = 1, {{ square_error('k', 'mu / 1e6') }}, 0) as t_1h,
        if(garde = 1, {{ whole('1e3 * ((mu / 1e6) * (mu / 1e6))') }}, 0) as u_1h,
        if(garde = 1 and place = 1, {{ square_error('k_4h', 'mu_4h / 1e6') }}, 0) as t_4h,
        if(garde = 1 and place = 1, {{ whole('1e3 * ((mu_4h / 1e6) * (mu_4h / 1e6))') }}, 0) as u_4h,
        if(gardees = 5, {{ whole('1e3 * ((k - n * part) * (k - n * part) - n * part * (1e0 - part))') }}, 0) as t_rupture,
        if(
            gardees = 5,
            {{ whole('1e3 * (cast(n as double) * (n - 1) * part * (1e0 - part))') }},
            0
        ) as u_rupture
    from compared

),

learned as (

    select
        jour,
        heure_du_jour,
        heure,
        debut,
        mu,
        {{ whole(
            '1e9 * (sum(if(heure >= heure_du_jour - 168, garde * k, 0)) over by_day + 50)'
            ~ ' / (sum(if(heure >= heure_du_jour - 168, garde * mu, 0)) over by_day / 1e6 + 50)'
        ) }} as niveau,
        {%- for number in range(4) %}
        {{ whole(
            '1e9 * (4e0 * (sum(garde * k_' ~ number ~ ') over by_hour + 25)) / (sum(garde * k) over by_hour + 100)'
        ) }} as forme_{{ number }},
        {%- endfor %}
        {%- for block in ['1h', '4h'] %}
        {{ whole(
            '1e9 * (1.8e0 * greatest(0.0025e0, ' ~ of_sums('t_' ~ block, 'u_' ~ block, 'over by_day') ~ '))'
        ) }} as dispersion_{{ block }},
        {%- endfor %}
        {{ whole(
            '1e9 * greatest(0.0005e0, 1.2e0 * greatest(0, ' ~ of_sums('t_rupture', 'u_rupture', 'over by_day') ~ '))'
        ) }} as dispersion_rupture
    from deviations
    window
        by_day as (partition by jour),
        by_hour as (partition by jour, hod)

),

quarters as (

    select
        *,
        posexplode(array(forme_0, forme_1, forme_2, forme_3)) as (quart, forme)
    from learned
    where heure >= heure_du_jour - 24

),

{# every key in every hour that counts for it; the empty key stands for those that were never seen #}
keys as (

    select distinct
        detectors.mesure,
        detectors.de,
        detectors.genre,
        detectors.plancher,
        counted.cle
    from counted
    inner join detectors
        on counted.mesure = if(detectors.de = 'produit', 'produit', detectors.mesure)
    where detectors.de != ''
    union all
    select
        mesure,
        de,
        genre,
        plancher,
        '' as cle
    from detectors
    where de in ('volume', 'valide')

),

shares as (

    select
        hours.jour,
        hours.heure,
        keys.mesure,
        keys.genre,
        keys.plancher,
        keys.cle,
        coalesce(parts.nombre, 0) as k,
        coalesce(wholes.nombre, 0) as n
    from hours
    cross join keys
    left join kept_out on hours.heure = kept_out.heure and keys.mesure = kept_out.mesure
    left join counted as parts on hours.heure = parts.heure and keys.mesure = parts.mesure and keys.cle = parts.cle
    left join counted as wholes
        on
            hours.heure = wholes.heure
            and keys.de = wholes.mesure
            and if(keys.de = 'produit', keys.cle, 'total') = wholes.cle
    where hours.est_passee and kept_out.heure is null

),

summed as (

    select
        *,
        sum(k) over series as k_total,
        sum(n) over series as n_total,
        sum(k) over block as k_4h,
        sum(n) over block as n_4h,
        row_number() over (partition by jour, mesure, cle, heure div 4 order by heure) as place
    from shares
    window
        series as (partition by jour, mesure, cle),
        block as (partition by jour, mesure, cle, heure div 4)

),

expected as (

    select
        *,
        {# a share in billionths; of amounts, the mean of a sale in millionths of a cent #}
        if(
            genre = 'gamma',
            {{ whole('1e6 * k_total / n_total') }},
            {{ whole('1e9 * (k_total + 0.5e0) / (n_total + 1)') }}
        ) as p
    from summed
    where if(mesure in ('prix', 'montant'), n_total > 0, k_total > 0 or cle = '')

),

errors as (

    select
        jour,
        mesure,
        genre,
        plancher,
        cle,
        p,
        n_total,
        {%- for block, k, n in [('1h', 'k', 'n'), ('4h', 'k_4h', 'n_4h')] %}
        case
            when {{ 'false' if block == '1h' else 'place > 1' }} then 0
            when genre = 'gamma' then {{ whole('(%s - %s * p / 1e6) * (%s - %s * p / 1e6)' % (k, n, k, n)) }}
            else {{ whole(
                '1e3 * ((%s - %s * (p / 1e9)) * (%s - %s * (p / 1e9)) - %s * (p / 1e9) * (1e0 - p / 1e9))'
                % (k, n, k, n, n)
            ) }}
        end as t_{{ block }},
        case
            when {{ 'false' if block == '1h' else 'place > 1' }} then 0
            when genre = 'nb' then {{ whole('1e3 * (%s * (p / 1e9) * (%s * (p / 1e9)))' % (n, n)) }}
            else {{ whole('1e3 * (cast(%s as double) * (%s - 1) * (p / 1e9) * (1e0 - p / 1e9))' % (n, n)) }}
        end as u_{{ block }}{{ ',' if not loop.last }}
        {%- endfor %}
    from expected

),

parts as (

    select
        jour,
        mesure,
        cle,
        p,
        genre,
        {%- for block in ['1h', '4h'] %}
        case
            when genre = 'gamma' then {{ whole('cast(sum(cast(t_' ~ block ~ ' as decimal(38, 0))) as double) / n_total') }}
            when cle = '' then plancher
            else {{ whole(
                '1e9 * greatest(plancher / 1e9, 1.2e0 * greatest(0, ' ~ of_sums('t_' ~ block, 'u_' ~ block) ~ '))'
            ) }}
        end as dispersion_{{ block }}{{ ',' if not loop.last }}
        {%- endfor %}
    from errors
    group by jour, mesure, cle, p, genre, plancher, n_total

),

combined as (

    select
        jour,
        'volume' as mesure,
        'total' as cle,
        debut + make_dt_interval(0, 0, 15 * quart) as moment,
        {{ whole('niveau / 1e9 * mu / 4e0 * forme / 1e9') }} as attendu,
        cast(null as bigint) as part,
        dispersion_1h,
        dispersion_4h
    from quarters
    union all
    select
        jour,
        'rupture' as mesure,
        'total' as cle,
        cast(jour as timestamp) as moment,
        null as attendu,
        null as part,
        dispersion_rupture as dispersion_1h,
        dispersion_rupture as dispersion_4h
    from learned
    where heure = heure_du_jour
    union all
    select
        jour,
        mesure,
        cle,
        cast(jour as timestamp) as moment,
        if(genre = 'gamma', p, null) as attendu,
        if(genre = 'gamma', null, p) as part,
        dispersion_1h,
        dispersion_4h
    from parts

),

final as (

    select
        jour as date_arrivee,
        mesure,
        cle,
        moment,
        attendu,
        part,
        dispersion_1h,
        dispersion_4h,
        {{ gold_state().publication }} as publication
    from combined

)

select * from final
{%- endif %}
