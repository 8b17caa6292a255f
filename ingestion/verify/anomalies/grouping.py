"""Which alarms are one incident, and what is said of it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest
from typing import NamedTuple

from ingestion.verify.anomalies.detectors import DETECTORS, LINKED, THRESHOLDS, TICK, Alarm, moment_of, tick_of

# ticks without an alarm of the detector, and of those linked to it, before one starts an incident
_QUIET, _QUIET_OF_LINKED = 144, 12
# ticks in which the cause shows itself
_CAUSE = 12
_CRITICAL, _HIGH = ("silence", "partition", "prix"), ("rejet", "volume", "rupture", "doublon")
_CENT = Decimal("0.01")


class Incident(NamedTuple):
    """A row of `anomalies`."""

    anomalie_id: str
    detecteur: str
    cause: str
    cle: str
    fenetre: str
    debut: datetime
    derniere_alerte: datetime
    fin: datetime | None
    observe: Decimal
    attendu: Decimal
    attendu_bas: Decimal
    attendu_haut: Decimal
    score: Decimal
    sens: str
    severite: str
    statut: str
    detecteurs: str
    tranche: int


# the ticks of a detector's alarms, ascending
_Ticks = dict[str, list[int]]


def incidents(alarms: Iterable[Alarm], complete: int) -> list[Incident]:
    """By start and detector.  `complete`: the last tick of which everything is known."""
    by_detector: dict[str, list[tuple[int, Alarm]]] = defaultdict(list)
    for alarm in alarms:
        by_detector[alarm.detecteur].append((tick_of(alarm.moment), alarm))
    ticks = {name: sorted({tick for tick, _ in rows}) for name, rows in by_detector.items()}
    found = []
    for name in ticks:
        rows = [row for other in LINKED[name] for row in by_detector.get(other, ())]
        rows.sort(key=lambda row: row[0])
        starts = list(_starts(name, ticks))
        for start, next_start in zip_longest(starts, starts[1:]):
            found.append(_incident(name, start, list(_joined(rows, start, next_start)), complete))
    return sorted(found, key=lambda each: (each.debut, each.detecteur))


def _starts(name: str, ticks: _Ticks) -> Iterator[int]:
    linked = LINKED[name] - {name}
    nearer = [other for other in linked if DETECTORS[other].rank < DETECTORS[name].rank]
    for tick in ticks[name]:
        if not (
            _any(ticks, [name], tick - _QUIET, tick - 1)
            or _any(ticks, linked, tick - _QUIET_OF_LINKED, tick - 1)
            or _any(ticks, nearer, tick, tick)
        ):
            yield tick


def _any(ticks: _Ticks, names: Iterable[str], first: int, last: int) -> bool:
    """Is there an alarm of one of these detectors, from the first to the last tick?"""
    for name in names:
        own = ticks.get(name, [])
        place = bisect_left(own, first)
        if place < len(own) and own[place] <= last:
            return True
    return False


def _joined(rows: list[tuple[int, Alarm]], start: int, next_start: int | None) -> Iterator[tuple[int, Alarm]]:
    """From the start until the detector starts another, or nothing comes for half a day."""
    last = start
    for tick, alarm in rows[bisect_left(rows, start, key=lambda row: row[0]) :]:
        if tick - last > _QUIET or (next_start is not None and tick >= next_start):
            return
        last = tick
        yield tick, alarm


def _incident(name: str, start: int, rows: list[tuple[int, Alarm]], complete: int) -> Incident:
    early = {alarm.detecteur for tick, alarm in rows if tick <= start + _CAUSE}
    cause = min(early, key=lambda each: DETECTORS[each].rank)
    strongest = min(
        (alarm for _, alarm in rows if alarm.detecteur == cause),
        key=lambda alarm: (-abs(alarm.score), alarm.moment, alarm.cle),
    )
    debut, last = moment_of(start), rows[-1][0]
    is_open = complete - last < _QUIET
    width = THRESHOLDS[cause] * strongest.ecart_type
    return Incident(
        anomalie_id=f"{debut:%Y%m%d-%H%M}-{name}",
        detecteur=name,
        cause=cause,
        cle=strongest.cle,
        fenetre=strongest.fenetre,
        debut=debut,
        derniere_alerte=moment_of(last),
        fin=None if is_open else moment_of(last) + TICK,
        observe=strongest.observe,
        attendu=strongest.attendu,
        attendu_bas=max(Decimal("0.00"), _cents(strongest.attendu - width)),
        attendu_haut=_cents(strongest.attendu + width),
        score=strongest.score,
        sens="hausse" if strongest.score > 0 else "baisse",
        severite=_severity(cause, abs(strongest.score)),
        statut="ouverte" if is_open else "fermee",
        detecteurs=", ".join(sorted({alarm.detecteur for _, alarm in rows})),
        tranche=min(alarm.tranche for tick, alarm in rows if tick == start and alarm.detecteur == name),
    )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def _severity(cause: str, score: Decimal) -> str:
    if cause in _CRITICAL or score >= 8:
        return "critique"
    return "haute" if cause in _HIGH or score >= 6 else "moyenne"
