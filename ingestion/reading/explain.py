"""Follow a `vente_id`, or one place in Kafka, to the verdict of every event found.

Run: sales explain VENTE_ID, or sales explain PARTITION:OFFSET for an event without an id.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

from deltalake import DeltaTable

from ingestion.bronze.eventless import eventless_offsets
from ingestion.bronze.gaps import accepted_gaps
from ingestion.lake.delta_tables import query, table_exists
from ingestion.lake.engine import Row
from ingestion.queries.snapshot import Lake, Snapshot
from ingestion.settings import PathSettings, load

Coordinates = tuple[int, int]
# the highest numbers that a Kafka partition and a Kafka offset can have
MAX_PARTITION, MAX_OFFSET = 2**31 - 1, 2**63 - 1


class Verdict(NamedTuple):
    """`en_attente`: no closed slice holds the event yet, so `tranche` is None.  `raison` is set only for `rejete`."""

    tranche: int | None = None
    verdict: Literal["valide", "doublon", "rejete", "en_attente"] = "en_attente"
    raison: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One event: where it is in Kafka, its slice and verdict (see Verdict), and its bytes.

    `vente_id` is the text in the event; `parse_error` says why an unreadable event has none.
    """

    vente_id: str | None
    kafka_partition: int
    kafka_offset: int
    kafka_timestamp: datetime
    tranche: int | None
    verdict: Literal["valide", "doublon", "rejete", "en_attente"]
    raison: str | None
    value: bytes | None
    parse_error: str | None = None


class _Event(NamedTuple):
    """What Bronze holds about an event."""

    vente_id: str | None
    kafka_timestamp: datetime
    value: bytes | None
    parse_error: str | None


def read_reference(text: str) -> int | Coordinates:
    """What `explain` is asked for: a `vente_id`, or PARTITION:OFFSET.  Raises ValueError."""
    if re.fullmatch("[+-]?[0-9]{1,38}", text):
        return int(text)
    place = re.fullmatch("([0-9]{1,10}):([0-9]{1,19})", text)
    if place and int(place[1]) <= MAX_PARTITION and int(place[2]) <= MAX_OFFSET:
        return int(place[1]), int(place[2])
    raise ValueError(f"must be a vente_id, as 1795329562159001, or PARTITION:OFFSET, as 1:5230, got {text!r}")


def explain(wanted: int | Coordinates, lake: Path | None = None) -> list[Trace]:
    """Every event with this `vente_id`, or the one at this place; empty when Bronze has none.

    They are in the order in which the slices took them.  Unreadable events have no `vente_id`, so they are found only
    by their place.
    """
    lake = lake or load(PathSettings).lake_dir
    silver, bronze = lake / "silver", lake / "bronze" / "ventes_raw"
    events = _events(bronze, wanted)
    if not events:
        return []
    snapshot = Lake(silver, bronze).current()
    verdicts = _Verdicts(silver, snapshot, list(events)) if snapshot.publication else None
    traces = []
    for where, event in events.items():
        tranche, verdict, raison = verdicts.of(where) if verdicts else Verdict()
        vente_id, moment, value, parse_error = event
        traces.append(Trace(vente_id, *where, moment, tranche, verdict, raison, value, parse_error))
    last = float("inf")
    return sorted(traces, key=lambda t: (t.tranche or last, t.kafka_partition, t.kafka_offset))


def absence(place: Coordinates, lake: Path | None = None) -> str:
    """What Bronze can say about a place at which it has no event."""
    (partition, offset), bronze = place, (lake or load(PathSettings).lake_dir) / "bronze" / "ventes_raw"
    gaps = accepted_gaps(bronze)
    if any(gap.partition == partition and gap.from_offset <= offset < gap.to_offset for gap in gaps):
        return f"event {partition}:{offset} is lost: Kafka dropped it before Bronze read it, and the loss was accepted"
    passed_over = (each for each in eventless_offsets(bronze) if each.kafka_partition == partition)
    if any(each.from_offset <= offset < each.to_offset for each in passed_over):
        return f"{partition}:{offset} is not an event: it is a transaction marker, or belongs to an aborted transaction"
    held = _held(bronze)
    if partition not in held:
        others = f"; it has read {', '.join(map(str, sorted(held)))}" if held else " or any other"
        return f"Bronze holds no event of partition {partition}{others}"
    first, last = held[partition]
    if offset < first:
        return f"Bronze has no event at offset {offset}: its partition {partition} begins at {first}"
    if offset > last:
        return f"Bronze has read partition {partition} up to offset {last}, not {offset} yet (sales status)"
    return (
        f"there is no event {partition}:{offset}, although Bronze has read up to {last}: the offset may belong to a "
        f"transaction marker or an aborted event; sales verify compares everything with the topic"
    )


