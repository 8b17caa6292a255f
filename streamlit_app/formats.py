"""Figures and times as a French reader writes them: 1 234,50 €."""

from datetime import UTC, datetime
from decimal import Decimal

from ingestion.queries import Grain

# the narrow space of thousands, and the one before a unit; neither breaks a line
THOUSANDS, UNIT = "\u202f", "\u00a0"
# beyond, a percentage says no more than that it is a lot
_MOST_PERCENT = 999
_MONTHS = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)


def nombre(value: int) -> str:
    return f"{value:,}".replace(",", THOUSANDS)


def decimal(value: Decimal, digits: int = 2) -> str:
    return f"{value:,.{digits}f}".replace(",", THOUSANDS).replace(".", ",")


def euros(value: Decimal | None) -> str:
    return "-" if value is None else f"{decimal(value)}{UNIT}€"


def pourcent(value: Decimal, digits: int = 1) -> str:
    return f"{decimal(value, digits)}{UNIT}%"


def evolution(new: Decimal, old: Decimal) -> str | None:
    """The signed change in percent of an amount that is never negative; None where there is nothing to compare with."""
    if not old:
        return None
    change = 100 * (new - old) / old
    if change > _MOST_PERCENT:
        return f">{UNIT}+{_MOST_PERCENT}{UNIT}%"
    return f"{'+' if change >= 0 else '-'}{pourcent(abs(change))}"


def ago(seconds: float) -> str:
    """For what has happened; a clock that was set back makes it now."""
    seconds = max(seconds, 0.0)
    for size, unit in ((86_400, "j"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"il y a {nombre(int(seconds // size))}{UNIT}{unit}"
    return f"il y a {int(seconds)}{UNIT}s"


def instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d/%m/%Y à %H:%M:%S} UTC"


def periode(debut: datetime, grain: Grain) -> str:
    """An hour « 22 déc. 2025, 14 h », a day « 22 déc. 2025 », a month « déc. 2025 » or a year « 2025 »."""
    month = f"{_MONTHS[debut.month - 1]}{UNIT}{debut.year}"
    match grain:
        case "hour":
            return f"{debut.day}{UNIT}{month}, {debut.hour}{UNIT}h"
        case "day":
            return f"{debut.day}{UNIT}{month}"
        case "month":
            return month
        case "year":
            return str(debut.year)
