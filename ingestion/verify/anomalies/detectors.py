"""The detectors, and the rows that they write.

A tick is five minutes: the number of seconds since 1970 divided by 300.  All days are days of UTC.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple


class Detector(NamedTuple):
    """`floor`: of the dispersion.  `rank`: the lower, the nearer to the root of a fault."""

    kind: Literal["nb", "part", "gamma", "own"]
    side: Literal["up", "down", "both"]
    floor: float
    rank: int
    threshold: Decimal = Decimal("4.4")


DETECTORS = {
    "silence": Detector("nb", "down", 0.0025, 1, Decimal("3.8")),
    "partition": Detector("part", "both", 0.0002, 2),
    "doublon": Detector("nb", "up", 0.10, 5),
    "rejet": Detector("nb", "up", 0.05, 6),
    "vide": Detector("nb", "up", 0.05, 7),
    "prix": Detector("nb", "up", 0.05, 8),
    "produit": Detector("part", "both", 0.0005, 9),
    "pays": Detector("part", "both", 0.0005, 10),
    "segment": Detector("part", "both", 0.0005, 11),
    "volume": Detector("nb", "both", 0.0025, 12),
    "rupture": Detector("part", "both", 0.0005, 13),
    "panier": Detector("gamma", "both", 0.0, 14),
    "retard": Detector("nb", "up", 0.10, 15),
    "plat": Detector("own", "down", 0.0, 16),
}
# what each share is a share of: the total of a measure, or the same product's sales
TOTALS = dict.fromkeys(("partition", "rejet", "doublon", "vide"), "volume") | dict.fromkeys(
    ("retard", "produit", "pays", "segment"), "valide"
)
SHARES = (*TOTALS, "prix")
THRESHOLDS = {name: each.threshold for name, each in DETECTORS.items()}
# which detectors see the same cause; in both directions
_LINKS = {
    "silence": "volume rupture partition retard plat",
    "volume": "rupture partition doublon produit pays segment plat retard",
    "rupture": "partition doublon produit pays segment plat retard",
    "produit": "pays segment panier rejet",
    "pays": "segment rejet",
    "segment": "rejet",
    "panier": "prix rejet",
    "retard": "partition doublon",
    "rejet": "vide",
    "plat": "partition",
}
# by detector, with itself
LINKED = {
    name: {name, *_LINKS.get(name, "").split(), *(each for each, others in _LINKS.items() if name in others.split())}
    for name in DETECTORS
}
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


def total_of(mesure: str, cle: str) -> Series:
    """The series that a share, or an amount, is of."""
    return (TOTALS[mesure], "total") if mesure in TOTALS else ("produit", cle)
