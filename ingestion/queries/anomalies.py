"""The incidents of Gold: what was out of the ordinary, and how far the watch has come.

Gold that was published before it watched has no incident, and no state of the watch.
"""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ingestion.queries.snapshot import GoldSnapshot

# from the root of a fault to what follows from it, as the run ranks its detectors
CAUSES = (
    *("silence", "partition", "doublon", "rejet", "vide", "prix", "produit", "pays", "segment"),
    *("volume", "rupture", "panier", "retard", "plat"),
)
SEVERITES = ("critique", "haute", "moyenne")
# an expectation is learned from so many days
JOURS_REQUIS = 14
# by what the run counts: its `moment` is the start of one
TICK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One incident; `debut` and `derniere_alerte` are the first and the last tick of five minutes that alarmed.

    `detecteur` began it, `cause` is the detector nearest to the root, and `cle` what that one counts; `observe`,
    `attendu` and its bounds are events, sales or EUR in the window `fenetre` of its strongest alarm.  `fin` is None
    while the incident is open.  `detecteurs`: all that alarmed, by name.
    """

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


@dataclass(frozen=True, slots=True)
class WatchState:
    """How far the watch has come: it counts since `mesures_depuis`, and knows all that arrived before `complet_jusque`.

    `attentes_du`: the newest day with expectations; `apprend`: the newest day that is counted has none, so nothing can
    alarm.  `jours_connus`: whole days of counts before that day, of which `jours_requis` are needed.
    """

    mesures_depuis: datetime | None
    complet_jusque: datetime | None
    attentes_du: date | None
    apprend: bool
    jours_connus: int
    jours_requis: int = JOURS_REQUIS


_COLUMNS = ", ".join(field.name for field in fields(Anomaly))


def anomalies(
    gold: GoldSnapshot,
    *,
    statut: str | None = None,
    severite: str | None = None,
    cause: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    anomalie_id: str | None = None,
) -> list[Anomaly]:
    """The incidents, newest first: those that began before `until` and alarmed at `since` or later."""
    conditions = {
        "statut = $statut": statut,
        "severite = $severite": severite,
        "cause = $cause": cause,
        "derniere_alerte >= $since": since,
        "debut < $until": until,
        "anomalie_id = $anomalie_id": anomalie_id,
    }
    wanted = {condition: value for condition, value in conditions.items() if value is not None}
    rows = gold.rows(
        "anomalies",
        f"""
        select {_COLUMNS} from read_parquet($files)
        {f"where {' and '.join(wanted)}" if wanted else ""}
        order by debut desc, anomalie_id desc
        """,
        **{condition.partition("$")[2]: value for condition, value in wanted.items()},
    )
    return [Anomaly(*row) for row in rows]


def anomaly(gold: GoldSnapshot, anomalie_id: str) -> Anomaly | None:
    """The incident with that number, or None."""
    found = anomalies(gold, anomalie_id=anomalie_id)
    return found[0] if found else None


def watch_state(gold: GoldSnapshot) -> WatchState | None:
    """How far the watch has come; None if no run has watched yet."""
    if gold.publication is None or "mesures" not in gold.publication.versions:
        return None
    counted = gold.rows(
        "mesures",
        """
        select
            min(moment) filter (mesure = 'volume'),
            max(moment) filter (mesure = 'complet')
        from read_parquet($files)
        """,
    )
    trained = gold.rows("attentes", "select max(date_arrivee) from read_parquet($files)")
    first, last = counted[0] if counted else (None, None)
    return _state(first, last, trained[0][0] if trained else None)


def _state(first: datetime | None, last: datetime | None, trained: date | None) -> WatchState:
    known = 0
    if first and last:
        day = datetime(*last.astimezone(UTC).timetuple()[:3], tzinfo=UTC)
        # the first hour is not whole, so history begins with it
        known = max((day - first.replace(minute=0)).days, 0)
    learns = last is None or trained is None or trained < last.astimezone(UTC).date()
    return WatchState(first, last and last + TICK, trained, learns, known)
