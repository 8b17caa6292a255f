"""What was sold in some weeks, as the candidates read it, and the two grains of a forecast.

Days are those of UTC, counted from the first one.  An origin is a day: its forecast knows what was sold before it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from ingestion.verify.forecast_model import HOUR, Calendar, Series

# ten-thousandths of a sale or of a euro, for each sale or cent
UNITS = {"nombre_ventes": 10_000, "total_montant": 100}
WEEK = 168  # hours


@dataclass(frozen=True)
class Grain:
    """`hours` of a step, `steps` of a forecast; `origins`: the days whose forecasts are judged.

    `lookback` and `caution` are those of the model's intervals: days of past origins, and errors counted in addition.
    """

    name: str
    hours: int
    steps: int
    origins: range
    lookback: int
    caution: int

    @property
    def steps_a_day(self) -> int:
        return 24 // self.hours


# every forecast that is judged ends within eight weeks, and has two weeks of forecasts before it for its interval
FIRST_ORIGIN = 14
HOURLY = Grain("hourly", hours=1, steps=48, origins=range(28, 55), lookback=14, caution=1)
DAILY = Grain("daily", hours=24, steps=14, origins=range(28, 43), lookback=28, caution=5)
GRAINS = (HOURLY, DAILY)


@dataclass(frozen=True)
class History:
    """`hourly`: what each hour since the start of the first day brought, in sales or cents, by series."""

    first_day: date
    hourly: dict[Series, list[int]]

    @cached_property
    def sold(self) -> dict[Series, dict[datetime, int]]:
        """The hours with a sale, as the project's forecast reads them."""
        start = datetime(self.first_day.year, self.first_day.month, self.first_day.day, tzinfo=UTC)
        return {
            series: {start + number * HOUR: value for number, value in enumerate(values) if value}
            for series, values in self.hourly.items()
        }

    @cached_property
    def calendar(self) -> Calendar:
        """Every day that a forecast from within this history looks at, behind it and ahead."""
        days = max(map(len, self.hourly.values())) // 24
        return Calendar("UTC", self.first_day - timedelta(weeks=8), self.first_day + timedelta(days=days + DAILY.steps))

    def units(self, grain: Grain) -> dict[Series, list[int]]:
        """What each step since the first day brought, in the units of a forecast."""
        return self._units[grain.hours]

    @cached_property
    def _units(self) -> dict[int, dict[Series, list[int]]]:
        return {
            grain.hours: {
                series: in_steps([UNITS[series[0]] * value for value in values], grain)
                for series, values in self.hourly.items()
            }
            for grain in GRAINS
        }

    def observed(self, grain: Grain, series: Series, day: int) -> list[int]:
        """What the steps of the forecast from that day brought, in units."""
        first = day * grain.steps_a_day
        return self.units(grain)[series][first : first + grain.steps]


def in_steps(hours: list[int], grain: Grain) -> list[int]:
    return [sum(hours[first : first + grain.hours]) for first in range(0, len(hours), grain.hours)]
