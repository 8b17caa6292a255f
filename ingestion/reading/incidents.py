"""The incidents of Gold together with what people have acknowledged."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple

from ingestion.queries import Anomaly, GoldSnapshot, Lake, WatchState, anomalies, watch_state
from ingestion.reading.acknowledgements import Acknowledged, Acknowledgement, Acknowledgements
from ingestion.settings import PathSettings, load

OPEN, ACKNOWLEDGED, CLOSED = "ouverte", "acquittee", "fermee"
STATUTS = (OPEN, ACKNOWLEDGED, CLOSED)
# they call for attention on every page until somebody has acknowledged them
URGENT = ("critique", "haute")


@dataclass(frozen=True, slots=True)
class Incident(Anomaly):
    """An incident as readers see it: an open one that somebody has acknowledged is `acquittee`."""

    acquittee_par: str | None
    acquittee_a: datetime | None
    note: str | None


_OF_TABLE = tuple(field.name for field in fields(Anomaly))


def incident_of(found: Anomaly, acknowledged: Acknowledged) -> Incident:
    entry = acknowledged.latest.get(found.anomalie_id)
    values = {name: getattr(found, name) for name in _OF_TABLE}
    if entry is None:
        return Incident(**values, acquittee_par=None, acquittee_a=None, note=None)
    if found.statut == OPEN:
        values["statut"] = ACKNOWLEDGED
    return Incident(**values, acquittee_par=entry.par, acquittee_a=entry.a, note=entry.note)


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
    """The incidents of now; read once for each publication of Gold and each acknowledgement."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.acknowledgements = Acknowledgements(load(PathSettings).acknowledgements)
        self._known: tuple[object, Seen] = (None, Seen([], None, ()))

    def seen(self) -> Seen:
        """The same object until there is something new.  Raises LakeUnreadableError."""
        gold, acknowledged = self._lake.gold(), self.acknowledgements.known()
        key, seen = self._known
        if key != (gold.key, acknowledged):
            found = incidents_of(gold, acknowledged)
            urgent = tuple(each for each in found if each.statut == OPEN and each.severite in URGENT)
            seen = Seen(found, watch_state(gold), urgent)
            self._known = ((gold.key, acknowledged), seen)
        return seen

    def find(self, anomalie_id: str) -> Incident | None:
        return next((each for each in self.seen().incidents if each.anomalie_id == anomalie_id), None)

    def acknowledge(self, anomalie_id: str, par: str, note: str = "", *, retire: bool = False) -> None:
        """Raises ValueError for a name or note that is not allowed, OSError if it cannot be written."""
        self.acknowledgements.append(Acknowledgement(anomalie_id, par, note, retire))
