"""How far Bronze has got, from its Delta log alone where that is enough."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable

from ingestion.event import Offsets
from ingestion.lake.delta_tables import commit_file, table_exists
from ingestion.settings import PathSettings, load

# how many files are opened first; the number doubles each time, because the first ones are mostly enough
FIRST_OPENED = 4


class _File(NamedTuple):
    """What the Delta log says about one Bronze file: the range of its partitions, and the highest offset in any."""

    path: str
    partitions: range
    top: int


class BronzeEnds:
    """By partition, the offset after the last event in Bronze.

    The first call reads the Delta log and opens only the files that may hold higher offsets than those known from the
    log and from files opened before.  Later calls read the commits made since; without a new commit, they check for one
    file and read `_last_checkpoint`.
    """

    def __init__(self) -> None:
        self._version = -1
        self._ends: Offsets = {}

    def refresh(self) -> Offsets:
        """Read what is new and return the ends, which are exclusive; a partition without rows is absent."""
        path = load(PathSettings).bronze
        files, version = list[_File](), self._version
        while version >= 0 and (commit := commit_file(path, version + 1)).exists():
            files += _added(path, commit)
            version += 1
        # commits that were never read here have been cleaned from the log
        if version < _checkpointed(path):
            version = -1
        if version < 0 and table_exists(path):
            table = DeltaTable(str(path))
            files, version = list(_all_files(path, table)), table.version()
        self._take(files)
        self._version = version
        return self._ends

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
        self._ends[partition] = max(offset + 1, self._ends.get(partition, 0))

    def _may_tell_more(self, file: _File) -> bool:
        return any(file.top >= self._ends.get(partition, 0) for partition in file.partitions)


def _all_files(path: Path, table: DeltaTable) -> Iterator[_File]:
    actions = table.get_add_actions(flatten=True)
    names = ("path", "min.kafka_partition", "max.kafka_partition", "max.kafka_offset")
    # a column is absent where no file has a value for it
    columns = [actions.column(name).to_pylist() if name in actions.column_names else None for name in names]
    return (_file(path, *row) for row in zip(*(each or [None] * actions.num_rows for each in columns), strict=True))


def _added(path: Path, commit: Path) -> Iterator[_File]:
    """The files that one version adds; those that a compaction removes hold nothing that its new files lack."""
    for line in commit.read_text().splitlines():
        if add := json.loads(line).get("add"):
            stats = json.loads(add.get("stats") or "{}")
            lowest, highest = stats.get("minValues", {}), stats.get("maxValues", {})
            first, last = lowest.get("kafka_partition"), highest.get("kafka_partition")
            yield _file(path, unquote(add["path"]), first, last, highest.get("kafka_offset"))


def _file(path: Path, name: str, first: int | None, last: int | None, top: int | None) -> _File:
    """One file of the log; a file without statistics may hold anything."""
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
