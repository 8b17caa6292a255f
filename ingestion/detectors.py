"""The detectors of anomalies: what they count, when they alarm, what they have in common, and how grave it is.

The models of Gold state the same (dbt_sales/macros/gold/anomalies.sql); `sales verify` would find a difference.
"""

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
# graver than their score says
CRITICAL, HIGH = ("silence", "partition", "prix"), ("rejet", "volume", "rupture", "doublon")


def measure_of(detector: str) -> str:
    """What it counts: a measure of `mesures`."""
    if detector in ("silence", "volume", "rupture", "plat"):
        return "volume"
    return "montant" if detector == "panier" else detector


def total_of(measure: str, key: str) -> tuple[str, str]:
    """The measure and key that a share, or an amount, is of."""
    return (TOTALS[measure], "total") if measure in TOTALS else ("produit", key)


def severity(cause: str, score: Decimal) -> str:
    """How grave an anomaly with that cause and strongest score is; `critique`, `haute` or `moyenne`."""
    if cause in CRITICAL or abs(score) >= 8:
        return "critique"
    return "haute" if cause in HIGH or abs(score) >= 6 else "moyenne"
