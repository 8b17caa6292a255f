"""What was observed around an incident beside what was expected, by quarter of an hour.

The expectation of a quarter is that of its day (UTC).  The band is an approximation of what is still ordinary: the
detector's threshold times the standard deviation, on both sides.  What alarms is decided by a deviance, which is not
symmetric, with half a unit of continuity, over the detector's windows; and an excess needs at least five events.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ingestion.detectors import DETECTORS, THRESHOLDS, TOTALS, measure_of, total_of
from ingestion.queries.anomalies import TICK, Anomaly, anomaly, last_complete_tick
from ingestion.queries.snapshot import GoldSnapshot

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
BEFORE, AFTER, LONGEST = timedelta(hours=12), timedelta(hours=6), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of an hour from `moment`; without an expectation where its day has none."""

    moment: datetime
    observe: Decimal
    attendu: Decimal | None
    attendu_bas: Decimal | None
    attendu_haut: Decimal | None


@dataclass(frozen=True, slots=True)
class AnomalyPicture:
    """What an incident's strongest alarm counts, in `evenements`, `ventes` or `EUR`, the oldest quarter first."""

    anomalie_id: str
    mesure: str
    cle: str
    unite: str
    debut: datetime
    derniere_alerte: datetime
    fin: datetime | None
    quarts: list[Quarter]


# what was counted in one quarter, and what was learned for one day: by measure and key
_Counts = dict[tuple[str, str], int]
_Learned = dict[str, tuple[int, int, int]]
# expected, and its standard deviation
_Expected = tuple[float, float] | None


def anomaly_picture(gold: GoldSnapshot, anomalie_id: str) -> AnomalyPicture | None:
    """The quarters from 12 hours before the incident to 6 hours after its last alarm, of at most three days; or None.

    It ends with what is known to be complete.
    """
    found = anomaly(gold, anomalie_id)
    if found is None:
        return None
    mesure, cle = _series(found)
    is_of_sales = mesure == "prix" or TOTALS.get(mesure) == "valide"
    unit = "EUR" if mesure == "montant" else "ventes" if is_of_sales else "evenements"
    span = found.debut, found.derniere_alerte, found.fin
    return AnomalyPicture(anomalie_id, mesure, cle, unit, *span, _quarters(gold, found))


def _series(found: Anomaly) -> tuple[str, str]:
    mesure = measure_of(found.cause)
    return mesure, "total" if mesure in ("volume", "montant") else found.cle


def _quarters(gold: GoldSnapshot, found: Anomaly) -> list[Quarter]:
    start, end = _span(gold, found)
    if start >= end:
        return []
    mesure, cle = _series(found)
    counted, learned = _counted(gold, mesure, cle, start, end), _learned(gold, mesure, cle, start, end)
    threshold = float(THRESHOLDS[found.cause])
    scale = 100 if mesure == "montant" else 1
    quarters = []
    for number in range(int((end - start) / QUARTER)):
        moment = start + number * QUARTER
        counts = counted.get(moment, {})
        if mesure == "montant":
            observed = sum(count for (measure, _), count in counts.items() if measure == "montant")
        else:
            observed = counts.get((mesure, cle), 0)
        expected = _KINDS.get(mesure, _of_share)(learned.get(moment.date(), {}), counts, (mesure, cle), moment)
        bounds = _bounds(expected, threshold, scale)
        quarters.append(Quarter(moment, _decimal(observed / scale), *bounds))
    return quarters


def _span(gold: GoldSnapshot, found: Anomaly) -> tuple[datetime, datetime]:
    """Whole quarters that are complete; all of them are counted, since nothing alarms in the first two weeks."""
    if (complete := last_complete_tick(gold)) is None:
        return found.debut, found.debut
    start = _quarter_of(found.debut - BEFORE)
    end = min(found.derniere_alerte + AFTER, start + LONGEST)
    return start, _quarter_of(min(end, complete + TICK))


