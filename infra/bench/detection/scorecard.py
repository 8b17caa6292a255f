"""What the detector found in the worlds it went through: counts, shares and delays."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import sqrt
from statistics import median

from infra.bench.detection.faults import ENOUGH
from infra.bench.detection.playing import LEARNING_DAYS, at_threshold
from infra.bench.detection.rates import DAYS, TICKS_OF_DAY, TICKS_OF_HOUR
from infra.bench.detection.simulated_events import FIRST_TICK, Injected
from infra.bench.results import percentile
from ingestion.detectors import THRESHOLDS
from ingestion.verify.anomalies.alarm_rows import Alarm, tick_of
from ingestion.verify.anomalies.grouping import incidents

# ticks after the end of a fault in which an alarm is still its own, and after a holiday, which `rupture` looks back at
AFTERWARDS, AFTER_HOLIDAY = TICKS_OF_HOUR, 5 * TICKS_OF_HOUR
TICKS_OF_WEEK = 7 * TICKS_OF_DAY
MINUTES_OF_TICK = 5
BUILT_IN = THRESHOLDS["volume"]


@dataclass(frozen=True)
class Begun:
    """An incident: its first tick, who started it, and its cause."""

    tick: int
    detector: str
    cause: str


@dataclass(frozen=True)
class Played:
    """A world that the detector went through, and the alarms at the lowest threshold of `TRIED`."""

    volume: int
    holidays: list[int]
    faults: list[Injected]
    alarms: list[Alarm]

    def begun(self, threshold: Decimal = BUILT_IN) -> list[Begun]:
        found = incidents(at_threshold(self.alarms, threshold), FIRST_TICK + DAYS * TICKS_OF_DAY)
        return [Begun(tick_of(each.debut), each.detecteur, each.cause) for each in found]

    def is_on_holiday(self, tick: int) -> bool:
        return any(tick in span for span in self._holidays)

    @cached_property
    def ordinary_weeks(self) -> float:
        watched = range(FIRST_TICK + LEARNING_DAYS * TICKS_OF_DAY, FIRST_TICK + DAYS * TICKS_OF_DAY)
        return sum(not self.is_on_holiday(tick) for tick in watched) / TICKS_OF_WEEK

    @cached_property
    def _holidays(self) -> list[range]:
        starts = [FIRST_TICK + day * TICKS_OF_DAY for day in self.holidays]
        return [range(start, start + TICKS_OF_DAY + AFTER_HOLIDAY) for start in starts]


@dataclass(frozen=True)
class Rate:
    """So many in so many weeks."""

    count: int
    weeks: float

    @property
    def a_week(self) -> float:
        return self.count / self.weeks

    @property
    def interval(self) -> tuple[float, float]:
        """Of 95 %, of a Poisson process: the chi-square quantiles by Wilson and Hilferty."""
        return _quantile(self.count, -1.96) / self.weeks, _quantile(self.count + 1, 1.96) / self.weeks

    def __str__(self) -> str:
        return f"{self.a_week:.2f} [{self.interval[0]:.2f}, {self.interval[1]:.2f}]"


def _quantile(count: int, z: float) -> float:
    return count * (1 - 1 / (9 * count) + z / (3 * sqrt(count))) ** 3 if count else 0.0


def false_alarms(clean: Iterable[Played], threshold: Decimal = BUILT_IN, cause: str | None = None) -> Rate:
    """Incidents in worlds without faults, away from holidays; of one cause, or all."""
    worlds = list(clean)
    count = sum(
        not each.is_on_holiday(begun.tick) and cause in (None, begun.cause)
        for each in worlds
        for begun in each.begun(threshold)
    )
    return Rate(count, sum(each.ordinary_weeks for each in worlds))


def holiday_alarms(clean: Iterable[Played]) -> tuple[int, int]:
    """Incidents on holidays, of how many holidays."""
    worlds = list(clean)
    count = sum(each.is_on_holiday(begun.tick) for each in worlds for begun in each.begun())
    return count, sum(len(each.holidays) for each in worlds)


def alarms_with_holidays(clean: Iterable[Played]) -> Rate:
    """All incidents in worlds without faults."""
    counts = [len(each.begun()) for each in clean]
    return Rate(sum(counts), len(counts) * (DAYS - LEARNING_DAYS) / 7)


@dataclass(frozen=True)
class Outcome:
    """What came of a fault: minutes to the incident that it began, and to the first alarm of each detector."""

    injected: Injected
    volume: int
    delay: int | None
    incidents: int
    is_named_rightly: bool
    by_detector: dict[str, int]

    @property
    def is_large(self) -> bool:
        return self.injected.fault.is_large

    @property
    def has_information(self) -> bool:
        return self.injected.information >= ENOUGH

    @property
    def is_shown(self) -> bool:
        """Did it begin an incident, or at least join one that was open?"""
        return self.delay is not None or any(name in self.by_detector for name in self.injected.fault.names)

    def delay_of(self, detector: str) -> int | None:
        return self.by_detector.get(detector)


@dataclass(frozen=True)
class Judged:
    """All faults of some worlds, and what was found outside of any: true and false incidents by cause."""

    outcomes: list[Outcome]
    right: list[str]
    wrong: list[str]


def judged(faulty: Iterable[Played]) -> Judged:
    outcomes: list[Outcome] = []
    right: list[str] = []
    wrong: list[str] = []
    for played in faulty:
        begun = played.begun()
        alarms = [(tick_of(each.moment), each.detecteur) for each in at_threshold(played.alarms, BUILT_IN)]
        outcomes += [_outcome(each, played.volume, begun, alarms) for each in played.faults]
        for each in begun:
            if any(_belongs(each.tick, injected) for injected in played.faults):
                right.append(each.cause)
            elif not played.is_on_holiday(each.tick):
                wrong.append(each.cause)
    return Judged(outcomes, right, wrong)


def _outcome(injected: Injected, volume: int, begun: list[Begun], alarms: list[tuple[int, str]]) -> Outcome:
    own = [each for each in begun if _belongs(each.tick, injected)]
    by_detector: dict[str, int] = {}
    for tick, detector in sorted(alarms):
        if _belongs(tick, injected):
            by_detector.setdefault(detector, _minutes(tick, injected))
    return Outcome(
        injected,
        volume,
        min((_minutes(each.tick, injected) for each in own), default=None),
        len(own),
        any({each.detector, each.cause} & set(injected.fault.names) for each in own),
        by_detector,
    )


def _belongs(tick: int, injected: Injected) -> bool:
    return injected.first <= tick < injected.end + AFTERWARDS


def _minutes(tick: int, injected: Injected) -> int:
    """From the start of the fault to the end of a tick."""
    return (tick + 1 - injected.first) * MINUTES_OF_TICK


def summary(outcomes: list[Outcome]) -> dict[str, float]:
    """Shares in percent, delays in minutes; without those of which there is no case."""
    large = [each for each in outcomes if each.is_large]
    found = [each for each in outcomes if each.delay is not None]
    delays = [each.delay for each in large if each.delay is not None]
    values = {
        "recall, factor two or more": _percent(each.delay is not None for each in large),
        "recall, factor two or more with enough information": _percent(
            each.delay is not None for each in large if each.has_information
        ),
        "recall, factor two or more, or joined to an open incident": _percent(each.is_shown for each in large),
        "recall, smaller faults": _percent(each.delay is not None for each in outcomes if not each.is_large),
        "named rightly, of those found": _percent(each.is_named_rightly for each in found),
        "incidents for each fault found": sum(each.incidents for each in found) / len(found) if found else None,
        "delay p50": percentile(delays, 0.5) if delays else None,
        "delay p90": percentile(delays, 0.9) if delays else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def summary_of(detector: str, found: Judged) -> dict[str, float]:
    """Of the faults whose first detector it is; `rupture` also answers for drops and surges."""
    first = "volume" if detector == "rupture" else detector
    own = [each for each in found.outcomes if each.is_large and each.injected.fault.names[0] == first]
    delays = [delay for each in own if (delay := each.delay_of(detector)) is not None]
    incidents_of = [True for cause in found.right if cause == detector]
    values = {
        "precision": _percent([*incidents_of, *(False for cause in found.wrong if cause == detector)]),
        "recall": _percent(each.delay_of(detector) is not None for each in own),
        "recall with enough information": _percent(
            each.delay_of(detector) is not None for each in own if each.has_information
        ),
        "delay p50": float(median(delays)) if delays else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _percent(cases: Iterable[bool]) -> float | None:
    each = list(cases)
    return 100 * sum(each) / len(each) if each else None
