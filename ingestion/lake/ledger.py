"""The ledger: every closed slice, and therefore what readers may show.

`bilan_ingestion` is written last in a run and names, for each slice, the version of every table.  A reader that opens
those versions sees totals that agree with each other, and no slice whose counts did not balance.
"""

import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from deltalake import DeltaTable

from ingestion.event import Offsets
from ingestion.lake.delta_tables import commit_file, data_files, refuse_empty_commit, table_exists
from ingestion.lake.engine import Engine, Row
from ingestion.lake.failures import reading

_SLICES = """
select
    tranche, max(closed_at)::timestamp, max(versions), list(kafka_partition), list(to_offset),
    sum(rows_read)::bigint, sum(rows_clean)::bigint, sum(rows_rejected)::bigint, sum(rows_duplicates)::bigint
from read_parquet($files) group by tranche
"""
_NEWEST = _SLICES.replace("group by", "where tranche = (select max(tranche) from read_parquet($files)) group by")

# a slice only adds rows to these
INSERT_ONLY = ("ventes_clean", "ventes_rejetees")
# a slice replaces the rows of these to which it adds, `top_produits` as a whole
REBUILT = ("cube_horaire", "ventes_aggreges", "top_produits", "hourly_sales")
# the tables whose versions the ledger names (dbt_sales/models/silver/published/)
PUBLISHED = INSERT_ONLY + REBUILT


@dataclass(frozen=True)
class Publication:
    """One closed slice: the tables' versions, the offsets published so far (exclusive), and its counts of events."""

    tranche: int
    closed_at: datetime
    versions: dict[str, int]
    offsets: Offsets
    rows_read: int
    rows_clean: int
    rows_rejected: int
    rows_duplicates: int

    @property
    def etag(self) -> str:
        """Changes if, and only if, an answer could have changed."""
        return "-".join([str(self.tranche), *(str(version) for _, version in sorted(self.versions.items()))])


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers of events, summed over closed slices: read = clean + rejected + duplicates."""

    rows_read: int
    rows_clean: int
    rows_rejected: int
    rows_duplicates: int


class _Known(NamedTuple):
    """The slices ordered by number; the totals at index n are those of the first n slices."""

    slices: tuple[Publication, ...] = ()
    totals: tuple[Totals, ...] = (Totals(0, 0, 0, 0),)

    def extended(self, added: list[Publication]) -> "_Known":
        if self.slices and any(each.tranche <= self.slices[-1].tranche for each in added):
            return _Known().extended(list({each.tranche: each for each in (*self.slices, *added)}.values()))
        new = sorted(added, key=lambda each: each.tranche)
        _, *totals = accumulate(new, _plus, initial=self.totals[-1])
        return _Known((*self.slices, *new), (*self.totals, *totals))


class Ledger:
    """Every closed slice, oldest first.  A call costs one `stat` if nothing is new; otherwise, it reads what was added.

    The table gains thousands of files a day if a slice closes every few seconds, so what was read is not read again
    unless the ledger was compacted or rebuilt.  Every call may raise LakeUnreadableError; the next one tries again.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path, self._engine, self._lock = path, engine, Lock()
        self._table: DeltaTable | None = None
        self._version: int | None = None
        self._files: frozenset[str] = frozenset()
        self._known = _Known()

    def slices(self) -> tuple[Publication, ...]:
        return self._look().slices

    def find(self, tranche: int) -> Publication | None:
        slices = self.slices()
        place = _place(slices, tranche)
        return slices[place - 1] if place and slices[place - 1].tranche == tranche else None

    def first_after(self, tranche: int) -> Publication | None:
        """The slice that closed first of those after this one."""
        slices = self.slices()
        place = _place(slices, tranche)
        return slices[place] if place < len(slices) else None

    def last_closed_by(self, moment: datetime) -> Publication | None:
        slices = self.slices()
        place = bisect_right(slices, moment, key=lambda each: each.closed_at)
        return slices[place - 1] if place else None

    def totals(self, tranche: int) -> Totals:
        """The totals of the slices up to this one; they are summed when the slices are read, not at each call."""
        known = self._look()
        return known.totals[_place(known.slices, tranche)]

    def _look(self) -> _Known:
        with reading("the ledger"):
            if self._is_current():
                return self._known
            with self._lock:
                if not self._is_current():
                    self._read_news()
                return self._known

    def _is_current(self) -> bool:
        """Whether the log holds no commit after the one that was read (commits are numbered without gaps)."""
        return self._version is not None and not commit_file(self._path, self._version + 1).exists()

    def _read_news(self) -> None:
        if self._table is None and not table_exists(self._path):
            return
        # kept only once all has gone well: a table never rereads what it has read of its log, even of a torn one
        table, self._table = self._table or DeltaTable(str(self._path)), None
        table.update_incremental()
        refuse_empty_commit(self._path, table.version())
        files = frozenset(data_files(table))
        # of a ledger that only grew, just the new files are read; one that was compacted or rebuilt is read again
        grown = files >= self._files
        added = self._read(files - self._files if grown else files)
        self._known = (self._known if grown else _Known()).extended(added)
        self._table, self._version, self._files = table, table.version(), files

    def _read(self, files: frozenset[str]) -> list[Publication]:
        if not files:
            return []
        return [_publication(row) for row in self._engine.rows(_SLICES, {"files": sorted(files)})]


def publications(silver: Path) -> list[Publication]:
    """Every closed slice, oldest first, for a single call; empty if none was closed.  Raises LakeUnreadableError."""
    return list(Ledger(silver / "bilan_ingestion", Engine()).slices())


def newest_publication(silver: Path) -> Publication | None:
    """The slice closed last, or None; what it costs hardly grows with the ledger.  Raises LakeUnreadableError.

    For code that writes to the lake: if a power cut left an empty commit, it goes on and repeats what was lost.
    """
    path = silver / "bilan_ingestion"
    with reading("the ledger"):
        files = data_files(DeltaTable(str(path))) if table_exists(path) else []
        rows = Engine().rows(_NEWEST, {"files": files}) if files else []
    return _publication(rows[0]) if rows else None


def _publication(row: Row) -> Publication:
    tranche, closed_at, versions, partitions, ends, *counts = row
    offsets = dict(zip(partitions, ends, strict=True))
    return Publication(tranche, closed_at.replace(tzinfo=UTC), json.loads(versions), offsets, *counts)


def _place(slices: tuple[Publication, ...], tranche: int) -> int:
    """How many slices there are up to and including this one."""
    return bisect_right(slices, tranche, key=lambda each: each.tranche)


def _plus(totals: Totals, slice_: Publication) -> Totals:
    return Totals(
        totals.rows_read + slice_.rows_read,
        totals.rows_clean + slice_.rows_clean,
        totals.rows_rejected + slice_.rows_rejected,
        totals.rows_duplicates + slice_.rows_duplicates,
    )
