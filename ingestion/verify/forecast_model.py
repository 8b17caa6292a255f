"""The forecasts of one origin, once more: plain Python beside the SQL of `dbt_sales/macros/gold/forecasts.sql`.

The order of the operations on floats is that of the SQL, so the figures are equal to the last digit, not close.
docs/forecasts.md explains the method.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
# (mesure, dimension, cle)
Series = tuple[str, str, str]
# day, start of the hour, value
ByHour = dict[Series, list[tuple[date, datetime, int]]]
TOTAL: Series = ("nombre_ventes", "total", "total")
# how much a day counts for the level, by its age
_WEIGHTS = [math.floor(3200 * 0.5 ** (age / 4) + 0.5) for age in range(28)]


@dataclass(frozen=True, slots=True)
class LocalHour:
    """A whole hour of UTC; where it lies in the time zone of the reports decides its day.  `weekday`: 1 is Monday."""

    start: datetime
    weekday: int
    hour: int


class Calendar:
    """The whole hours of each day in a time zone: 24, but for changes of the clock."""

    def __init__(self, zone: str, first: date, last: date) -> None:
        self.days: dict[date, list[LocalHour]] = defaultdict(list)
        # no zone is more than 14 hours away
        start = datetime(first.year, first.month, first.day, tzinfo=UTC) - 15 * HOUR
        for number in range(24 * ((last - first).days + 3)):
            local = (start + number * HOUR).astimezone(ZoneInfo(zone))
            self.days[local.date()].append(LocalHour(start + number * HOUR, local.isoweekday(), local.hour))

    def between(self, first: date, end: date) -> Iterable[tuple[date, LocalHour]]:
        for number in range((end - first).days):
            day = first + timedelta(days=number)
            for hour in self.days[day]:
                yield day, hour


@dataclass(frozen=True, slots=True)
class _Day:
    """A day before the origin: does it shape the profile, and how much does it count for the level?"""

    day: date
    age: int
    kept: int
    weight: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """An hour of the week in the window of a series: hours counted, what they brought, and the same for the level."""

    count: int
    total: int
    weight: int
    weighted_total: int


# 24 x 7 cells, by weekday and hour
_Cells = dict[tuple[int, int], _Cell]


def forecasts(
    sold: Mapping[Series, Mapping[datetime, int]], calendar: Calendar, origin: date, first_day: date, days: int
) -> ByHour:
    """Day, hour and value of every hour of the days from the origin, by series.

    `sold`: what each hour brought, in sales or cents.  Values are ten-thousandths of a sale or of a euro.
    """
    window = _judged(sold[TOTAL], calendar, origin, min(8, (origin - first_day).days // 7))
    first_ages = {series: age for series in sold if (age := _first_age(sold[series], calendar, window)) is not None}
    cells = {series: _cells(sold[series], calendar, window, age) for series, age in first_ages.items()}
    own = {series: _own_profile(each) for series, each in cells.items()}
    found = {}
    for series, age in first_ages.items():
        # a series younger than two weeks has no sales behind a profile of its own
        weeks = (age + 1) // 7
        sales = sum(cell.total for cell in cells["nombre_ventes", *series[1:]].values()) if weeks >= 2 else 0
        lean = 2000.0 if series[0] == "nombre_ventes" else 12000.0
        profile = {
            place: rounded((float(sales) * weight + lean * own[TOTAL][place]) / (sales + lean))
            for place, weight in own[series].items()
        }
        expected = sum(cell.weight * profile[place] for place, cell in cells[series].items())
        if not expected:
            continue
        level = sum(cell.weighted_total for cell in cells[series].values()) / float(expected)
        scale = 1e4 if series[0] == "nombre_ventes" else 1e2
        found[series] = [
            (day, hour.start, rounded(scale * (level * profile[hour.weekday, hour.hour]), most=1e16))
            for day, hour in calendar.between(origin, origin + timedelta(days=days))
        ]
    return found


def quantile(scores: list[int], percent: int, caution: int) -> float | None:
    """The score that so many percent of scores do not exceed; None if there are too few."""
    place = ((len(scores) + caution) * percent + 99) // 100
    return sorted(scores)[place - 1] / 1e6 if place <= len(scores) else None


def score(observed: int, forecast: int) -> int:
    """How far a forecast was off, in millionths of the spread that its size lets expect."""
    return rounded(1e6 * abs(observed - forecast) / 1e4 / spread(forecast))


def bound(forecast: int, score: float) -> int:
    """So many spreads away, a negative number below; not below zero."""
    return max(0, rounded(forecast + 1e4 * (score * spread(forecast)), most=9e17))


def spread(forecast: int) -> float:
    base = max(forecast / 1e4, 1e-2)
    return math.sqrt(base) * math.sqrt(math.sqrt(base))


def rounded(value: float, most: float = 1e18) -> int:
    """Half away from zero; cut as in the SQL."""
    return int(Decimal(min(value, most)).quantize(Decimal(1), ROUND_HALF_UP))


def _judged(sales: Mapping[datetime, int], calendar: Calendar, origin: date, weeks: int) -> list[_Day]:
    """The days of so many weeks before the origin, the youngest first."""
    dates = [origin - timedelta(days=age + 1) for age in range(7 * weeks)]
    counts = [sum(sales.get(hour.start, 0) for hour in calendar.days[day]) for day in dates]
    typical = [
        median(counts[other] for other in range(age - 14, age + 15, 7) if 0 <= other < len(counts))
        for age in range(len(counts))
    ]
    kept = [
        (10 * count <= 14 * middle and 14 * count >= 10 * middle) or (count - middle) ** 2 <= 9 * (middle + 1)
        for count, middle in zip(counts, typical, strict=True)
    ]
    # three days in a row that are left out are a new level, unless nothing was sold
    in_a_row = [
        any(not any(kept[run : run + 3]) for run in range(max(0, age - 2), min(age, len(kept) - 3) + 1))
        for age in range(len(kept))
    ]
    return [
        _Day(
            dates[age],
            age,
            int(kept[age]),
            _WEIGHTS[age] if age < len(_WEIGHTS) and (kept[age] or (in_a_row[age] and counts[age] > 0)) else 0,
        )
        for age in range(len(counts))
    ]


def _first_age(values: Mapping[datetime, int], calendar: Calendar, window: list[_Day]) -> int | None:
    for day in reversed(window):
        if any(hour.start in values for hour in calendar.days[day.day]):
            return day.age
    return None


def _cells(values: Mapping[datetime, int], calendar: Calendar, window: list[_Day], first_age: int) -> _Cells:
    weeks = (first_age + 1) // 7
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for day in window:
        for hour in calendar.days[day.day]:
            cell, value = sums[hour.weekday, hour.hour], values.get(hour.start, 0)
            cell[0] += day.kept if day.age < 7 * max(weeks, 1) else 0
            cell[1] += day.kept * value if day.age < 7 * weeks else 0
            cell[2] += day.weight if day.age <= first_age else 0
            cell[3] += day.weight * value
    return {place: _Cell(*cell) for place, cell in sums.items()}


def _own_profile(cells: _Cells) -> dict[tuple[int, int], int]:
    """The weight of each hour of the week, in billionths of a day."""
    means = {place: rounded(1e6 * cell.total / cell.count) if cell.count else 0 for place, cell in cells.items()}
    of_day, weeks_of_day, of_class, of_class_hour = (Counter[Any]() for _ in range(4))
    for (weekday, hour), mean in means.items():
        of_day[weekday] += mean
        weeks_of_day[weekday] += cells[weekday, hour].count
        of_class[weekday >= 6] += mean
        of_class_hour[weekday >= 6, hour] += mean
    whole, known_days = sum(means.values()), sum(min(cell.count, 1) for cell in cells.values()) / 24.0
    profile = {}
    for (weekday, hour), mean in means.items():
        day, weeks, count = of_day[weekday], weeks_of_day[weekday] / 24.0, cells[weekday, hour].count
        day_weight = day * known_days / float(whole) if whole else 0.0
        share = count * mean / float(day) if day > 0 else 0.0
        class_share = (
            of_class_hour[weekday >= 6, hour] / float(of_class[weekday >= 6]) if of_class[weekday >= 6] else 0.0
        )
        profile[weekday, hour] = rounded(
            1e9
            * (weeks * day_weight + 0.02)
            / (weeks + 0.02)
            * (share + 16.0 * class_share)
            / ((count if day > 0 else 0) + 16.0)
        )
    return profile
