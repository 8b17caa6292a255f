"""The rows that the training and the scoring write, and the clock that they count by.

A tick is five minutes: the number of seconds since 1970 divided by 300.  All days are days of UTC.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(minutes=5)
TICKS_OF_DAY = 288
# (mesure, cle)
Series = tuple[str, str]
# how many at which tick; a tick without any may be missing
Measures = Mapping[Series, Mapping[int, int]]


class Expectation(NamedTuple):
    """A row of `attentes`, but for day and publication; `part` is missing where `attendu` says it, and vice versa."""

    mesure: str
    cle: str
    moment: datetime
    attendu: int | None
    part: int | None
    dispersion_1h: int
    dispersion_4h: int


class Alarm(NamedTuple):
    """A row of `alertes`, but for its publication."""

    moment: datetime
    detecteur: str
    cle: str
    fenetre: str
    observe: Decimal
    attendu: Decimal
    ecart_type: Decimal
    sur: int | None
    score: Decimal
    ticks: int
    tranche: int


def tick_of(moment: datetime) -> int:
    return (moment - EPOCH) // TICK


def moment_of(tick: int) -> datetime:
    return EPOCH + tick * TICK


def day_of(tick: int) -> date:
    """In UTC."""
    return moment_of(tick).date()


def rounded(value: float) -> int:
    """Half away from zero, cut at 1e18: as the forecasts' `rounded`, ten times faster."""
    size = min(abs(value), 1e18)
    whole = int(size)
    # exact: a double of 2**52 or more has no fraction
    whole += size - whole >= 0.5
    return whole if value >= 0 else -whole
