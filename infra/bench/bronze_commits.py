"""When an event became visible: the times of Delta commits, joined with the events that they brought.

The time of a commit is the modification time of its file in the log: readers see the rows from then on.  The time of an
event is its Kafka timestamp, which the broker sets.  Both come from the clock of the same machine.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import duckdb

from ingestion.event import Offsets
from ingestion.source.producer import Report

_EVENTS = """
    commits as (select unnest($files) as filename, unnest($times) as committed),
    windows as (select unnest($partitions) as kafka_partition, unnest($from) as "from", unnest($to) as "to"),
    events as (
        select kafka_partition, kafka_offset, committed, epoch_us(kafka_timestamp) / 1e6 as arrived
        from read_parquet($files, filename = true, hive_partitioning = false)
        inner join commits using (filename)
        inner join windows using (kafka_partition)
        where kafka_offset >= "from" and kafka_offset < "to"
    )"""


@dataclass(frozen=True)
class Commit:
    """A commit that added rows; `at` is Unix time in seconds, `files` are the data files that it added."""

    version: int
    at: float
    files: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Window:
    """The events sent for a measurement: by partition, their range of offsets [from, to)."""

    from_offsets: Offsets
    to_offsets: Offsets

    @classmethod
    def of(cls, report: Report) -> "Window":
        return cls(report.from_offsets, report.to_offsets)

    @property
    def count(self) -> int:
        return sum(end - self.from_offsets[partition] for partition, end in self.to_offsets.items())


def commits(table: Path, after: int = -1) -> list[Commit]:
    """The commits after version `after` that added new rows, oldest first; one that only moves rows does not count."""
    logs = [log for log in (table / "_delta_log").glob("*.json") if log.stem.isdecimal() and int(log.stem) > after]
    return [found for log in sorted(logs) if (found := _read(table, log)).files]


def _read(table: Path, log: Path) -> Commit:
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    added = [action["add"] for action in actions if action.get("add", {}).get("dataChange")]
    return Commit(
        version=int(log.stem),
        at=log.stat().st_mtime,
        files=tuple(str(table / unquote(add["path"])) for add in added),
        rows=sum(json.loads(add.get("stats") or "{}").get("numRecords", 0) for add in added),
    )


def bronze_latencies(bronze: Path, window: Window) -> list[float]:
    """Seconds from the broker's timestamp to the Bronze commit, one for each event of the window."""
    rows = duckdb.execute(f"with {_EVENTS} select committed - arrived from events", _parameters(bronze, window))
    return [seconds for (seconds,) in rows.fetchall()]


def published_latencies(bronze: Path, ledger: Path, window: Window) -> list[float]:
    """Seconds from the broker's timestamp to the ledger's commit for the event's slice, one for each event."""
    closed = commits(ledger)
    rows = duckdb.execute(
        f"""
        with {_EVENTS},
        closings as (select unnest($ledger_files) as filename, unnest($ledger_times) as closed),
        slices as (
            select kafka_partition, from_offset, to_offset, min(closed) as closed
            from read_parquet($ledger_files, filename = true, hive_partitioning = false)
            inner join closings using (filename)
            group by kafka_partition, from_offset, to_offset
        )
        select closed - arrived from events inner join slices using (kafka_partition)
        where kafka_offset >= from_offset and kafka_offset < to_offset
        """,
        _parameters(bronze, window)
        | {
            "ledger_files": [file for commit in closed for file in commit.files],
            "ledger_times": [commit.at for commit in closed for _ in commit.files],
        },
    )
    return [seconds for (seconds,) in rows.fetchall()]


def _parameters(bronze: Path, window: Window) -> dict[str, list[str] | list[float] | list[int]]:
    found = commits(bronze)
    return {
        "files": [file for commit in found for file in commit.files],
        "times": [commit.at for commit in found for _ in commit.files],
        "partitions": list(window.from_offsets),
        "from": list(window.from_offsets.values()),
        "to": [window.to_offsets[partition] for partition in window.from_offsets],
    }