def _quarter_of(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // 900 * 900, UTC)


def _counted(gold: GoldSnapshot, mesure: str, cle: str, start: datetime, end: datetime) -> dict[datetime, _Counts]:
    """What was counted of the measure and of what it is a share of, by quarter."""
    whole, whole_cle = (mesure, cle) if mesure == "volume" else total_of(mesure, cle)
    rows = gold.rows(
        "mesures",
        f"""
        select epoch_us(moment) // 900_000_000 as quart, mesure, cle, sum(nombre)::bigint
        from read_parquet($files)
        where date_arrivee between $first and $last and moment >= $start and moment < $end and mesure = any($mesures)
            {"" if mesure == "montant" else "and cle = any($cles)"}
        group by quart, mesure, cle
        """,
        **_days(start, end),
        start=start,
        end=end,
        mesures=[mesure, whole],
        **({} if mesure == "montant" else {"cles": [cle, whole_cle]}),
    )
    counted: dict[datetime, _Counts] = {}
    for quarter, measure, key, count in rows:
        counted.setdefault(datetime.fromtimestamp(quarter * 900, UTC), {})[measure, key] = count
    return counted


def _learned(gold: GoldSnapshot, mesure: str, cle: str, start: datetime, end: datetime) -> dict[date, _Learned]:
    """What was learned of the measure, by day and by key; of the volume, by day and by quarter of the day."""
    rows = gold.rows(
        "attentes",
        f"""
        select date_arrivee, {"epoch_us(moment)::varchar" if mesure == "volume" else "cle"},
            coalesce(attendu, 0), coalesce(part, 0), dispersion_1h
        from read_parquet($files)
        where date_arrivee between $first and $last and mesure = $mesure
            {"" if mesure == "montant" else "and cle in ($cle, '')"}
        """,
        **_days(start, end),
        mesure=mesure,
        **({} if mesure == "montant" else {"cle": cle}),
    )
    learned: dict[date, _Learned] = {}
    for day, key, *values in rows:
        learned.setdefault(day, {})[key] = (values[0], values[1], values[2])
    return learned


def _days(start: datetime, end: datetime) -> dict[str, date]:
    return {"first": start.date(), "last": end.date()}


def _of_volume(learned: _Learned, counts: _Counts, series: tuple[str, str], moment: datetime) -> _Expected:
    if (row := learned.get(str(int(moment.timestamp()) * 1_000_000))) is None:
        return None
    expected, spread = row[0] / 1e6, row[2] / 1e9
    return expected, math.sqrt(expected + spread * expected * expected)


def _of_share(learned: _Learned, counts: _Counts, series: tuple[str, str], moment: datetime) -> _Expected:
    mesure, cle = series
    # of a key that was never seen
    if (row := learned.get(cle) or learned.get("")) is None:
        return None
    n, spread = counts.get(total_of(mesure, cle), 0), row[2] / 1e9
    expected = n * row[1] / 1e9
    if DETECTORS[mesure].kind != "part":
        return expected, math.sqrt(expected + spread * expected * expected)
    variance = expected * (1 - expected / n) * (1 + (n - 1) * spread) if n else 0.0
    return expected, math.sqrt(max(variance, 0.0))


def _of_amounts(learned: _Learned, counts: _Counts, series: tuple[str, str], moment: datetime) -> _Expected:
    """The sales of each product times what one of them usually costs."""
    if not learned:
        return None
    known = [(counts.get(("produit", product), 0), row) for product, row in learned.items()]
    expected = sum(n * row[0] for n, row in known) / 1e6
    return expected, math.sqrt(sum(n * row[2] for n, row in known))


_KINDS: dict[str, Callable[[_Learned, _Counts, tuple[str, str], datetime], _Expected]] = {
    "volume": _of_volume,
    "montant": _of_amounts,
}


def _bounds(expected: _Expected, threshold: float, scale: int) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Expected, and the band around it."""
    if expected is None:
        return None, None, None
    mean, deviation = expected
    low, high = max(mean - threshold * deviation, 0.0), mean + threshold * deviation
    return _decimal(mean / scale), _decimal(low / scale), _decimal(high / scale)


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
