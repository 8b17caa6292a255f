"""Follow a `vente_id` to the verdict of every event that carries it.  Run: sales explain VENTE_ID"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from deltalake import DeltaTable

from ingestion.lake import query, table_exists
from ingestion.publication import Publication, publications
from ingestion.settings import PathSettings, load

Coordinates = tuple[int, int]


class Verdict(NamedTuple):
    """`en_attente`: no closed slice holds the event yet, so `tranche` is None.  `raison` is there for `rejete`."""

    tranche: int | None = None
    verdict: Literal["valide", "doublon", "rejete", "en_attente"] = "en_attente"
    raison: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One event: where it lies in Kafka, its slice and verdict (see Verdict), and its bytes."""

    vente_id: int
    kafka_partition: int
    kafka_offset: int
    kafka_timestamp: datetime
    tranche: int | None
    verdict: Literal["valide", "doublon", "rejete", "en_attente"]
    raison: str | None
    value: bytes | None


def explain(vente_id: int, lake: Path | None = None) -> list[Trace]:
    """Every event with this `vente_id`, in the order in which the slices took them; empty when Bronze has none.

    Unreadable events have no `vente_id`, so they cannot be found by it.
    """
    lake = lake or load(PathSettings).lake_dir
    closed = publications(lake / "silver")
    events = _events(lake / "bronze" / "ventes_raw", vente_id)
    if not events:
        return []
    verdicts = _Verdicts(lake / "silver", closed[-1], vente_id, list(events)) if closed else None
    traces = []
    for where, (moment, value) in events.items():
        tranche, verdict, raison = verdicts.of(where) if verdicts else Verdict()
        traces.append(Trace(vente_id, *where, moment, tranche, verdict, raison, value))
    last = float("inf")
    return sorted(traces, key=lambda t: (t.tranche or last, t.kafka_partition, t.kafka_offset))


def _events(path: Path, vente_id: int) -> dict[Coordinates, tuple[datetime, bytes | None]]:
    """Kafka's timestamp and the bytes of each event; a replayed copy is the same event."""
    if not table_exists(path):
        return {}
    table = DeltaTable(str(path))
    # two steps: the search reads one column of the table, and the bytes come only from the files of what it found
    found = query(
        "select distinct kafka_partition, kafka_offset, date::varchar, vente_id from ventes_raw "
        "where regexp_full_match(vente_id, ?)",
        [_spellings(vente_id)],
        ventes_raw=table,
    )
    found = [row for row in found if Decimal(row[-1]) == vente_id]
    if not found:
        return {}
    dates = ", ".join(sorted({f"date '{day}'" for _, _, day, _ in found}))
    rows = query(
        f"select kafka_partition, kafka_offset, kafka_timestamp, value from ventes_raw "
        f"where date in ({dates}) and {_among([(partition, offset) for partition, offset, *_ in found])}",
        ventes_raw=table,
    )
    return {(partition, offset): (moment, value) for partition, offset, moment, value in rows}


def _spellings(vente_id: int) -> str:
    """A pattern for every text that casts to the number: 12, +12, 0012, 12.0, 1.2e1, 120E-1.

    It does not count places, and so finds 1.2 and 12e5, too.
    """
    sign = "-" if vente_id < 0 else "[+-]?" if vente_id == 0 else "[+]?"
    digits = "[.]?".join(str(abs(vente_id)).rstrip("0") or "0")
    return rf"{sign}(0+[.]?0*)?{digits}0*([.]0+)?([eE][+-]?0*[0-9]{{1,3}})?"


def _among(places: list[Coordinates]) -> str:
    """Condition on a row's coordinates; the bounds let files be skipped by their statistics."""
    offsets = [offset for _, offset in places]
    pairs = ", ".join(f"({partition}, {offset})" for partition, offset in places)
    return f"kafka_offset between {min(offsets)} and {max(offsets)} and (kafka_partition, kafka_offset) in ({pairs})"


class _Verdicts:
    """What the published tables say of these events."""

    def __init__(self, silver: Path, publication: Publication, vente_id: int, places: list[Coordinates]) -> None:
        def published(name: str, sql: str) -> list[tuple[Any, ...]]:
            table = DeltaTable(str(silver / name), version=publication.versions[name])
            return query(f"select kafka_partition, kafka_offset, {sql}", source=table)

        self._ranges = query(
            "select kafka_partition, from_offset, to_offset, tranche from bilan_ingestion where tranche <= ?",
            [publication.tranche],
            bilan_ingestion=DeltaTable(str(silver / "bilan_ingestion")),
        )
        self._clean = {
            (partition, offset)
            for partition, offset, _ in published("ventes_clean", f"1 from source where vente_id = {vente_id}")
        }
        self._rejected = {
            (partition, offset): raison
            for partition, offset, raison in published("ventes_rejetees", f"raison from source where {_among(places)}")
        }

    def of(self, where: Coordinates) -> Verdict:
        tranche = self._tranche(*where)
        if tranche is None:
            return Verdict()
        if where in self._clean:
            return Verdict(tranche, "valide")
        if where in self._rejected:
            return Verdict(tranche, "rejete", self._rejected[where])
        return Verdict(tranche, "doublon")

    def _tranche(self, partition: int, offset: int) -> int | None:
        holding = (tranche for held, start, end, tranche in self._ranges if held == partition and start <= offset < end)
        return next(holding, None)
