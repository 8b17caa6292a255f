"""The incidents of Gold together with what people have acknowledged."""

from dataclasses import dataclass, fields
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from ingestion.queries import SEVERITES, Anomaly, GoldSnapshot, Lake, WatchState, anomalies, watch_state
from ingestion.reading.acknowledgements import Acknowledged, Acknowledgement, Acknowledgements
from ingestion.settings import PathSettings, load

OPEN, ACKNOWLEDGED, CLOSED = "ouverte", "acquittee", "fermee"
STATUTS = (OPEN, ACKNOWLEDGED, CLOSED)
# they call for attention on every page until somebody has acknowledged them
URGENT = ("critique", "haute")


@dataclass(frozen=True, slots=True)
class Incident(Anomaly):
    """An incident as readers see it: an open one that somebody has acknowledged is `acquittee`.

    If it has become worse since, or another one, it is `ouverte` again.
    """

    acquittee_par: str | None
    acquittee_a: datetime | None
    note: str | None

    @property
    def has_changed(self) -> bool:
        """Whether it was acknowledged before it became what it is, and so calls for attention again."""
        return self.statut == OPEN and self.acquittee_a is not None


_RANKS = {severite: rank for rank, severite in enumerate(SEVERITES)}
_OF_TABLE = tuple(field.name for field in fields(Anomaly))


def incident_of(found: Anomaly, acknowledged: Acknowledged) -> Incident:
    entry = acknowledged.latest.get(found.anomalie_id)
    values = {name: getattr(found, name) for name in _OF_TABLE}
    if entry is None:
        return Incident(**values, acquittee_par=None, acquittee_a=None, note=None)
    if found.statut == OPEN and _covers(entry, found):
        values["statut"] = ACKNOWLEDGED
    return Incident(**values, acquittee_par=entry.par, acquittee_a=entry.a, note=entry.note)


def _covers(entry: Acknowledgement, found: Anomaly) -> bool:
    """Whether what was shown then was at least as bad, and of the same thing; without a note of it, it counts."""
    if not entry.severite:
        return True
    is_worse = _RANKS[found.severite] < _RANKS.get(entry.severite, len(_RANKS))
    return not is_worse and (found.cause, found.cle) == (entry.cause, entry.cle)


def incidents_of(
    gold: GoldSnapshot,
    acknowledged: Acknowledged,
    *,
    statut: str | None = None,
    severite: str | None = None,
    cause: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Incident]:
    """As `queries.anomalies`; `statut` is one of STATUTS."""
    in_table = OPEN if statut == ACKNOWLEDGED else statut
    found = anomalies(gold, statut=in_table, severite=severite, cause=cause, since=since, until=until)
    joined = (incident_of(each, acknowledged) for each in found)
    return [each for each in joined if statut is None or each.statut == statut]


class Seen(NamedTuple):
    """The newest publication's incidents, newest first, and how far the watch had come; None before it began."""

    incidents: list[Incident]
    state: WatchState | None
    urgent: tuple[Incident, ...]


class Watch:
    """The incidents of now; read once for each publication of Gold and each acknowledgement.  Threads may share it."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.acknowledgements = Acknowledgements(load(PathSettings).acknowledgements)
        self._known: tuple[object, Seen] = (None, Seen([], None, ()))
        self._lock = Lock()

    def seen(self) -> Seen:
        """The same object until there is something new.  Raises LakeUnreadableError."""
        # what is newest is asked under the lock, too: nobody who has waited replaces it by something older
        with self._lock:
            gold, acknowledged = self._lake.gold(), self.acknowledgements.known()
            key = (gold.key, acknowledged.version)
            if key != self._known[0]:
                self._known = (key, _seen(gold, acknowledged))
            return self._known[1]

    def find(self, anomalie_id: str) -> Incident | None:
        return next((each for each in self.seen().incidents if each.anomalie_id == anomalie_id), None)

    def acknowledge(self, shown: Anomaly, par: str, note: str = "", *, retire: bool = False) -> None:
        """Say that `par` has seen the incident as it was shown to them.

        Raises ValueError for a name or note that is not allowed, OSError if it cannot be written.
        """
        self.acknowledgements.append(
            Acknowledgement(
                shown.anomalie_id, par, note, retire, severite=shown.severite, cause=shown.cause, cle=shown.cle
            )
        )


def _seen(gold: GoldSnapshot, acknowledged: Acknowledged) -> Seen:
    found = incidents_of(gold, acknowledged)
    urgent = tuple(each for each in found if each.statut == OPEN and each.severite in URGENT)
    return Seen(found, watch_state(gold), urgent)
