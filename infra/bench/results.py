"""What a case measures: figures with one value for each run, and statistics over them."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Tell = Callable[[str], None]
Unit = Literal["s", "ms", "min", "events/s", "MiB", "%", "jobs", "events", ""]


@dataclass(frozen=True)
class Figure:
    """One figure; `runs` holds the value of each run."""

    name: str
    unit: Unit
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return min(self.runs), max(self.runs)


@dataclass(frozen=True)
class Measured:
    """The figures of a case, and the notes needed to read them.

    `in_order`: the runs follow each other on one stack, so their order says something.
    """

    figures: list[Figure]
    notes: list[str] = field(default_factory=list)
    in_order: bool = False


@dataclass(frozen=True)
class CaseResult:
    """The result of one case; `load_average` is that of the machine in the minute before it."""

    name: str
    started_at: str
    load_average: float
    measured: Measured


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, interpolated between its two neighbours."""
    if not values or not 0 <= share <= 1:
        raise ValueError(f"a percentile needs values and a share from 0 to 1, got {len(values)} values and {share}")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentiles(label: str, values: Sequence[float], shares: Iterable[int]) -> dict[str, float]:
    """The requested percentiles of one run, and its maximum: {"label, p50": .., "label, max": ..}."""
    named = {f"{label}, p{share}": percentile(values, share / 100) for share in shares}
    return named | {f"{label}, max": max(values)}


def by_name(unit: Unit, runs: Iterable[Mapping[str, float]]) -> list[Figure]:
    """One figure for each name, in the order in which the names first appear in the runs."""
    collected: dict[str, list[float]] = {}
    for run in runs:
        for name, value in run.items():
            collected.setdefault(name, []).append(value)
    return [Figure(name, unit, tuple(values)) for name, values in collected.items()]
