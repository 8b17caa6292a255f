"""Read the lake without Spark: the Delta logs by deltalake, the rows by DuckDB.  Nothing here writes."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlparse

import duckdb
from deltalake import DeltaTable

from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.settings import PathSettings, load

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

# a sale from before 1970 can only be there from when that was no rule
REJUDGE = "sales silver rebuild judges every event by today's rules"
# of the files that must be opened; more each time, for the first ones mostly tell enough
FIRST_OPENED = 4


class LakeError(SalesError):
    """A table that these libraries cannot read; the message says which, why, and the way out."""


def commit_file(table: Path, version: int) -> Path:
    """Where that version's commit lies, until it is cleaned up behind a checkpoint."""
    return table / "_delta_log" / f"{version:020}.json"


def refuse_empty_commit(table: Path, version: int) -> None:
    """Raises ValueError where this version's commit is an empty file.

    That is what a power cut may leave of the newest one.  Delta's readers take it for a commit that changed nothing, so
    the figures would be wrong without a word.
    """
    file = commit_file(table, version)
    if file.exists() and file.stat().st_size == 0:
        raise ValueError(f"commit {version} of {table.name} is empty")


def table_exists(path: Path) -> bool:
    return DeltaTable.is_deltatable(str(path))


def data_files(table: DeltaTable) -> list[str]:
    """The table's files by their names on disk; the table itself has them percent-encoded."""
    return [unquote(address) for address in table.file_uris()]


class _File(NamedTuple):
    """What the Delta log says of one of Bronze's files: the range of its partitions, the highest offset of any."""

    path: str
    partitions: range
    top: int


class BronzeOffsets:
    """The highest offset of each partition in Bronze.

    The first look reads the Delta log and opens only files that can hold more than the log and the files with higher
    offsets have told.  The next ones read the commits since, and cost a look for one file where there is none.
    """

    def __init__(self) -> None:
        self._version = -1
        self._highest: Offsets = {}

    def refresh(self) -> Offsets:
        """Partition to highest offset in Bronze; a partition without rows is absent."""
        path = load(PathSettings).bronze
        files, version = list[_File](), self._version
        while version >= 0 and (commit := commit_file(path, version + 1)).exists():
            files += _added(path, commit)
            version += 1
        # the log has been cleaned of commits that this has never read
        if version < _checkpointed(path):
            version = -1
        if version < 0 and table_exists(path):
            table = DeltaTable(str(path))
            files, version = list(_all_files(path, table)), table.version()
        self._take(files)
        self._version = version
        return self._highest

    def _take(self, files: list[_File]) -> None:
        for file in files:
            if len(file.partitions) == 1:
                self._raise(file.partitions[0], file.top)
        mixed = sorted((file for file in files if len(file.partitions) > 1), key=lambda file: file.top, reverse=True)
        count = FIRST_OPENED
        while mixed := [file for file in mixed if self._may_tell_more(file)]:
            opened, mixed, count = mixed[:count], mixed[count:], 2 * count
            rows = duckdb.execute(
                "select kafka_partition, max(kafka_offset) from read_parquet(?) group by kafka_partition",
                [[file.path for file in opened]],
            ).fetchall()
            for partition, offset in rows:
                self._raise(partition, offset)

    def _raise(self, partition: int, offset: int) -> None:
        self._highest[partition] = max(offset, self._highest.get(partition, -1))

    def _may_tell_more(self, file: _File) -> bool:
        return any(file.top > self._highest.get(partition, -1) for partition in file.partitions)


def _all_files(path: Path, table: DeltaTable) -> Iterator[_File]:
    actions = table.get_add_actions(flatten=True)
    names = ("path", "min.kafka_partition", "max.kafka_partition", "max.kafka_offset")
    # a column is absent where no file has a value for it
    columns = [actions.column(name).to_pylist() if name in actions.column_names else None for name in names]
    return (_file(path, *row) for row in zip(*(each or [None] * actions.num_rows for each in columns), strict=True))


def _added(path: Path, commit: Path) -> Iterator[_File]:
    """The files that one version adds; those that a compaction takes away hold nothing that its own do not."""
    for line in commit.read_text().splitlines():
        if add := json.loads(line).get("add"):
            stats = json.loads(add.get("stats") or "{}")
            lowest, highest = stats.get("minValues", {}), stats.get("maxValues", {})
            first, last = lowest.get("kafka_partition"), highest.get("kafka_partition")
            yield _file(path, unquote(add["path"]), first, last, highest.get("kafka_offset"))


def _file(path: Path, name: str, first: int | None, last: int | None, top: int | None) -> _File:
    """A file that the log says nothing of may hold anything."""
    if first is None or last is None or top is None:
        return _File(str(path / name), range(2), sys.maxsize)
    return _File(str(path / name), range(first, last + 1), top)


def _checkpointed(path: Path) -> int:
    """The version of the newest checkpoint of the log; -1 without one."""
    try:
        version: int = json.loads((path / "_delta_log" / "_last_checkpoint").read_text())["version"]
    except (FileNotFoundError, ValueError):
        return -1
    return version


def query(sql: str, parameters: list[Any] | None = None, **tables: DeltaTable) -> list[tuple[Any, ...]]:
    """Run SQL over Delta tables, each known by its keyword."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, dataset(table))
        return connection.execute(sql, parameters or []).fetchall()


def dataset(table: DeltaTable) -> "Dataset":
    """The table's rows for Arrow.  Raises LakeError where a partition's date is none for Python: one of the year 0.

    Files of an older lake hold times as INT96, which Arrow would take for nanoseconds: the years 1677 to 2262.
    """
    from pyarrow.dataset import ParquetReadOptions

    try:
        return table.to_pyarrow_dataset(parquet_read_options=ParquetReadOptions(coerce_int96_timestamp_unit="us"))
    except ValueError as error:
        folder = Path(unquote(urlparse(table.table_uri).path))
        raise LakeError(f"table {folder.name} holds a date that cannot be read ({error}); {REJUDGE}") from error
