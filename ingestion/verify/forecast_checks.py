"""Compute the newest forecasts, and how good the ones before were, once more from the sales that they were made from.

Forecasts are added and never changed, and an older one was made from sales as they were then.  So what was added last
is checked, at the versions of Silver that it stands on.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
from deltalake import DeltaTable

from ingestion.lake.delta_tables import dataset
from ingestion.lake.gold_ledger import FORECASTS, GoldPublication, gold_publication
from ingestion.printable import printable
from ingestion.silver.maintenance import PROMISED
from ingestion.verify.forecast_model import HOUR, ByHour, Calendar, Series, bound, forecasts, quantile, score
from ingestion.verify.report import MOST_EXAMPLES, UNREADABLE, Check, unread
from ingestion.verify.workbench import Workbench

HOURLY, DAILY, QUALITY = FORECASTS
# the days of a forecast, the days of past origins that an interval is learned from, and how many errors more count
_HORIZONS = {HOURLY: (2, 14, 1), DAILY: (14, 28, 5)}
_CLASSES = {
    HOURLY: ((6, "1-6"), (12, "7-12"), (24, "13-24"), (50, "25-48")),
    DAILY: ((1, "1"), (3, "2-3"), (7, "4-7"), (14, "8-14")),
}
_UNIT = Decimal("0.0001")
_SOLD = """
select
    date_trunc('hour', "timestamp")::timestamp as hour,
    case when grouping(produit_nom) = 0 then 'produit' when grouping(pays) = 0 then 'pays' else 'total' end,
    case when grouping(produit_nom) = 0 then produit_nom when grouping(pays) = 0 then pays else 'total' end,
    count(*), sum((montant * 100)::hugeint)::bigint
from sales_of_forecasts where "timestamp" >= $since group by grouping sets ((hour), (hour, produit_nom), (hour, pays))
"""
_FIRST = """select date_trunc('hour', min("timestamp"))::timestamp from sales_of_forecasts"""
# longer than anything that one run forecasts from, or learns from, lies back: 42 days of origins, 57 before each
_LOOK_BACK = timedelta(days=120)
Row = tuple[Any, ...]
# what a forecast is of: the start of the hour, or the day
Target = datetime | date


@dataclass(frozen=True)
class Sold:
    """What was sold by hour, in sales or cents, and by target in the forecasts' units."""

    hours: dict[Series, dict[datetime, int]]
    targets: dict[str, dict[Series, dict[Target, int]]]
    first_day: date

    def at(self, name: str, series: Series, target: Target) -> int:
        return self.targets[name].get(series, {}).get(target, 0)


def forecast_checks(bench: Workbench, lake: Path, made: GoldPublication) -> list[Check]:
    """One line for each table; none if Gold was published before it had forecasts."""
    if HOURLY not in made.versions:
        return []
    basis: GoldPublication | None = None
    try:
        stored = {name: stored_rows(lake, name, made.versions[name]) for name in FORECASTS}
        newest = max((row[-1] for row in stored[HOURLY]), default=None)
        basis = gold_publication(lake / "gold", newest) if newest is not None else made
        if basis is None:
            return [
                Check("forecasts", "made by a publication in the ledger of Gold", 1, 1, (f"{newest} is not in it",))
            ]
        sales = DeltaTable(str(lake / "silver" / "ventes_clean"), version=basis.silver_versions["ventes_clean"])
        bench.register("sales_of_forecasts", dataset(sales))
        sold = read_sold(bench, basis)
    except UNREADABLE as error:
        if basis is not None and datetime.now(UTC) - basis.published_at > PROMISED:
            return [Check("forecasts", "not compared: the sales that the last were made from are no longer kept", 0)]
        return [Check("forecasts", "the sales that the last were made from", 0, 1, (unread("a table", error),))]
    expected = recomputed(stored, sold, basis) if sold else {}
    return [
        compared(name, [row for row in stored[name] if row[-1] == newest], expected.get(name, []), basis)
        for name in FORECASTS
    ]


def recomputed(stored: dict[str, list[Row]], sold: Sold, basis: GoldPublication) -> dict[str, list[Row]]:
    """The rows that the publication should have added, by table, beside those that were stored before."""
    longest = max(days for days, _, _ in _HORIZONS.values())
    first = (basis.reference_day or sold.first_day) - _LOOK_BACK
    calendar = Calendar(basis.fuseau, first, first + _LOOK_BACK + timedelta(days=longest))
    # both tables are made from the same hours
    by_hour = cache(lambda origin: forecasts(sold.hours, calendar, origin, sold.first_day, longest))
    expected = {name: _forecasts(name, stored[name], sold, basis, by_hour) for name in _HORIZONS}
    return expected | {QUALITY: _quality(stored, sold, basis)}


