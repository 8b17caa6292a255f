"""Which alarms are one incident, and what is said of it.

A series is the alarms of a detector and key on one side of what is expected.  Its episodes are set apart by more than
half a day without any.  An episode that nothing explains begins an incident; one that something explains joins it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from ingestion.detectors import CRITICAL, DETECTORS, LINKED, THRESHOLDS, severity
from ingestion.queries.anomalies import Anomaly
from ingestion.verify.anomalies.alarm_rows import TICK, Alarm, moment_of, tick_of

# ticks: the longest gap in an episode, and how soon after its cause another detector alarms
_QUIET, _SOON = 144, 12
# ticks in which the cause shows itself
_CAUSE = 12
_CENT = Decimal("0.01")


class _Series(NamedTuple):
    """In this order; `sens` is the sign of the score, and no two detectors have the same rank."""

    rank: int
    cle: str
    sens: int
    detecteur: str


class _Episode(NamedTuple):
    """`rows`: its alarms with their ticks, ascending."""

    series: _Series
    rows: list[tuple[int, Alarm]]

    @property
    def first(self) -> int:
        return self.rows[0][0]

    @property
    def last(self) -> int:
        return self.rows[-1][0]


def incidents(alarms: Iterable[Alarm], complete: int) -> list[Anomaly]:
    """By start and detector.  `complete`: the last tick of which everything is known."""
    return [_incident(name, of_one, complete) for name, of_one in gathered(alarms).items()]


def gathered(alarms: Iterable[Alarm]) -> dict[str, list[Alarm]]:
    """The alarms of each incident, by its `anomalie_id`; the first is the one that begins it."""
    groups = _Episodes(alarms).grouped()
    groups.sort(key=lambda group: (group[0].first, group[0].series.detecteur, group[0].series))
    found: dict[str, list[Alarm]] = {}
    numbers = Counter[str]()
    for group in groups:
        name = f"{moment_of(group[0].first):%Y%m%d-%H%M}-{group[0].series.detecteur}"
        numbers[name] += 1
        number = f"-{numbers[name]}" if numbers[name] > 1 else ""
        found[name + number] = [alarm for episode in group for _, alarm in episode.rows]
    return found


class _Episodes:
    """All of them; and by series, to bisect: the ticks, the first of each episode, those that begin incidents."""

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        rows: dict[_Series, list[tuple[int, Alarm]]] = defaultdict(list)
        for alarm in alarms:
            rows[_series_of(alarm)].append((tick_of(alarm.moment), alarm))
        for each in rows.values():
            each.sort(key=lambda row: (row[0], row[1].tranche))
        self._ticks = {series: [tick for tick, _ in each] for series, each in rows.items()}
        self._all = [episode for series, each in rows.items() for episode in _episodes(series, each)]
        self._firsts: dict[_Series, list[int]] = defaultdict(list)
        for episode in self._all:
            self._firsts[episode.series].append(episode.first)
        # by detector
        self._linked = {
            name: [series for series in rows if series.detecteur in LINKED[name]]
            for name in {series.detecteur for series in rows}
        }
        self._begun: dict[_Series, list[_Episode]] = defaultdict(list)

    def grouped(self) -> list[list[_Episode]]:
        """By incident; first the one that begins it."""
        explained = []
        for episode in self._all:
            if self._is_explained(episode):
                explained.append(episode)
            else:
                self._begun[episode.series].append(episode)
        groups = {(each.series, each.first): [each] for begun in self._begun.values() for each in begun}
        alone = []
        for episode in explained:
            if begun_by := self._joined(episode):
                groups[begun_by.series, begun_by.first].append(episode)
            else:
                alone.append([episode])
        return [*groups.values(), *alone]

    def _related(self, series: _Series) -> Iterator[_Series]:
        return (other for other in self._linked[series.detecteur] if other != series)

    def _is_explained(self, episode: _Episode) -> bool:
        return any(self._explains(other, episode) for other in self._related(episode.series))

    def _explains(self, other: _Series, episode: _Episode) -> bool:
        series, first, ticks = episode.series, episode.first, self._ticks[other]
        # what is critical, only what is nearer to the root explains, or what has just begun
        is_own = series.detecteur in CRITICAL and other.rank >= series.rank
        if _any(self._firsts[other] if is_own else ticks, first - _SOON, first - 1):
            return True
        if other < series and _any(ticks, first, first):
            return True
        # if one share falls, the others rise
        is_opposite = other.rank == series.rank and other.cle != series.cle and other.sens != series.sens
        return is_opposite and _any(ticks, first - _QUIET, first - 1)

    def _joined(self, episode: _Episode) -> _Episode | None:
        """The one that begins the incident of an explained episode, if there is any."""
        found = (self._going_on(other, episode.first) for other in self._related(episode.series))
        return min((each for each in found if each and _may_hold(each, episode)), key=_nearness, default=None)

    def _going_on(self, series: _Series, tick: int) -> _Episode | None:
        """The episode of a series that begins an incident and goes on at a tick, or was the last half a day ago."""
        begun = self._begun.get(series, [])
        place = bisect_right(begun, tick, key=lambda each: each.first)
        # two of a series are farther apart, so no earlier one can go on
        return begun[place - 1] if place and begun[place - 1].last + _QUIET >= tick else None


def _may_hold(begun: _Episode, episode: _Episode) -> bool:
    """What is critical does not hide in something old and mild, but for the rise of a share in the fall of another."""
    series, root = episode.series, begun.series
    is_rise = root.detecteur == series.detecteur and root.sens < series.sens
    is_early = begun.first >= episode.first - _SOON
    return series.detecteur not in CRITICAL or root.rank < series.rank or is_early or is_rise


def _series_of(alarm: Alarm) -> _Series:
    return _Series(DETECTORS[alarm.detecteur].rank, alarm.cle, 1 if alarm.score > 0 else -1, alarm.detecteur)


def _episodes(series: _Series, rows: list[tuple[int, Alarm]]) -> Iterator[_Episode]:
    first = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place][0] - rows[place - 1][0] > _QUIET:
            yield _Episode(series, rows[first:place])
            first = place


def _nearness(begun: _Episode) -> tuple[int, int, str, int]:
    return begun.series.rank, begun.first, begun.series.cle, begun.series.sens


def _any(ticks: list[int], first: int, last: int) -> bool:
    """Is there one from the first to the last, of ticks that ascend?"""
    place = bisect_left(ticks, first)
    return place < len(ticks) and ticks[place] <= last


def _incident(name: str, alarms: list[Alarm], complete: int) -> Anomaly:
    begun, last = alarms[0], tick_of(max(alarm.moment for alarm in alarms))
    early = {alarm.detecteur for alarm in alarms if alarm.moment <= begun.moment + _CAUSE * TICK}
    cause = min(early, key=lambda each: DETECTORS[each].rank)
    strongest = min(
        (alarm for alarm in alarms if alarm.detecteur == cause),
        key=lambda alarm: (-abs(alarm.score), alarm.moment, alarm.cle),
    )
    is_open = complete - last < _QUIET
    width = THRESHOLDS[cause] * strongest.ecart_type
    return Anomaly(
        anomalie_id=name,
        detecteur=begun.detecteur,
        cause=cause,
        cle=strongest.cle,
        fenetre=strongest.fenetre,
        debut=begun.moment,
        derniere_alerte=moment_of(last),
        fin=None if is_open else moment_of(last) + TICK,
        observe=strongest.observe,
        attendu=strongest.attendu,
        attendu_bas=max(Decimal("0.00"), _cents(strongest.attendu - width)),
        attendu_haut=_cents(strongest.attendu + width),
        score=strongest.score,
        sens="hausse" if strongest.score > 0 else "baisse",
        severite=severity(cause, strongest.score),
        statut="ouverte" if is_open else "fermee",
        detecteurs=", ".join(sorted({alarm.detecteur for alarm in alarms})),
        tranche=begun.tranche,
    )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
