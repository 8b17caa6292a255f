"""The forecasts of Gold, and how good the last ones were.

A forecast is of one series: a measure (EUR, or a number of sales) of all sales, of one product or of one country.
Its bounds are None until there are enough past errors.  Without two weeks of sales, or in Gold that was published
before it had forecasts, there is nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from ingestion.lake.engine import Row
from ingestion.queries.filters import composed
from ingestion.queries.snapshot import GoldSnapshot

# what is forecast, and of what (dbt_sales/models/glossary.md)
MESURES = ("nombre_ventes", "total_montant")
DIMENSIONS = ("total", "produit", "pays")
# the key of the series of all sales
TOTAL = "total"
_VALUES = "horizon, prevision, bas_80, haut_80, bas_95, haut_95, prevision_naive"
# what was added for another time zone is of other days
_NEWEST = """
fuseau = $fuseau and emission = (select max(emission) from read_parquet($files) where fuseau = $fuseau)
"""


@dataclass(frozen=True, slots=True)
class HourlyForecast:
    """One hour (UTC), in EUR or sales; `horizon` counts from the origin, the start of the last day with a sale.

    `prevision_naive`: the same hour of the week before.
    """

    heure: datetime
    horizon: int
    prevision: Decimal
    bas_80: Decimal | None
    haut_80: Decimal | None
    bas_95: Decimal | None
    haut_95: Decimal | None
    prevision_naive: Decimal


@dataclass(frozen=True, slots=True)
class DailyForecast:
    """One day, in EUR or sales; the first is the last day with a sale, of which nothing was known.

    `prevision_naive`: the same day of the last week that was over.
    """

    jour: date
    horizon: int
    prevision: Decimal
    bas_80: Decimal | None
    haut_80: Decimal | None
    bas_95: Decimal | None
    haut_95: Decimal | None
    prevision_naive: Decimal


@dataclass(frozen=True, slots=True)
class ForecastQuality:
    """One series x step (`heure`, `jour`), or class of its horizons: the forecasts of two weeks beside what came.

    `wape`, `biais`: errors, and errors with their sign, in percent of what came; None if nothing did.  `mase`: the mean
    error as a multiple of the usual one of the week before; None without that.  `couverture_80`: percent of the
    intervals that held what came; None without an interval.  `est_meilleure`: errors are smaller than the naive ones.
    """

    mesure: str
    dimension: str
    cle: str
    pas: str
    horizons: str | None
    nombre_previsions: int
    wape: Decimal | None
    wape_naive: Decimal | None
    mase: Decimal | None
    biais: Decimal | None
    couverture_80: Decimal | None
    couverture_95: Decimal | None
    est_meilleure: bool


def hourly_forecast(gold: GoldSnapshot, mesure: str, dimension: str = TOTAL, cle: str = TOTAL) -> list[HourlyForecast]:
    """The hours of two days, from the newest origin; none for a series that is not known."""
    return [HourlyForecast(*row) for row in _newest(gold, "previsions_horaires", "heure", mesure, dimension, cle)]


def daily_forecast(gold: GoldSnapshot, mesure: str, dimension: str = TOTAL, cle: str = TOTAL) -> list[DailyForecast]:
    """Fourteen days, from the newest origin; none for a series that is not known."""
    return [DailyForecast(*row) for row in _newest(gold, "previsions_journalieres", "jour", mesure, dimension, cle)]


def _newest(gold: GoldSnapshot, table: str, target: str, mesure: str, dimension: str, cle: str) -> list[Row]:
    return gold.rows(
        table,
        f"""
        select {target}, {_VALUES} from read_parquet($files)
        where {_NEWEST} and mesure = $mesure and dimension = $dimension and nfc_normalize(cle) = $cle
        order by {target}
        """,
        fuseau=_fuseau(gold),
        mesure=mesure,
        dimension=dimension,
        cle=composed(cle),
    )


def forecast_quality(gold: GoldSnapshot, *, by_horizon: bool = False) -> list[ForecastQuality]:
    """The newest night's comparison, all horizons together or class by class, the nearest first."""
    horizons = "horizons" if by_horizon else "null"
    rows = gold.rows(
        "evaluation_previsions",
        f"""
        select
            mesure, dimension, cle, pas, {horizons} as classe, sum(nombre_previsions)::bigint,
            sum(somme_observee), sum(somme_ecarts), sum(somme_erreurs), sum(somme_erreurs_naives),
            -- the same for every horizon
            max(erreur_naive_habituelle),
            sum(couvertes_80)::bigint, sum(nombre_avec_80)::bigint,
            sum(couvertes_95)::bigint, sum(nombre_avec_95)::bigint
        from read_parquet($files) where {_NEWEST}
        group by mesure, dimension, cle, pas, classe
        order by mesure, dimension, cle, pas, min(split_part(horizons, '-', 1)::int)
        """,
        fuseau=_fuseau(gold),
    )
    return [_quality(*row) for row in rows]


def _fuseau(gold: GoldSnapshot) -> str:
    return gold.publication.fuseau if gold.publication else ""


def _quotient(part: Decimal, whole: Decimal) -> Decimal | None:
    """With two decimals, half away from zero; None for a whole of nothing."""
    return (part / whole).quantize(Decimal("0.01"), ROUND_HALF_UP) if whole else None


def _quality(
    mesure: str,
    dimension: str,
    cle: str,
    pas: str,
    horizons: str | None,
    count: int,
    observed: Decimal,
    bias: Decimal,
    errors: Decimal,
    naive: Decimal,
    usual: Decimal | None,
    *covered: int,
) -> ForecastQuality:
    within_80, with_80, within_95, with_95 = map(Decimal, covered)
    return ForecastQuality(
        mesure,
        dimension,
        cle,
        pas,
        horizons,
        nombre_previsions=count,
        wape=_quotient(100 * errors, observed),
        wape_naive=_quotient(100 * naive, observed),
        mase=_quotient(errors, count * usual) if usual else None,
        biais=_quotient(100 * bias, observed),
        couverture_80=_quotient(100 * within_80, with_80),
        couverture_95=_quotient(100 * within_95, with_95),
        est_meilleure=errors < naive,
    )
