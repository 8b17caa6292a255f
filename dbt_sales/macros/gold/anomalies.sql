{# Anomalies: what the models of `models/gold/anomalies` share.  docs/anomalies.md derives the method.

   A detector compares a count with what the previous four weeks suggest.  Every double is rounded to a whole number
   before it is summed, so that the order of rows and the engine do not matter. #}


{# The detectors, as rows of literals: what is counted (`mesure`) out of what (`de`: that total, or the sales of the same
   product), how the count spreads (`nb`: around an expectation; `part`: as a share; others: their own), on which side it
   alarms, the least dispersion, in billionths, and the rank: of two with one cause, the lower is nearer to it.

   `seuil`: how far from what was expected it raises an alarm, in standard deviations of a normal distribution; by
   simulation, less than one false alarm a week over all detectors. #}
{% macro detector_rows() -%}
    values
    ('silence', 'volume', '', 'nb', 'down', 2500000, 1, 3.8),
    ('partition', 'partition', 'volume', 'part', 'both', 200000, 2, 4.4),
    ('doublon', 'doublon', 'volume', 'nb', 'up', 100000000, 5, 4.4),
    ('rejet', 'rejet', 'volume', 'nb', 'up', 50000000, 6, 4.4),
    ('vide', 'vide', 'volume', 'nb', 'up', 50000000, 7, 4.4),
    ('prix', 'prix', 'produit', 'nb', 'up', 50000000, 8, 4.4),
    ('produit', 'produit', 'valide', 'part', 'both', 500000, 9, 4.4),
    ('pays', 'pays', 'valide', 'part', 'both', 500000, 10, 4.4),
    ('segment', 'segment', 'valide', 'part', 'both', 500000, 11, 4.4),
    ('volume', 'volume', '', 'nb', 'both', 2500000, 12, 4.4),
    ('rupture', 'volume', '', 'part', 'both', 500000, 13, 4.4),
    ('panier', 'montant', 'produit', 'gamma', 'both', 0, 14, 4.4),
    ('retard', 'retard', 'valide', 'nb', 'up', 100000000, 15, 4.4),
    ('plat', 'volume', '', 'plat', 'down', 0, 16, 4.4)
    as detectors (detecteur, mesure, de, genre, cote, plancher, rang, seuil)
{%- endmacro %}


{# Which detectors see the same causes, as rows of literals; a pair counts in both directions. #}
{% macro link_rows() -%}
    values
    ('silence', array('volume', 'rupture', 'partition', 'retard', 'plat')),
    ('volume', array('rupture', 'partition', 'doublon', 'produit', 'pays', 'segment', 'plat', 'retard')),
    ('rupture', array('partition', 'doublon', 'produit', 'pays', 'segment', 'plat', 'retard')),
    ('produit', array('pays', 'segment', 'panier', 'rejet')),
    ('pays', array('segment', 'rejet')),
    ('segment', array('rejet')),
    ('panier', array('prix', 'rejet')),
    ('retard', array('partition', 'doublon')),
    ('rejet', array('vide')),
    ('plat', array('partition'))
    as links (detecteur, autres)
{%- endmacro %}


{# The days, in UTC, whose ticks this run looks at and for which nothing was learned yet, if there are two weeks before them
   to learn from; as literals. #}
{% macro days_to_learn(mesures) %}
    {%- set ticks = ticks_to_score() -%}
    {%- if not ticks -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set wanted = [start_as_text(ticks.first)[:10], start_as_text(ticks.last)[:10]] | unique | list -%}
    {%- set version = last_publication_of_gold().get('versions', {}).get('attentes') -%}
    {%- set attentes = load_relation(api.Relation.create(schema=model.schema, identifier='attentes')) -%}
    {%- set learned = [] -%}
    {%- if version is not none and attentes is not none -%}
        {%- do learned.extend(query_once_per_run(
            "select distinct cast(date_arrivee as string) as jour from " ~ attentes ~ " version as of " ~ version
            ~ " where date_arrivee >= date'" ~ wanted[0] ~ "'"
        ) | map(attribute='jour')) -%}
    {%- endif -%}
    {%- set days = wanted | reject('in', learned) | list -%}
    {%- if not days -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set first = query_once_per_run(
        "select cast(to_date(date_trunc('hour', min(moment)) - interval 1 hour) as string) as jour from " ~ mesures
        ~ " where mesure = 'volume'"
    )[0].jour -%}
    {{ return(days | select('ge', days_later([first], 15)[0]) | list if first else []) }}
{% endmacro %}


{# The days of the ticks that this run looks at for which something was learned, as literals. #}
{% macro days_learned(attentes) %}
    {%- set ticks = ticks_to_score() -%}
    {%- if not ticks -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(query_once_per_run(
        "select distinct cast(date_arrivee as string) as jour from " ~ attentes ~ " where date_arrivee between date'"
        ~ start_as_text(ticks.first)[:10] ~ "' and date'" ~ start_as_text(ticks.last)[:10] ~ "'"
    ) | map(attribute='jour') | list) }}
{% endmacro %}


{# Whether there was ever an alarm. #}
{% macro has_alarms(alertes) %}
    {%- set there = load_relation(alertes) if execute else none -%}
    {{ return(there is not none
        and query_once_per_run("select max(publication) as newest from " ~ alertes)[0].newest is not none) }}
{% endmacro %}


{# The rows of a table to which a run of Gold adds and which says what was known then: all that it writes if readers do not
   know the table yet, since an earlier run may have left some. #}
{% macro of_this_publication() -%}
    {{ 'true' if execute and this.identifier not in last_publication_of_gold().get('versions', {}) else 'publication = ' ~ gold_state().publication }}
{%- endmacro %}


{# The hours that are not learned from, because an alarm touched them: `mesure, heure`, by number; given `detectors`.  After 72 of them in a
   week, a new state is no anomaly any more; but silence never is the normal state. #}
{% macro hours_kept_out(since) -%}
    {%- set version = last_publication_of_gold().get('versions', {}).get('alertes') if execute else none -%}
    {%- set alertes = load_relation(api.Relation.create(schema=model.schema, identifier='alertes')) if version is not none else none -%}
    {%- if alertes is none -%}
    select
        cast(null as string) as mesure,
        cast(null as bigint) as heure
    where false
    {%- else -%}
    select
        mesure,
        heure
    from (
        select
            mesure,
            heure,
            max(est_silence) as est_silence,
            count(*) over (partition by mesure order by heure range between 167 preceding and current row) as dans_la_semaine
        from (
            select
                detectors.mesure,
                alertes.detecteur = 'silence' as est_silence,
                explode(sequence(
                    ({{ tick_of('alertes.moment') }} - alertes.ticks + 1) div 12,
                    {{ tick_of('alertes.moment') }} div 12
                )) as heure
            from {{ alertes }} version as of {{ version }} as alertes
            inner join detectors on alertes.detecteur = detectors.detecteur
            where alertes.moment >= timestamp'{{ since }}' - interval 9 days
        )
        group by mesure, heure
    )
    where dans_la_semaine <= 72 or est_silence
    {%- endif -%}
{%- endmacro %}


{# How far the square of an error is above what chance alone makes it, in thousandths. #}
{% macro square_error(count, expected) -%}
    {{ whole('1e3 * ((' ~ count ~ ' - ' ~ expected ~ ') * (' ~ count ~ ' - ' ~ expected ~ ') - ' ~ expected ~ ')') }}
{%- endmacro %}


{# A sum of such errors by what they are measured in; decimals, because one absurd amount may not fit a bigint. #}
{% macro of_sums(errors, units, over='') -%}
    (cast(sum(cast({{ errors }} as decimal(38, 0))) {{ over }} as double)
    / cast(greatest(sum(cast({{ units }} as decimal(38, 0))) {{ over }}, 1) as double))
{%- endmacro %}


{# How far a count `k` is from `m`, in standard deviations of a normal distribution: the signed root of the deviance, with half
   a count of continuity.  `kc` is the count, half a unit nearer to `m`.  In ten-thousandths. #}
{% macro score_of(genre) -%}
    {{ whole('1e4 * (if(k > m, 1e0, -1e0) * sqrt(greatest(' ~ deviance(genre) ~ ', 0e0)))') }}
{%- endmacro %}


{# Twice the logarithm of how much better the count explains itself than the expectation does: of a negative binomial, or
   of a share whose chance varies.  The logarithm of nothing is that of almost nothing. #}
{% macro deviance(genre) -%}
    {%- if genre == 'nb' -%}
    2e0 * (kc * ln(greatest(kc, 1e-9) / m) - (kc + 1e0 / d) * ln((kc + 1e0 / d) / (m + 1e0 / d)))
    {%- else -%}
    2e0 * (
        kc * ln(greatest(kc, 1e-9) / m)
        + (n - kc) * ln(greatest(n - kc, 1e-9) / greatest(n - m, 1e-9))
    ) / (1e0 + greatest(n - 1, 0) * d)
    {%- endif -%}
{%- endmacro %}


{# True.  Spark computes a relation that it reads several times again for each of them, unless it is not deterministic: then
   it keeps the rows.  Here this halves the time of the plan. #}
{% macro computed_once() -%}
    rand() >= 0
{%- endmacro %}


{# How regular neighbouring ticks are: the squares of their differences are twice the mean by chance; a chi-square of 16
   degrees of freedom.  In ten-thousandths; negative if they are more regular. #}
{% macro flatness(squares, count) -%}
    {{ whole(
        '1e4 * ((power(' ~ squares ~ ' / (48e0 * (' ~ count ~ ' / 24e0)), 1e0 / 3e0) - (1e0 - 2e0 / 144e0)) / sqrt(2e0 / 144e0))'
    ) }}
{%- endmacro %}


{# A double with two decimals. #}
{% macro hundredths(value) -%}
    cast(cast({{ whole('1e2 * ' ~ value, most='9e17') }} as decimal(20, 0)) / 100 as decimal(18, 2))
{%- endmacro %}
