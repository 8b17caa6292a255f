"""The faults that a world can have, and how much of each its events can tell."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from infra.bench.detection.rates import (
    CLIENT_SHARES,
    DUPLICATES,
    ENTERPRISE,
    LATE,
    NULLS,
    PARTITIONS,
    PRODUCT_SHARES,
    REASONS,
    WRONG_PRICES,
)

# twice the information below which not even a test that knows the fault is sure of it, as a score
ENOUGH = 6.0


@dataclass(frozen=True)
class Fault:
    """`size`: a factor, or a share.  `place`: which partition, reason, field, product or country.

    `detectors`: those that may rightly alarm, first the one whose fault it is.
    """

    kind: str
    size: float
    hours: float
    detectors: str
    place: int = 0
    is_large: bool = True

    @property
    def names(self) -> list[str]:
        return self.detectors.split()


# `is_large`: by a factor of two or more
FAULTS = (
    Fault("stop", 0, 1.5, "silence volume rupture"),
    Fault("stop", 0, 6, "silence volume rupture"),
    Fault("drop", 0.3, 4, "volume rupture"),
    Fault("drop", 0.5, 6, "volume rupture"),
    Fault("drop", 0.8, 24, "volume rupture", is_large=False),
    Fault("surge", 3, 3, "volume rupture"),
    Fault("surge", 2, 6, "volume rupture"),
    Fault("surge", 1.3, 12, "volume rupture", is_large=False),
    Fault("partition", 0, 4, "partition", 1),
    Fault("partition", 0.5, 8, "partition", 2),
    Fault("reject", 0.20, 3, "rejet", 0),
    Fault("reject", 0.03, 6, "rejet", 5),
    Fault("reject", 0.01, 6, "rejet", 2),
    Fault("duplicate", 0.20, 3, "doublon"),
    Fault("duplicate", 0.03, 6, "doublon"),
    Fault("price", 100, 6, "prix panier", 1),
    Fault("price", 0.01, 6, "prix panier", 0),
    Fault("price", 1.2, 6, "prix panier", 2, is_large=False),
    Fault("product gone", 0, 8, "produit", 3),
    Fault("product gone", 0, 8, "produit", 0),
    Fault("product new", 0.10, 6, "produit"),
    Fault("country gone", 0, 8, "pays segment", 4),
    Fault("country gone", 0, 8, "pays segment", 0),
    Fault("country new", 0.08, 6, "pays segment"),
    Fault("segment gone", 0, 6, "segment pays"),
    Fault("null", 0.30, 4, "vide", 3),
    Fault("null", 0.05, 8, "vide", 4),
    Fault("late", 0.30, 4, "retard"),
    Fault("late", 0.05, 8, "retard"),
    Fault("flat", 1, 6, "plat"),
    Fault("replay", 1, 1, "retard volume rupture"),
    Fault("basket", 2, 8, "panier"),
    Fault("basket", 0.5, 8, "panier"),
)


def information(fault: Fault, rate: NDArray[np.float64]) -> float:
    """What a test could reach that knows everything but whether the fault is there, as a score.

    Twice the Kullback-Leibler divergence over the whole fault.  `rate`: the sales expected without it, by tick.
    """
    return sqrt(max(_DIVERGENCES[fault.kind](fault, rate), 0.0))


def _poisson(usual: float, now: float) -> float:
    return 2 * ((now * log(now / usual) if now else 0.0) - now + usual)


def _binomial(usual: float, now: float) -> float:
    rest = (1 - now) * log((1 - now) / (1 - usual)) if now < 1 else 0.0
    return 2 * ((now * log(now / usual) if now else 0.0) + rest)


def _of_rate(fault: Fault, rate: NDArray[np.float64]) -> float:
    return float(rate.sum()) * _poisson(1, fault.size)


def _rises_from(usual: Callable[[Fault], float]) -> Callable[[Fault, NDArray[np.float64]], float]:
    return lambda fault, rate: float(rate.sum()) * _poisson(usual(fault), fault.size)


def _is_gone(usual: Callable[[Fault], float]) -> Callable[[Fault, NDArray[np.float64]], float]:
    return lambda fault, rate: float(rate.sum()) * (1 - usual(fault)) * _binomial(usual(fault), 0)


def _of_partition(fault: Fault, rate: NDArray[np.float64]) -> float:
    return float(rate.sum()) * _binomial(1 / PARTITIONS, fault.size / (fault.size + PARTITIONS - 1))


def _of_price(fault: Fault, rate: NDArray[np.float64]) -> float:
    return float(rate.sum() * PRODUCT_SHARES[fault.place]) * _poisson(WRONG_PRICES, 1)


def _of_basket(fault: Fault, rate: NDArray[np.float64]) -> float:
    """By the quantities: 1.91 on average, with a standard deviation of 1.14."""
    return float(rate.sum()) * ((1.91 - (3.6 if fault.size > 1 else 1)) / 1.14) ** 2


def _of_flat(fault: Fault, rate: NDArray[np.float64]) -> float:
    return 64.0 if rate.mean() >= 3 else 0.0


_DIVERGENCES: dict[str, Callable[[Fault, NDArray[np.float64]], float]] = {
    "stop": _of_rate,
    "drop": _of_rate,
    "surge": _of_rate,
    "partition": _of_partition,
    "reject": _rises_from(lambda fault: list(REASONS.values())[fault.place]),
    "duplicate": _rises_from(lambda fault: DUPLICATES),
    "late": _rises_from(lambda fault: LATE),
    "replay": lambda fault, rate: float(rate.sum()) * _poisson(LATE, 1),
    "null": _rises_from(lambda fault: list(NULLS.values())[fault.place]),
    "product new": _rises_from(lambda fault: 1e-4),
    "country new": _rises_from(lambda fault: 1e-4),
    "product gone": _is_gone(lambda fault: float(PRODUCT_SHARES[fault.place])),
    "country gone": _is_gone(lambda fault: float(CLIENT_SHARES[fault.place])),
    "segment gone": _is_gone(lambda fault: float(CLIENT_SHARES[ENTERPRISE].sum())),
    "price": _of_price,
    "basket": _of_basket,
    "flat": _of_flat,
}
