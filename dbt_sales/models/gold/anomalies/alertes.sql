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
{%- if not days_learned(attentes) %}
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
        moment >= {{ start_of_tick(ticks.first - 312) }}
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

detectors as (

    {{ detector_rows() | indent(4) }}

),

{# the ticks to score #}
looks as (

    select
        learned.jour,
        looks.tick,
        learned.dispersion_1h as dispersion_rupture
    from (select explode(sequence({{ ticks.first }}, {{ ticks.last }})) as tick) as looks
    inner join learned
        on
            to_date({{ start_of_tick('looks.tick') }}) = learned.jour
            and learned.mesure = 'rupture'

),

{# the total, back from each of them, tick by tick; nothing is expected of the first hours, which only `plat` looks at #}
clock as (

    select
        spans.tick,
        spans.age,
        spans.dispersion_rupture,
        coalesce(volumes.nombre, 0) as k,
        coalesce(expected.attendu, 0) as n,
        if(spans.age = 0, expected.dispersion_1h, null) as dispersion_1h,
        if(spans.age = 0, expected.dispersion_4h, null) as dispersion_4h
    from (
        select
            jour,
            tick,
            dispersion_rupture,
            explode(sequence(0, 312)) as age
        from looks
    ) as spans
    left join learned as expected
        on
            spans.jour = expected.jour
            and expected.mesure = 'volume'
            and timestamp_seconds((spans.tick - spans.age) div 3 * 900) = expected.moment
    left join counted as volumes on spans.tick - spans.age = volumes.tick and volumes.mesure = 'volume'

),

compared as (

    select
        *,
        k - lag(k) over (partition by tick order by age desc) as difference,
        {# the age of the last tick with an event #}
        min(if(k > 0 and age < 288, age, null)) over (partition by tick) as vu
    from clock

),

totals as (

    select
        tick,
        {%- for name, width in windows %}
        sum(if(age < {{ width }}, k, 0)) as k_{{ name }},
        sum(if(age < {{ width }}, n, 0)) as n_{{ name }},
        {%- endfor %}
        {%- for name, width in windows[:2] %}
        sum(if(age < {{ width + 48 }}, k, 0)) as k_avec_{{ name }},
        sum(if(age < {{ width + 48 }}, n, 0)) as n_avec_{{ name }},
        {%- endfor %}
        coalesce(max(vu), 288) as depuis,
        sum(if(age < coalesce(vu, 288), n, 0)) as n_depuis,
        {%- for name, first in [('2h', 0), ('2h_hier', 288)] %}
        sum(if(age between {{ first }} and {{ first + 23 }}, k, 0)) as k_{{ name }},
        sum(if(age between {{ first }} and {{ first + 23 }}, difference * difference, 0)) as carres_{{ name }},
        {%- endfor %}
        max(dispersion_rupture) as dispersion_rupture,
        max(dispersion_1h) as dispersion_1h,
        max(dispersion_4h) as dispersion_4h
    from compared
    group by tick

),

{# every series: of each key that was learned or counted #}
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
    where cle != ''

),

{# what came of each before each tick to score #}
sums as (

    select
        looks.tick,
        looks.jour,
        series.mesure,
        series.cle,
        {%- for name, width in windows %}
        sum(if(looks.tick - counted.tick < {{ width }}, counted.nombre, 0)) as k_{{ name }},
        {%- endfor %}
        min(looks.tick - counted.tick) as vu
    from looks
    cross join series
    left join counted
        on
            series.mesure = counted.mesure
            and series.cle = counted.cle
            and counted.tick between looks.tick - 287 and looks.tick
    where {{ computed_once() }}
    group by looks.tick, looks.jour, series.mesure, series.cle

),

{# of how many #}
shares as (

    select
        parts.tick,
        parts.cle,
        detectors.detecteur,
        detectors.genre,
        detectors.de,
        {%- for name, _ in windows %}
        parts.k_{{ name }},
        coalesce(wholes.k_{{ name }}, 0) as n_{{ name }},
        {%- endfor %}
        coalesce(parts.vu, 288) as depuis,
        coalesce(own.part, others.part) as part,
        coalesce(own.attendu, others.attendu) as attendu,
        coalesce(own.dispersion_1h, others.dispersion_1h) as dispersion_1h,
        coalesce(own.dispersion_4h, others.dispersion_4h) as dispersion_4h
    from sums as parts
    inner join detectors on parts.mesure = detectors.mesure and detectors.de != ''
    left join sums as wholes
        on
            parts.tick = wholes.tick
            and detectors.de = wholes.mesure
            and if(detectors.de = 'produit', parts.cle, 'total') = wholes.cle
    left join learned as own on parts.jour = own.jour and parts.mesure = own.mesure and parts.cle = own.cle
    left join learned as others on parts.jour = others.jour and parts.mesure = others.mesure and others.cle = ''
    {# a product whose price or mean was never learned #}
    where coalesce(own.dispersion_1h, others.dispersion_1h) is not null

),

{# of how many, since the last of a key that has not come #}
absences as (

    select
        shares.tick,
        shares.cle,
        shares.detecteur,
        shares.depuis,
        shares.part,
        shares.dispersion_1h as d,
        sum(counted.nombre) as n
    from shares
    inner join counted
        on
            shares.de = counted.mesure
            and counted.tick > shares.tick - shares.depuis
            and counted.tick <= shares.tick
    where shares.genre = 'part' and shares.depuis > 0
    group by shares.tick, shares.cle, shares.detecteur, shares.depuis, shares.part, shares.dispersion_1h

),

{# what was counted (k) beside what was expected (m), out of how many (n), with its dispersion (d) #}
of_totals as (

    select
        tick,
        stack(
            6,
            {%- for name, width in windows %}
            'volume', 'nb', '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, cast(null as bigint),
            n_{{ name }} / 3e6, {{ 'dispersion_4h' if name == '4h' else 'dispersion_1h' }},
            {%- endfor %}
            {%- for name, width in windows[:2] %}
            'rupture', 'part', '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, k_avec_{{ name }},
            k_avec_{{ name }} * (n_{{ name }} / nullif(cast(n_avec_{{ name }} as double), 0e0)), dispersion_rupture,
            {%- endfor %}
            'silence', 'nb', 'depuis', depuis, 4, if(depuis > 0, 0L, null), null, n_depuis / 3e6, dispersion_1h
        ) as (detecteur, genre, fenetre, ticks, ordre, k, n, m, d)
    from totals

),

of_shares as (

    select
        tick,
        cle,
        detecteur,
        genre,
        part,
        stack(
            3,
            {%- for name, width in windows %}
            '{{ name }}', {{ width }}, {{ loop.index }}, k_{{ name }}, n_{{ name }},
            {{ 'dispersion_4h' if name == '4h' else 'dispersion_1h' }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as (fenetre, ticks, ordre, k, n, d)
    from shares
    where genre in ('nb', 'part')

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
    union all
    select
        tick,
        detecteur,
        cle,
        'part' as genre,
        'depuis' as fenetre,
        depuis as ticks,
        4 as ordre,
        0e0 as k,
        cast(n as double) as n,
        n * part / 1e9 as m,
        d / 1e9 as d
    from absences

),

{# the count half a unit nearer to what was expected #}
corrected as (

    select
        *,
        if(k > m, greatest(k - 0.5e0, m), least(k + 0.5e0, m)) as kc
    from observed
    where k is not null and m > 0

),

{# the amount of what was sold, given how much of each product: volume and mix have detectors of their own #}
amounts as (

    select
        tick,
        {%- for name, _ in windows %}
        sum(k_{{ name }}) as k_{{ name }},
        sum(n_{{ name }}) as n_{{ name }},
        sum(cast(n_{{ name }} as decimal(20, 0)) * attendu) as e_{{ name }},
        sum(cast(n_{{ name }} as decimal(20, 0)) * {{ 'dispersion_4h' if name == '4h' else 'dispersion_1h' }})
            as v_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from shares
    where genre = 'gamma'
    group by tick

),

of_amounts as (

    select
        tick,
        stack(
            3,
            {%- for name, width in windows %}
            '{{ name }}', {{ width }}, {{ loop.index }}, cast(k_{{ name }} as double), cast(n_{{ name }} as double),
            cast(e_{{ name }} as double) / 1e6, cast(v_{{ name }} as double){{ ',' if not loop.last }}
            {%- endfor %}
        ) as (fenetre, ticks, ordre, k, n, m, v)
    from amounts

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
    from of_amounts
    where n >= 20 and m > 0 and v > 0
    union all
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
        {{ flatness('carres_2h', 'k_2h') }} as score,
        0e0 as ecart_type
    from totals
    where
        k_2h >= 72
        {# a source that was so a day before is so #}
        and not if(k_2h_hier >= 72, {{ flatness('carres_2h_hier', 'k_2h_hier') }} <= -44000, false)

),

{# a score that its column cannot hold is the largest that it can #}
clipped as (

    select
        *,
        greatest(least(score, 99999999), -99999999) as note
    from scored

),

{# of the windows of a detector, the one that is farthest off #}
ranked as (

    select
        clipped.*,
        row_number() over (
            partition by clipped.tick, clipped.detecteur, clipped.cle
            order by abs(clipped.note) desc, clipped.ordre
        ) as place
    from clipped
    inner join detectors on clipped.detecteur = detectors.detecteur
    where
        abs(clipped.note) >= detectors.seuil * 10000
        and (detectors.cote = 'both' or (detectors.cote = 'up') = (clipped.note > 0))
        {# an excess of less than five is none #}
        and (clipped.note < 0 or clipped.k >= 5 or clipped.detecteur in ('panier', 'rupture'))

),

final as (

    select
        {{ start_of_tick('tick') }} as moment,
        detecteur,
        cle,
        fenetre,
        {{ hundredths('k') }} as observe,
        {{ hundredths('m') }} as attendu,
        {{ hundredths('ecart_type') }} as ecart_type,
        cast(n as bigint) as sur,
        cast(note / 10000 as decimal(8, 4)) as score,
        cast(ticks as int) as ticks,
        {{ gold_state().tranche or 0 }} as tranche,
        {{ gold_state().publication }} as publication
    from ranked
    where place = 1

)

select * from final
{%- endif %}
