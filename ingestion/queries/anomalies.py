"""The incidents of Gold: what was out of the ordinary, and how far the watch has come.

Gold that was published before it watched has no incident, and no state of the watch.
"""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ingestion.detectors import DETECTORS
from ingestion.queries.snapshot import GoldSnapshot

# from the root of a fault to what follows from it
CAUSES = tuple(sorted(DETECTORS, key=lambda name: DETECTORS[name].rank))
SEVERITES = ("critique", "haute", "moyenne")
# the start of its first five minutes, its detector, and a number from 2 on where several have both in common
ANOMALIE_ID = "^[0-9]{8}-[0-9]{4}-[a-z]{1,20}(-[0-9]{1,3})?$"
# an expectation is learned from so many days
JOURS_REQUIS = 14
# the state of the watch is read from the measures of so many, so that it costs the same after years
JOURS_LUS = 40
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
    """How far the watch has come: it knows all that arrived before `complet_jusque`, None if not for 40 days.

    `attentes_du`: the newest day with expectations; `apprend`: the newest day that is counted has none, so nothing can
    alarm.  Only then, it also says since when it counts, `mesures_depuis`, and how many whole days of counts there are
    before that day, `jours_connus`, of which `jours_requis` are needed.
    """

    mesures_depuis: datetime | None
    complet_jusque: datetime | None
    attentes_du: date | None
    apprend: bool
    jours_connus: int | None
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
    last, trained = last_complete_tick(gold), _newest_expectations(gold)
    complete = last and last + TICK
    if last and trained and trained >= last.astimezone(UTC).date():
        return WatchState(None, complete, trained, apprend=False, jours_connus=None)
    first = _first_moment(gold)
    return WatchState(first, complete, trained, apprend=True, jours_connus=_whole_days(first, last))


def last_complete_tick(gold: GoldSnapshot) -> datetime | None:
    """The start of the last five minutes of which everything had arrived; None if there were none for 40 days.

    What lies after the publication was noted by a clock that was wrong.
    """
    sql = """
        select max(moment) from read_parquet($files)
        where date_arrivee between $first and $last and mesure = 'complet' and moment <= $published_at
        """
    found: datetime | None = _of_last_days(gold, "mesures", sql, published_at=gold.as_of)
    return found


def _newest_expectations(gold: GoldSnapshot) -> date | None:
    sql = "select max(date_arrivee) from read_parquet($files) where date_arrivee between $first and $last"
    found: date | None = _of_last_days(gold, "attentes", sql)
    return found


def _of_last_days(gold: GoldSnapshot, table: str, sql: str, **parameters: Any) -> Any:
    """The one value of the SQL, given the days that are read, up to that of the publication."""
    if gold.as_of is None:
        return None
    last = gold.as_of.astimezone(UTC).date()
    rows = gold.rows(table, sql, first=last - timedelta(days=JOURS_LUS), last=last, **parameters)
    return rows[0][0] if rows else None


def _first_moment(gold: GoldSnapshot) -> datetime | None:
    """Of the whole history: asked only while it is short."""
    rows = gold.rows("mesures", "select min(moment) from read_parquet($files) where mesure = 'volume'")
    return rows[0][0] if rows else None


def _whole_days(first: datetime | None, last: datetime | None) -> int:
    """Before the day of the last tick; the first hour is not whole, so history begins with it."""
    if first is None or last is None:
        return 0
    day = datetime(*last.astimezone(UTC).timetuple()[:3], tzinfo=UTC)
    return max((day - first.replace(minute=0)).days, 0)