def stored_rows(lake: Path, name: str, version: int) -> list[Row]:
    """What the newest publication can have been made from.  Raises one of UNREADABLE."""
    rows = dataset(DeltaTable(str(lake / "gold" / name), version=version))
    newest = pc.max(rows.to_table(["emission"])["emission"]).as_py()
    table = rows.to_table(filter=pc.field("emission") >= newest - _LOOK_BACK) if newest else rows.to_table()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def read_sold(bench: Workbench, basis: GoldPublication) -> Sold | None:
    """None without a sale."""
    ((first,),) = bench.run(_FIRST)
    if first is None:
        return None
    hours: dict[Series, dict[datetime, int]] = defaultdict(dict)
    since = (basis.reference_day or first.date()) - _LOOK_BACK
    for moment, dimension, key, sales, cents in bench.run(_SOLD.replace("$since", f"'{since}'")):
        hour = moment.replace(tzinfo=UTC)
        hours["nombre_ventes", dimension, key][hour] = sales
        hours["total_montant", dimension, key][hour] = cents
    by_hour: dict[Series, dict[Target, int]] = {}
    by_day: dict[Series, dict[Target, int]] = defaultdict(lambda: defaultdict(int))
    for series, values in hours.items():
        scale = 10_000 if series[0] == "nombre_ventes" else 100
        by_hour[series] = {hour: scale * value for hour, value in values.items()}
        for hour, value in values.items():
            by_day[series][_local_day(basis, hour)] += scale * value
    return Sold(dict(hours), {HOURLY: by_hour, DAILY: by_day}, _local_day(basis, first.replace(tzinfo=UTC)))


class _Said:
    """How far every forecast was off whose time has come: origin, day of the end, score; by series."""

    def __init__(self, name: str, sold: Sold, basis: GoldPublication) -> None:
        self._name, self._sold, self._basis = name, sold, basis
        self._scores: dict[Series, list[tuple[date, date, int]]] = defaultdict(list)

    def add(self, origin: date, series: Series, target: Target, value: int) -> None:
        end = _day_of(self._basis, target) + timedelta(days=1)
        self._scores[series].append((origin, end, score(self._sold.at(self._name, series, target), value)))

    def known(self, origin: date, series: Series, lookback: int) -> list[int]:
        """At that origin, of the origins of so many days."""
        since = origin - timedelta(days=lookback)
        return [each for past, end, each in self._scores[series] if since <= past < origin and end <= origin]


def _forecasts(
    name: str, stored: list[Row], sold: Sold, basis: GoldPublication, by_hour: Callable[[date], ByHour]
) -> list[Row]:
    """The rows that the publication should have added to a table of forecasts."""
    days, lookback, caution = _HORIZONS[name]
    before = [row for row in stored if row[-1] < basis.publication and row[1] == basis.fuseau]
    origins = _origins(before, sold, basis)
    said = _Said(name, sold, basis)
    for row in before:
        said.add(row[0], (row[2], row[3], row[4]), _aware(row[5]), int(row[7] / _UNIT))
    rows = []
    # the oldest first: the errors of one are what the interval of a later one is learned from
    for origin in origins:
        for series, hours in by_hour(origin).items():
            targets = _by_target(name, hours, origin + timedelta(days=days))
            scores = said.known(origin, series, lookback)
            quantiles = [quantile(scores, percent, caution) for percent in (80, 95)]
            for horizon, (target, value) in enumerate(targets.items(), start=1):
                said.add(origin, series, target, value)
                naive = sold.at(name, series, _week_before(target, horizon)) * _UNIT
                bounds = [
                    None if each is None else bound(value, side * each) * _UNIT
                    for each in quantiles
                    for side in (-1, 1)
                ]
                said_of = (origin, basis.fuseau, *series, target, horizon, value * _UNIT, *bounds, naive)
                rows.append((*said_of, len(scores), origin != basis.reference_day, basis.publication))
    return rows