def _held(bronze: Path) -> dict[int, Coordinates]:
    """By partition, the first and the last offset in Bronze."""
    if not table_exists(bronze):
        return {}
    rows = query(
        "select kafka_partition, min(kafka_offset), max(kafka_offset) from ventes_raw group by kafka_partition",
        ventes_raw=DeltaTable(str(bronze)),
    )
    return {partition: (first, last) for partition, first, last in rows}


def _events(path: Path, wanted: int | Coordinates) -> dict[Coordinates, _Event]:
    """The events by place; a replayed copy is the same event."""
    if not table_exists(path):
        return {}
    table = DeltaTable(str(path))
    if isinstance(wanted, tuple):
        return _read(table, [wanted])
    # two steps: the search does not read the bytes, which then come only from the files of the events that it found
    found = query(
        "select distinct kafka_partition, kafka_offset, date::varchar, vente_id from ventes_raw "
        "where regexp_full_match(vente_id, ?)",
        [_spellings(wanted)],
        ventes_raw=table,
    )
    found = [row for row in found if Decimal(row[-1]) == wanted]
    places = [(partition, offset) for partition, offset, *_ in found]
    return _read(table, places, {day for _, _, day, _ in found}) if found else {}


def _read(table: DeltaTable, places: list[Coordinates], days: Collection[str] = ()) -> dict[Coordinates, _Event]:
    dates = ", ".join(sorted({f"date '{day}'" for day in days}))
    on_days = f"date in ({dates}) and " if days else ""
    rows = query(
        f"select kafka_partition, kafka_offset, vente_id, kafka_timestamp, value, parse_error from ventes_raw "
        f"where {on_days}{_among(places)}",
        ventes_raw=table,
    )
    return {(partition, offset): _Event(*event) for partition, offset, *event in rows}


def _spellings(vente_id: int) -> str:
    """A pattern that matches every text that casts to the number: 12, +12, 0012, 12.0, 1.2e1, 120E-1.

    It ignores the position of the decimal point, so it also matches 1.2 and 12e5.
    """
    sign = "-" if vente_id < 0 else "[+-]?" if vente_id == 0 else "[+]?"
    digits = "[.]?".join(str(abs(vente_id)).rstrip("0") or "0")
    return rf"{sign}(0+[.]?0*)?{digits}0*([.]0+)?([eE][+-]?0*[0-9]{{1,3}})?"


def _among(places: list[Coordinates]) -> str:
    """A condition on a row's coordinates, with bounds by which files can be skipped from their statistics."""
    offsets = [offset for _, offset in places]
    pairs = ", ".join(f"({partition}, {offset})" for partition, offset in places)
    return f"kafka_offset between {min(offsets)} and {max(offsets)} and (kafka_partition, kafka_offset) in ({pairs})"


class _Verdicts:
    """What the published tables say about these events."""

    def __init__(self, silver: Path, snapshot: Snapshot, places: list[Coordinates]) -> None:
        def published(table: str, columns: str) -> list[Row]:
            return snapshot.rows(table, f"select {columns} from read_parquet($files) where {_among(places)}")

        self._ranges = query(
            "select kafka_partition, from_offset, to_offset, tranche from bilan_ingestion where tranche <= ?",
            [snapshot.publication.tranche if snapshot.publication else 0],
            bilan_ingestion=DeltaTable(str(silver / "bilan_ingestion")),
        )
        self._clean = set(published("ventes_clean", "kafka_partition, kafka_offset"))
        self._rejected = {
            (partition, offset): raison
            for partition, offset, raison in published("ventes_rejetees", "kafka_partition, kafka_offset, raison")
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
