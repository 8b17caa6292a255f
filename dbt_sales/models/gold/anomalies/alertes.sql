{{ config(
    materialized='incremental',
    full_refresh=false,
    unique_key=['moment', 'detecteur', 'cle'],
    meta={'replace_scope': 'of_this_publication'},
    pre_hook='{{ restore_what_was_said() }}',
) }}
-- depends_on: {{ ref('bilan_ingestion') }}
{%- set mesures, attentes = ref('mesures'), ref('attentes') %}
{%- set ticks = ticks_to_score() %}
{%- if not ticks %}
{{ no_rows() }}
{%- else %}
{%- set windows = [('15min', 3), ('1h', 12), ('4h', 48)] %}

with

counted as (

    select
        {{ tick_of('moment') }} as tick,
        mesure,
        cle,
        nombre
    from {{ mesures }}
    where
        moment >= {{ start_of_tick(ticks.first - 288) }}
        and moment <= {{ start_of_tick(ticks.last) }}
        and mesure != 'complet'
        and {{ computed_once() }}

),

{# nothing is scored on a day for which nothing was learned #}
learned as (

    select
        date_arrivee as jour,
        mesure,
        cle,
        moment,
        attendu,
        part,
        dispersion_1h,
        dispersion_4h
    from {{ attentes }}
    where
        date_arrivee >= to_date({{ start_of_tick(ticks.first) }})
        and date_arrivee <= to_date({{ start_of_tick(ticks.last) }})
        and {{ computed_once() }}

),

{# the ticks to score, and those of the day before, which a window may reach #}
ticks as (

    select
        jour,
        greatest({{ ticks.first }}, debut) as premier,
        explode(sequence(greatest({{ ticks.first }}, debut) - 288, least({{ ticks.last }}, debut + 287))) as tick
    from (
        select distinct
            jour,
            {{ tick_of('cast(jour as timestamp)') }} as debut
        from learned
    )

),

{# every series: of the total, and of each key that was learned or counted #}
series as (

    select
        mesure,
        cle
    from counted
    union
    select
        mesure,
        cle
    from learned
    where mesure != 'rupture' and cle != ''

),

detectors as (

    {{ detector_rows() | indent(4) }}

),

totals as (

    select
        ticks.jour,
        ticks.premier,
        ticks.tick,
        coalesce(counted.nombre, 0) as k,
        expected.attendu as n,
        expected.dispersion_1h,
        expected.dispersion_4h
    from ticks
    inner join learned as expected
        on
            ticks.jour = expected.jour
            and expected.mesure = 'volume'
            and timestamp_seconds(ticks.tick div 3 * 900) = expected.moment
    left join counted on ticks.tick = counted.tick and counted.mesure = 'volume'

),

shares as (

    select
        ticks.jour,
        ticks.premier,
        ticks.tick,
        detectors.detecteur,
        detectors.genre,
        series.cle,
        coalesce(parts.nombre, 0) as k,
        coalesce(wholes.nombre, 0) as n,
        coalesce(own.part, others.part) as part,
        coalesce(own.attendu, others.attendu) as attendu,
        coalesce(own.dispersion_1h, others.dispersion_1h) as dispersion_1h,
        coalesce(own.dispersion_4h, others.dispersion_4h) as dispersion_4h
    from ticks
    cross join series
    inner join detectors on series.mesure = detectors.mesure and detectors.de != ''
    left join counted as parts on ticks.tick = parts.tick and series.mesure = parts.mesure and series.cle = parts.cle
    left join counted as wholes
        on
            ticks.tick = wholes.tick
            and detectors.de = wholes.mesure
            and if(detectors.de = 'produit', series.cle, 'total') = wholes.cle
    left join learned as own on ticks.jour = own.jour and series.mesure = own.mesure and series.cle = own.cle
    left join learned as others on ticks.jour = others.jour and series.mesure = others.mesure and others.cle = ''
    {# a product whose price or mean was never learned #}
    where coalesce(own.dispersion_1h, others.dispersion_1h) is not null

),

{# what a window holds is the difference of two running totals #}
total_windows as (

    select
        *,
        {%- for name, width in windows %}
        {{ sum_of_last('k', width) }} as k_{{ name }},
        {{ sum_of_last('n', width) }} as n_{{ name }},
        {%- endfor %}
        {%- for name, width in windows[:2] %}
        {{ sum_of_last('k', width + 48) }} as k_avec_{{ name }},
        {{ sum_of_last('n', width + 48) }} as n_avec_{{ name }},
        {%- endfor %}
        {{ sum_of_last('n', 288) }} as n_jour,
        {{ sum_of_last('k', 24) }} as k_2h,
        {{ sum_of_last('carre', 24) }} as carres_2h
    from (
        select
            *,
            sum(k) over by_tick as cumul_k,
            sum(n) over by_tick as cumul_n,
            sum(difference * difference) over by_tick as cumul_carre,
            max(if(k > 0, tick, null)) over by_tick as vu,
            max(if(k > 0, n_jusque_la, null)) over by_tick as n_vu
        from (
            select
                *,
                sum(n) over by_tick as n_jusque_la,
                k - lag(k) over by_tick as difference
            from totals
            window by_tick as (partition by jour order by tick)
        ) as compared
        window by_tick as (partition by jour order by tick)
    ) as running
    window by_tick as (partition by jour order by tick)

),

share_windows as (

    select
        *,
        {%- for name, width in windows %}
        {{ sum_of_last('k', width) }} as k_{{ name }},
        {{ sum_of_last('n', width) }} as n_{{ name }},
        {%- endfor %}
        {{ sum_of_last('n', 288) }} as n_jour
    from (
        select
            *,
            sum(k) over by_tick as cumul_k,
            max(if(k > 0, tick, null)) over by_tick as vu,
            max(if(k > 0, cumul_n, null)) over by_tick as n_vu
        from (
            select
                *,
                sum(n) over (partition by jour, detecteur, cle order by tick) as cumul_n
            from shares
            where genre != 'gamma'
        ) as totalled
        window by_tick as (partition by jour, detecteur, cle order by tick)
    ) as running
    window by_tick as (partition by jour, detecteur, cle order by tick)

),

{# the amount of what was sold, given how much of each product: volume and mix have detectors of their own #}
amount_windows as (

    select
        {%- for name, width in windows %}
        {{ sum_of_last('k', width) }} as k_{{ name }},
        {{ sum_of_last('n', width) }} as n_{{ name }},
        {{ sum_of_last('e', width) }} as e_{{ name }},
        {{ sum_of_last('v_4h' if name == '4h' else 'v_1h', width) }} as v_{{ name }},
        {%- endfor %}
        premier,
        tick
    from (
        select
            jour,
            premier,
            tick,
            sum(sum(k)) over by_tick as cumul_k,
            sum(sum(n)) over by_tick as cumul_n,
            sum(sum(cast(n as decimal(20, 0)) * attendu)) over by_tick as cumul_e,
            sum(sum(cast(n as decimal(20, 0)) * dispersion_1h)) over by_tick as cumul_v_1h,
            sum(sum(cast(n as decimal(20, 0)) * dispersion_4h)) over by_tick as cumul_v_4h
        from shares
        where genre = 'gamma'
        group by jour, premier, tick
        window by_tick as (partition by jour order by tick)
    ) as running
    window by_tick as (partition by jour order by tick)

),

rupture as (

    select
        jour,
        dispersion_1h as d
    from learned
    where mesure = 'rupture'

),

{# what was counted (k) beside what was expected (m), out of how many (n), with its dispersion (d) #}
of_totals as (

    select
        total_windows.tick,
        stack(
            6,
            {%- for name, width in windows %}
            'volume', 'nb', '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, cast(null as bigint),
            n_{{ name }} / 3e6, {{ 'dispersion_4h' if name == '4h' else 'dispersion_1h' }},
            {%- endfor %}
            {%- for name, width in windows[:2] %}
            'rupture', 'part', '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, k_avec_{{ name }},
            k_avec_{{ name }} * (n_{{ name }} / cast(n_avec_{{ name }} as double)), rupture.d,
            {%- endfor %}
            'silence', 'nb', 'depuis', {{ ticks_since_seen() }}, 4, if(k = 0, 0L, null), null,
            {{ since_seen() }} / 3e6, dispersion_1h
        ) as (detecteur, genre, fenetre, ticks, ordre, k, n, m, d)
    from total_windows
    inner join rupture on total_windows.jour = rupture.jour
    where total_windows.tick >= total_windows.premier

),

of_shares as (

    select
        tick,
        detecteur,
        cle,
        genre,
        part,
        stack(
            4,
            {%- for name, width in windows %}
            '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, n_{{ name }},
            {{ 'dispersion_4h' if name == '4h' else 'dispersion_1h' }},
            {%- endfor %}
            'depuis', {{ ticks_since_seen() }}, 4, if(k = 0 and genre = 'part', 0L, null),
            {{ since_seen() }}, dispersion_1h
        ) as (fenetre, ticks, ordre, k, n, d)
    from share_windows
    where tick >= premier

),

observed as (

    select
        tick,
        detecteur,
        'total' as cle,
        genre,
        fenetre,
        ticks,
        ordre,
        cast(k as double) as k,
        cast(n as double) as n,
        m,
        d / 1e9 as d
    from of_totals
    where detecteur != 'rupture' or n >= 5
    union all
    select
        tick,
        detecteur,
        cle,
        genre,
        fenetre,
        ticks,
        ordre,
        cast(k as double) as k,
        cast(n as double) as n,
        n * part / 1e9 as m,
        d / 1e9 as d
    from of_shares
    where n > 0

),

{# the count half a unit nearer to what was expected #}
corrected as (

    select
        *,
        if(k > m, greatest(k - 0.5e0, m), least(k + 0.5e0, m)) as kc
    from observed
    where k is not null and m > 0

),

of_amounts as (

    select
        tick,
        stack(
            3,
            {%- for name, width in windows %}
            '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, n_{{ name }}, e_{{ name }}, v_{{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as (fenetre, ticks, ordre, k, n, e, v)
    from amount_windows
    where tick >= premier

),

amounts as (

    select
        tick,
        fenetre,
        ticks,
        ordre,
        cast(k as double) as k,
        cast(n as double) as n,
        cast(e as double) / 1e6 as m,
        cast(v as double) as v
    from of_amounts
    where n >= 20 and e > 0 and v > 0

),

scored as (

    select
        tick,
        detecteur,
        cle,
        fenetre,
        ticks,
        ordre,
        k,
        n,
        m,
        if(genre = 'nb', {{ score_of('nb') | indent(8) }}, {{ score_of('part') | indent(8) }}) as score,
        if(genre = 'nb', sqrt(m + d * m * m), sqrt(m * (1e0 - m / n) * (1e0 + (n - 1) * d))) as ecart_type
    from corrected
    union all
    select
        tick,
        'panier' as detecteur,
        'total' as cle,
        fenetre,
        ticks,
        ordre,
        k / 1e2 as k,
        n,
        m / 1e2 as m,
        {{ whole('1e4 * (3e0 * m / sqrt(v) * (power(k / m, 1e0 / 3e0) - 1e0 + v / (9e0 * m * m)))') }} as score,
        sqrt(v) / 1e2 as ecart_type
    from amounts
    union all
    {# too regular: squared differences of neighbours, of which chance makes twice the mean; a chi-square of 16 degrees #}
    select
        tick,
        'plat' as detecteur,
        'total' as cle,
        '2h' as fenetre,
        24 as ticks,
        1 as ordre,
        cast(carres_2h as double) as k,
        null as n,
        48e0 * (k_2h / 24e0) as m,
        {{ whole(
            '1e4 * ((power(carres_2h / (48e0 * (k_2h / 24e0)), 1e0 / 3e0) - (1e0 - 2e0 / 144e0)) / sqrt(2e0 / 144e0))'
        ) }} as score,
        0e0 as ecart_type
    from total_windows
    where tick >= premier and k_2h >= 72

),

{# of the windows of a detector, the one that is farthest off #}
ranked as (

    select
        scored.*,
        row_number() over (
            partition by scored.tick, scored.detecteur, scored.cle
            order by abs(scored.score) desc, scored.ordre
        ) as place
    from scored
    inner join detectors on scored.detecteur = detectors.detecteur
    where
        abs(scored.score) >= detectors.seuil * 10000
        and (detectors.cote = 'both' or (detectors.cote = 'up') = (scored.score > 0))
        {# an excess of less than five is none #}
        and (scored.score < 0 or scored.k >= 5 or scored.detecteur in ('panier', 'rupture'))

),

final as (

    select
        {{ start_of_tick('tick') }} as moment,
        detecteur,
        cle,
        fenetre,
        cast(cast({{ whole('1e2 * k', most='9e17') }} as decimal(20, 0)) / 100 as decimal(18, 2)) as observe,
        cast(cast({{ whole('1e2 * m', most='9e17') }} as decimal(20, 0)) / 100 as decimal(18, 2)) as attendu,
        cast(cast({{ whole('1e2 * ecart_type', most='9e17') }} as decimal(20, 0)) / 100 as decimal(18, 2)) as ecart_type,
        cast(n as bigint) as sur,
        cast(greatest(least(score, 99999999), -99999999) / 10000 as decimal(8, 4)) as score,
        ticks,
        {{ gold_state().tranche or 0 }} as tranche,
        {{ gold_state().publication }} as publication
    from ranked
    where place = 1

)

select * from final
{%- endif %}
