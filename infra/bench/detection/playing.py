"""The detector lives through a world, day by day, as it does in Gold: each day is learned after the one before."""

from datetime import date, timedelta
from decimal import Decimal

from infra.bench.detection.rates import DAYS
from infra.bench.detection.simulated_events import FIRST_TICK, MONDAY
from ingestion.detectors import THRESHOLDS
from ingestion.verify.anomalies.alarm_rows import TICKS_OF_DAY, Alarm, Measures
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained

LEARNING_DAYS = 14
# of all detectors but `silence`, which keeps its own
TRIED = tuple(map(Decimal, ("4.0", "4.2", "4.4", "4.6")))
OWN = ("silence",)


def alarms_of(measures: Measures, days: int = DAYS) -> list[Alarm]:
    """All alarms at the lowest threshold of `TRIED`; only those at the built-in one keep hours out of the training."""
    lowest = {name: each if name in OWN else min(TRIED) for name, each in THRESHOLDS.items()}
    found: list[Alarm] = []
    raised: list[Alarm] = []
    for number in range(LEARNING_DAYS, days):
        day: date = MONDAY + timedelta(days=number)
        first = FIRST_TICK + number * TICKS_OF_DAY
        expected = {day: trained(day, measures, raised, "UTC")}
        of_day = scored(range(first, first + TICKS_OF_DAY), measures, expected, 0, lowest)
        found += of_day
        raised += [alarm for alarm in of_day if abs(alarm.score) >= THRESHOLDS[alarm.detecteur]]
    return found


def at_threshold(alarms: list[Alarm], threshold: Decimal) -> list[Alarm]:
    """Those that are left at a higher threshold."""
    return [alarm for alarm in alarms if alarm.detecteur in OWN or abs(alarm.score) >= threshold]
