"""The published lake: tables opened at the versions that a closed slice names, rows read by DuckDB.

DuckDB reads the files that the Delta log lists: over a million sales, this is four times faster than through Arrow, and
it does not hold Python's lock.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from deltalake import DeltaTable

from ingestion.lake.delta_tables import commit_file, data_files, refuse_empty_commit, table_exists
from ingestion.lake.engine import Engine, Row
from ingestion.lake.failures import LakeUnreadableError, NeverPublishedError, VersionGoneError, reading
from ingestion.lake.gold_ledger import GoldLedger, GoldPublication
from ingestion.lake.ledger import Ledger, Publication, Totals
from ingestion.queries.parse_errors import ParseErrors, Place


class OpenSlice(NamedTuple):
    """A slice that was begun and not closed; readers do not see it."""

    tranche: int
    opened_at: datetime


class Tables:
    """The tables of one schema folder: their files at a version, and their rows."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._folder, self._engine = folder, engine
        self.files = lru_cache(maxsize=64)(self._list_files)

    def rows(self, table: str, version: int, sql: str, parameters: dict[str, Any], *, is_current: bool) -> list[Row]:
        """Raises LakeUnreadableError; for a version that is not current, also VersionGoneError."""
        files: tuple[str, ...] = ()
        try:
            with reading(f"table {table}"):
                files = self.files(table, version)
                return self._engine.rows(sql, {"files": files, **parameters}) if files else []
        except LakeUnreadableError as error:
            # checked afterwards, because the files may be deleted while they are read
            needed = (commit_file(self._folder / table, version), *map(Path, files))
            if is_current or all(file.exists() for file in needed):
                raise
            raise VersionGoneError("this slice's files have been vacuumed; ask for a newer one") from error

    def _list_files(self, table: str, version: int) -> tuple[str, ...]:
        refuse_empty_commit(self._folder / table, version)
        delta = DeltaTable(str(self._folder / table), version=version)
        features = set(delta.protocol().reader_features or ())
        if "columnMapping" in features or ("deletionVectors" in features and _has_deletion_vectors(delta)):
            raise LakeUnreadableError(f"table {table} uses column mapping or deletion vectors; switch them off")
        return tuple(data_files(delta))


class GoldSnapshot:
    """The marts as they were published together; without a publication every mart is empty."""

    def __init__(self, tables: Tables, publication: GoldPublication | None, *, is_current: bool = True) -> None:
        self._tables, self.publication, self._is_current = tables, publication, is_current

    @property
    def key(self) -> str:
        """Changes if, and only if, an answer could have changed."""
        return self.publication.etag if self.publication else "empty"

    @property
    def as_of(self) -> datetime | None:
        """When the marts were published."""
        return self.publication.published_at if self.publication else None

    def rows(self, mart: str, sql: str, **parameters: Any) -> list[Row]:
        """As `Snapshot.rows`."""
        if self.publication is None or mart not in self.publication.versions:
            return []
        version = self.publication.versions[mart]
        return self._tables.rows(mart, version, sql, parameters, is_current=self._is_current)


class Snapshot:
    """The tables as they were when one slice closed; without a publication every table is empty."""

    def __init__(self, lake: "Lake", publication: Publication | None, *, is_current: bool = True) -> None:
        self._lake, self.publication, self._is_current = lake, publication, is_current

    @property
    def key(self) -> str:
        """Changes if, and only if, an answer could have changed.

        It also differs between two lakes with the same slice numbers.
        """
        if self.publication is None:
            return "empty"
        return f"{self.publication.etag}-{self.publication.closed_at.timestamp():.6f}"

    @property
    def as_of(self) -> datetime | None:
        """When the slice closed."""
        return self.publication.closed_at if self.publication else None

    def rows(self, table: str, sql: str, **parameters: Any) -> list[Row]:
        """Run SQL that reads `read_parquet($files)`; a table without a file has no rows.

        Raises LakeUnreadableError; for an older slice, also VersionGoneError.
        """
        version = None if self.publication is None else self.publication.versions.get(table)
        if version is None:
            return []
        return self._lake.tables.rows(table, version, sql, parameters, is_current=self._is_current)

    def check(self) -> None:
        """Open every published file without reading rows, since probes are frequent.  Raises what `rows` raises."""
        for table in self.publication.versions if self.publication else ():
            self.rows(table, "select count(*) from read_parquet($files)")

    def parse_errors(self, places: Collection[Place]) -> dict[tuple[int, int], str]:
        """Why these events could not be read, by partition and offset.  Raises LakeUnreadableError."""
        return self._lake.parse_errors.of(places)

    @property
    def totals(self) -> Totals:
        """The totals of the slices up to this one."""
        return self._lake.ledger.totals(self.publication.tranche if self.publication else 0)


