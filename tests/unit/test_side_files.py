"""Records beside Bronze's table that a disk or a hand has damaged."""

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.bronze.eventless import eventless_offsets, examined, note_eventless, write_eventless
from ingestion.bronze.gaps import accepted_gaps
from ingestion.bronze.isolated_record import isolated_events
from ingestion.bronze.side_files import reading_record
from ingestion.lake.delta_tables import LakeError


@pytest.mark.parametrize("content", [b"no such thing", b'{"a": 1}', b"[1]", b"\xff\xfe", b'[{"partition": 0}]'])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("_accepted_gaps.json", accepted_gaps),
        ("_isolated_events.json", isolated_events),
        ("_eventless.sqlite", eventless_offsets),
        ("_eventless.sqlite", examined),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, name: str, read: Callable[[Path], object], content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LakeError, match=f"{name} cannot be read .*backup"):
        read(tmp_path)


def test_a_damaged_register_is_named_by_its_writer_too(tmp_path: Path) -> None:
    write_deltalake(
        str(tmp_path), pa.table({"kafka_partition": [0], "kafka_offset": [0], "date": [date(2026, 11, 22)]})
    )
    (tmp_path / "_eventless.sqlite").write_bytes(b"no such thing")
    with pytest.raises(LakeError, match="backup"):
        note_eventless(tmp_path, {0: 3}, {0: 0})


def test_a_register_that_is_busy_is_not_damaged(tmp_path: Path) -> None:
    write_eventless(tmp_path, [], {0: 1})
    with pytest.raises(sqlite3.OperationalError), reading_record(tmp_path / "_eventless.sqlite"):
        raise sqlite3.OperationalError("database is locked")