def _origins(before: list[Row], sold: Sold, basis: GoldPublication) -> list[date]:
    """The last day with a sale and the six weeks before, but those said already, or without history; oldest first."""
    said = {row[0] for row in before}
    days = [basis.reference_day - timedelta(days=back) for back in range(41, -1, -1)] if basis.reference_day else []
    return [day for day in days if day not in said and (day - sold.first_day).days >= 14]


def _by_target(name: str, hours: list[tuple[date, datetime, int]], end: date) -> dict[Target, int]:
    targets: dict[Target, int] = defaultdict(int)
    for day, hour, value in hours:
        if day < end:
            targets[hour if name == HOURLY else day] += value
    return dict(targets)


def _week_before(target: Target, horizon: int) -> datetime | date:
    """The same time of the last week that was over at the origin."""
    return target - (168 * HOUR if isinstance(target, datetime) else timedelta(days=7 if horizon <= 7 else 14))


def _quality(stored: dict[str, list[Row]], sold: Sold, basis: GoldPublication) -> list[Row]:
    """The rows that the publication should have added to the table of evaluations."""
    tonight = basis.reference_day
    before = [row for row in stored[HOURLY] if row[-1] < basis.publication and row[1] == basis.fuseau]
    if tonight is None or tonight not in _origins(before, sold, basis):
        return []
    groups: dict[tuple[Series, str, str], list[Row]] = defaultdict(list)
    for name in _HORIZONS:
        for row in stored[name]:
            target = _aware(row[5])
            is_recent = tonight - timedelta(days=14) <= row[0] < tonight and row[1] == basis.fuseau
            if is_recent and _day_of(basis, target) < tonight:
                series = (row[2], row[3], row[4])
                horizons = next(each for last, each in _CLASSES[name] if row[6] <= last)
                observed = sold.at(name, series, target) * _UNIT
                groups[series, name, horizons].append((observed, *row[7:13]))
    rows, usual = [], cache(lambda series, name: _usual_naive_error(series, name, sold, basis) * _UNIT)
    for (series, name, horizons), found in groups.items():
        step = "heure" if name == HOURLY else "jour"
        within = [
            [
                low <= observed <= high
                for observed, _, *bounds, _ in found
                for low, high in [bounds[k : k + 2]]
                if high is not None
            ]
            for k in (0, 2)
        ]
        rows.append((
            tonight, basis.fuseau, *series, step, horizons, len(found),
            sum(each[0] for each in found),
            sum(each[1] - each[0] for each in found),
            sum(abs(each[1] - each[0]) for each in found),
            sum(abs(each[-1] - each[0]) for each in found),
            usual(series, name),
            len(within[0]), sum(within[0]), len(within[1]), sum(within[1]), basis.publication,
        ))  # fmt: skip
    return rows


def _usual_naive_error(series: Series, name: str, sold: Sold, basis: GoldPublication) -> int:
    """Mean distance of what was sold from what was sold a week before, in the seven weeks before tonight."""
    tonight = basis.reference_day
    assert tonight is not None
    since = max(tonight - timedelta(days=49), sold.first_day + timedelta(days=7))
    values = sold.targets[name].get(series, {})
    distances: dict[Target, int] = defaultdict(int)
    for target, value in values.items():
        distances[target] += value
        distances[target + timedelta(days=7)] -= value
    total = sum(abs(each) for target, each in distances.items() if since <= _day_of(basis, target) < tonight)
    return total // (24 if name == HOURLY else 1) // max(1, (tonight - since).days)


def compared(name: str, stored: list[Row], recomputed: list[Row], basis: GoldPublication) -> Check:
    """Row by row; the order says nothing."""
    stored = [tuple(_aware(value) for value in row) for row in stored]
    differences = [f"stored, not recomputed: {_told(row)}" for row in sorted(set(stored) - set(recomputed), key=str)]
    differences += [f"recomputed, not stored: {_told(row)}" for row in sorted(set(recomputed) - set(stored), key=str)]
    differences += [f"stored twice: {len(stored) - len(set(stored))} rows"] if len(stored) > len(set(stored)) else []
    said = f"each new row recomputed (publication {basis.publication}, slice {basis.tranche})"
    return Check(name, said, len(stored), len(differences), tuple(map(printable, differences[:MOST_EXAMPLES])))


def _told(row: Row) -> str:
    return ", ".join("-" if value is None else str(value) for value in row)


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _day_of(basis: GoldPublication, target: Target) -> date:
    return _local_day(basis, target) if isinstance(target, datetime) else target


def _local_day(basis: GoldPublication, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(basis.fuseau)).date()
