"""The closed slices, kept up to date by reading only what the ledger gained."""

import json
from bisect import bisect_right
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import duckdb
from deltalake import DeltaTable

from ingestion.lake import table_exists
from ingestion.publication import Publication

_SLICES = """
select
    tranche, max(closed_at)::timestamp, max(versions), list(kafka_partition), list(to_offset),
    sum(rows_read)::bigint, sum(rows_clean)::bigint, sum(rows_rejected)::bigint, sum(rows_duplicates)::bigint
from read_parquet($files) group by tranche
"""


class Ledger:
    """Every closed slice, the oldest first.  A look without news costs one `stat`; news cost what was added.

    `publications()` of `ingestion` reads the ledger whole; at a slice every few seconds it gains thousands of files a
    day, and a page that waits for figures must not wait for all of them.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self._path, self._connection, self._lock = path, connection, Lock()
        self._table: DeltaTable | None = None
        self._files: frozenset[str] = frozenset()
        self._slices: tuple[Publication, ...] = ()

    def slices(self) -> tuple[Publication, ...]:
        if self._is_current():
            return self._slices
        with self._lock:
            if not self._is_current():
                self._read_news()
            return self._slices

    def find(self, tranche: int) -> Publication | None:
        slices = self.slices()
        place = bisect_right(slices, tranche, key=lambda each: each.tranche)
        return slices[place - 1] if place and slices[place - 1].tranche == tranche else None

    def last_closed_by(self, moment: datetime) -> Publication | None:
        slices = self.slices()
        place = bisect_right(slices, moment, key=lambda each: each.closed_at)
        return slices[place - 1] if place else None

    def _is_current(self) -> bool:
        """Whether the log holds no commit behind the one that was read (commits are numbered without gaps)."""
        if self._table is None:
            return False
        return not (self._path / "_delta_log" / f"{self._table.version() + 1:020}.json").exists()

    def _read_news(self) -> None:
        if self._table is None:
            if not table_exists(self._path):
                return
            table = DeltaTable(str(self._path))
        else:
            table = self._table
            table.update_incremental()
        files = frozenset(table.file_uris())
        # a ledger that only grew is read on; one that was compacted or rebuilt is read again
        grown = files >= self._files
        added = self._read(files - self._files if grown else files)
        known = {each.tranche: each for each in (self._slices if grown else ())}
        known |= {each.tranche: each for each in added}
        self._slices = tuple(known[tranche] for tranche in sorted(known))
        self._files, self._table = files, table

    def _read(self, files: frozenset[str]) -> list[Publication]:
        if not files:
            return []
        rows = self._connection.cursor().execute(_SLICES, {"files": sorted(files)}).fetchall()
        return [
            Publication(
                tranche,
                closed_at.replace(tzinfo=UTC),
                json.loads(versions),
                dict(zip(partitions, ends, strict=True)),
                *counts,
            )
            for tranche, closed_at, versions, partitions, ends, *counts in rows
        ]
