"""Why the bytes of unreadable events could not be read.  Bronze stores the reason; Silver's tables do not repeat it."""

from bisect import bisect_left
from collections.abc import Collection
from datetime import date
from itertools import zip_longest
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from deltalake import DeltaTable

from ingestion.lake.delta_tables import table_exists
from ingestion.lake.engine import Engine
from ingestion.lake.failures import reading


class Place(NamedTuple):
    """Where an event is in Kafka, and its day, by which Bronze is partitioned."""

    kafka_partition: int
    kafka_offset: int
    day: date


class _File(NamedTuple):
    path: str
    day: date
    first: int | None
    last: int | None


class ParseErrors:
    """Opens only the Bronze files that may hold the events, by day and offset; of the log it reads only what is new."""

    def __init__(self, bronze: Path, engine: Engine) -> None:
        self._bronze, self._engine, self._lock = bronze, engine, Lock()
        self._table: DeltaTable | None = None

    def of(self, places: Collection[Place]) -> dict[tuple[int, int], str]:
        """By partition and offset; no entry for an event that Bronze could read.  Raises LakeUnreadableError."""
        offsets: dict[date, list[int]] = {}
        for _, offset, day in sorted(places, key=lambda place: place.kafka_offset):
            offsets.setdefault(day, []).append(offset)
        with reading("table ventes_raw"):
            listed = self._files() if places else []
            files = tuple(file.path for file in listed if _may_hold(file, offsets.get(file.day, [])))
            if not files:
                return {}
            rows = self._engine.rows(
                """
                select kafka_partition, kafka_offset, parse_error from read_parquet($files)
                where kafka_offset between $first and $last and parse_error is not null
                    and kafka_offset in (select unnest($offsets))
                """,
                {"files": files, **_bounds([place.kafka_offset for place in places])},
            )
        wanted = {(place.kafka_partition, place.kafka_offset) for place in places}
        return {(partition, offset): error for partition, offset, error in rows if (partition, offset) in wanted}

    def _files(self) -> list[_File]:
        with self._lock:
            if self._table is None and not table_exists(self._bronze):
                return []
            # kept only once all has gone well: a table never rereads what it has read of a torn log
            table, self._table = self._table or DeltaTable(str(self._bronze)), None
            table.update_incremental()
            files = _listed(table, self._bronze)
            self._table = table
            return files


def _listed(table: DeltaTable, folder: Path) -> list[_File]:
    actions = table.get_add_actions(flatten=True)
    names = ("path", "partition.date", "min.kafka_offset", "max.kafka_offset")
    # a column is absent where no file has a value for it
    columns = (actions.column(name).to_pylist() if name in actions.column_names else () for name in names)
    return [_File(str(folder / path), *rest) for path, *rest in zip_longest(*columns)]


def _may_hold(file: _File, offsets: list[int]) -> bool:
    """Whether the file may hold one of these offsets; `offsets`: those wanted from the file's day, ascending."""
    if file.first is None or file.last is None:
        # the file was written without statistics
        return bool(offsets)
    above = bisect_left(offsets, file.first)
    return above < len(offsets) and offsets[above] <= file.last


def _bounds(offsets: list[int]) -> dict[str, object]:
    return {"first": min(offsets), "last": max(offsets), "offsets": offsets}
