"""How a language writes figures and times; each file of languages/ defines it once, for texts, tables, charts and CSV.

Nothing here uses the machine's locale: the same page has readers in several languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ingestion.queries import Grain

# the space before a unit, which does not break a line
UNIT = "\u00a0"
# above this, a percentage only says that it is a lot
_MOST_PERCENT = 999


@dataclass(frozen=True, eq=False)
class Formats:
    """The patterns of one language: `ticks` are those of d3-time-format, all others those of str.format.

    `short_money`: euros, thousands of euros, millions of euros.  `ages`: by day, h, min and s.  `instant_pattern`,
    `minute_pattern` and `periods` take a time as `at` and its short month as `month`.  `days` and
    `short_days` begin with Sunday.
    """

    decimal_mark: str
    thousands: str
    field_separator: str
    money: str
    short_money: tuple[str, str, str]
    percent: str
    more_than: str
    ages: Mapping[str, str]
    instant_pattern: str
    minute_pattern: str
    periods: Mapping[Grain, str]
    hour: str
    ticks: Mapping[str, str]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.thousands)

    def decimal(self, value: Decimal, digits: int = 2) -> str:
        whole, mark, fraction = f"{value:,.{digits}f}".partition(".")
        return whole.replace(",", self.thousands) + (mark and self.decimal_mark) + fraction

    def euros(self, value: Decimal | None) -> str:
        if value is None:
            return "-"
        return ("-" if value < 0 else "") + self.money.format(self.decimal(abs(value)))

    def percentage(self, value: Decimal, digits: int = 1) -> str:
        return self.percent.format(self.decimal(value, digits))

    def evolution(self, new: Decimal, old: Decimal) -> str | None:
        """The signed change in percent of an amount that is never negative; None with nothing to compare with."""
        if not old:
            return None
        change = 100 * (new - old) / old
        if change > _MOST_PERCENT:
            return self.more_than.format("+" + self.percent.format(_MOST_PERCENT))
        return f"{'+' if change >= 0 else '-'}{self.percentage(abs(change))}"

    def ago(self, seconds: float) -> str:
        """The age of a past event; a time in the future, from a clock that was set back, counts as now."""
        seconds = max(seconds, 0.0)
        for size, unit in ((86_400, "day"), (3_600, "h"), (60, "min")):
            if seconds >= size:
                return self.ages[unit].format(self.number(int(seconds // size)))
        return self.ages["s"].format(int(seconds))

    def instant(self, moment: datetime) -> str:
        return self._at(self.instant_pattern, moment.astimezone(UTC))

    def minute(self, moment: datetime) -> str:
        return self._at(self.minute_pattern, moment.astimezone(UTC))

    def period(self, start: datetime, grain: Grain) -> str:
        """The hour, day, month or year that begins at `start`."""
        return self._at(self.periods[grain], start)

    def clock_hour(self, moment: datetime) -> str:
        """The hour without its day."""
        return self._at(self.hour, moment)

    def csv_decimal(self, value: Decimal) -> str:
        return f"{value:.2f}".replace(".", self.decimal_mark)

    def vega_locale(self) -> dict[str, Any]:
        """The same formats, as d3 expects them, for what Vega writes itself."""
        return {
            "number": {
                "decimal": self.decimal_mark,
                "thousands": self.thousands,
                "grouping": [3],
                "currency": self.money.split("{}"),
                "percent": self.percent.removeprefix("{}"),
            },
            "time": {
                # d3 requires these; our charts use only `ticks` instead
                "dateTime": "%Y-%m-%d %H:%M:%S",
                "date": "%Y-%m-%d",
                "time": "%H:%M:%S",
                "periods": ["AM", "PM"],
                "days": list(self.days),
                "shortDays": list(self.short_days),
                "months": list(self.months),
                "shortMonths": list(self.short_months),
            },
        }

    def _at(self, pattern: str, moment: datetime) -> str:
        return pattern.format(at=moment, month=self.short_months[moment.month - 1])
