"""Records beside Bronze's table that a disk or a hand has damaged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.bronze.eventless import eventless_offsets, examined
from ingestion.bronze.gaps import accepted_gaps
from ingestion.bronze.isolated import isolated_events
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