class Lake:
    """One per process, safe to share between threads."""

    def __init__(self, silver: Path, bronze: Path) -> None:
        self._silver, self.bronze, self._gold = silver, bronze, silver.parent / "gold"
        self.engine = Engine()
        self.ledger = Ledger(silver / "bilan_ingestion", self.engine)
        self.parse_errors = ParseErrors(bronze, self.engine)
        self.tables = Tables(silver, self.engine)
        self._newest = Snapshot(self, None)
        self._gold_ledger = GoldLedger(self._gold / "bilan_gold", self.engine)
        self._marts = Tables(self._gold, self.engine)

    def current(self) -> Snapshot:
        """The newest publication; the same object until there is a newer one.  Raises LakeUnreadableError."""
        slices = self.ledger.slices()
        newest = slices[-1] if slices else None
        if newest is not self._newest.publication:
            self._newest = Snapshot(self, newest)
        return self._newest

    def at(self, as_of: int | datetime) -> Snapshot:
        """The lake after that slice, or at that past moment.  Raises NeverPublishedError, LakeUnreadableError."""
        if isinstance(as_of, datetime) and as_of > datetime.now(UTC):
            raise NeverPublishedError(f"that time has not come yet; {self._what_there_is()}")
        found = self.ledger.find(as_of) if isinstance(as_of, int) else self.ledger.last_closed_by(as_of)
        if found is None:
            raise NeverPublishedError(self._what_there_is())
        current = self.current()
        return current if found is current.publication else Snapshot(self, found, is_current=False)

    def gold(self) -> GoldSnapshot:
        """The marts that were published last.  Raises LakeUnreadableError."""
        return GoldSnapshot(self._marts, self._gold_ledger.newest())

    def gold_at(self, as_of: int | datetime) -> GoldSnapshot:
        """The marts after that slice, or at that past moment.  Raises NeverPublishedError, LakeUnreadableError."""
        # what there was of Silver, there may be of Gold
        self.at(as_of)
        found = self._gold_ledger.last_by(as_of)
        if found is None:
            raise NeverPublishedError("Gold was not published by then, or its files have been deleted since")
        return GoldSnapshot(self._marts, found, is_current=found == self.gold().publication)

    def open_slice(self) -> OpenSlice | None:
        """The open slice; None if every slice is closed.  Raises LakeUnreadableError."""
        path = self._silver / "tranches"
        with reading("table tranches"):
            if not table_exists(path):
                return None
            files, slices = tuple(data_files(DeltaTable(str(path)))), self.ledger.slices()
            if not files:
                return None
            tranche, opened_at = self.engine.rows(
                """
                select max(tranche), min(opened_at)::timestamp from read_parquet($files) where tranche > $closed
                """,
                {"files": files, "closed": slices[-1].tranche if slices else 0},
            )[0]
        return None if tranche is None else OpenSlice(tranche, opened_at.replace(tzinfo=UTC))

    def folders(self) -> list[Path]:
        """Every Delta table of the lake, by its folder."""
        schemas = (self._silver, self._gold)
        return [self.bronze] * table_exists(self.bronze) + [
            log.parent for schema in schemas for log in sorted(schema.glob("*/_delta_log"))
        ]

    def _what_there_is(self) -> str:
        slices = self.ledger.slices()
        if not slices:
            return "nothing has been published yet"
        first, last = slices[0], slices[-1]
        return (
            f"published are the slices {first.tranche} to {last.tranche}, "
            f"closed from {_second(first.closed_at)} to {_second(last.closed_at)}"
        )


def _has_deletion_vectors(table: DeltaTable) -> bool:
    return any(batch.num_rows for batch in table.deletion_vectors())


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
