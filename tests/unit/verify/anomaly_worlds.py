"""Small worlds for the second implementation of the anomaly detector: what arrived, and what alarmed."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from ingestion.verify.anomalies.alarm_rows import Alarm, Expectation, Series, moment_of, tick_of
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained

DAY = date(2026, 3, 30)  # a Monday
START = tick_of(datetime.fromisoformat("2026-03-30T00:00Z"))
WEEKS = 28 * 288
World = dict[Series, dict[int, int]]


def steady(days: int = 28, **counts: int) -> World:
    """The same in each tick, before the day and on it; `produit_A=3` counts three of the key A."""
    ticks = range(START - 288 * days - 12, START + 288)
    return {_series(name): dict.fromkeys(ticks, count) for name, count in counts.items()}


def _series(name: str) -> Series:
    mesure, _, cle = name.partition("_")
    return mesure, cle or "total"


def expected(world: World, alarms: Iterable[Alarm] = (), day: date = DAY) -> dict[Series, Expectation]:
    """By measure and key; of the volume the last quarter."""
    return {(row.mesure, row.cle): row for row in trained(day, world, alarms, "UTC")}


def alarms_of(world: World, ticks: Iterable[int], *detectors: str) -> list[Alarm]:
    found = scored(ticks, world, {DAY: trained(DAY, world, [], "UTC")}, tranche=7)
    return [alarm for alarm in found if not detectors or alarm.detecteur in detectors]


def change(world: World, name: str, first: int, last: int, count: int) -> World:
    """From one tick of the day to another."""
    series = _series(name)
    return world | {series: world.get(series, {}) | dict.fromkeys(range(START + first, START + last + 1), count)}


def alarm(detecteur: str, tick: int, score: float = 5, cle: str = "total", ticks: int = 3, tranche: int = 1) -> Alarm:
    of = Decimal(10)
    return Alarm(moment_of(tick), detecteur, cle, "15min", of, of, of, None, Decimal(str(score)), ticks, tranche)
