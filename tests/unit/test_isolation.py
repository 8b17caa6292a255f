"""When the stream has failed often enough, and what is on record of what went past it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.bronze.isolated_record import Isolated, isolated_events, remember
from ingestion.bronze.isolation import CHUNK_BYTES, Attempts, _chunks, count_start, failed_plan, forget_failures
from ingestion.bronze.resume import planned_end
from ingestion.event import Offsets
from ingestion.settings import PathSettings, load
from ingestion.topic.unpacking import LeftInKafka

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
FIRST, SECOND = {0: 5, 1: 3}, {0: 9, 1: 3}


class Found:
    """A record as kafka-python has it."""

    topic, partition, timestamp, key, headers = "ventes_stream", 1, 1_700_000_000_000, b"1", ()

    def __init__(self, offset: int, value: "bytes | LeftInKafka | None" = b"{}", **others: object) -> None:
        self.offset, self.value = offset, value
        self.__dict__ |= others


@pytest.fixture
def paths(own_folders: Path) -> PathSettings:
    return load(PathSettings)


def write_checkpoint(paths: PathSettings, planned: list[Offsets], committed: int) -> None:
    for folder in ("offsets", "commits"):
        (paths.checkpoint / folder).mkdir(parents=True, exist_ok=True)
    for batch, ends in enumerate(planned):
        offsets = json.dumps({"ventes_stream": {str(partition): end for partition, end in ends.items()}})
        (paths.checkpoint / "offsets" / str(batch)).write_text(f"v1\n{{}}\n{offsets}")
    for batch in range(committed):
        (paths.checkpoint / "commits" / str(batch)).write_text("v1\n{}")


def write_table(paths: PathSettings, ends: Offsets) -> None:
    rows = [(partition, offset, date(2026, 11, 22)) for partition, end in ends.items() for offset in range(end)]
    columns = dict(zip(("kafka_partition", "kafka_offset", "date"), zip(*rows, strict=True), strict=True))
    write_deltalake(str(paths.bronze), pa.table(columns), partition_by=["date"])


def test_nothing_is_counted_without_a_batch_that_was_begun(paths: PathSettings) -> None:
    paths.bronze.mkdir(parents=True)
    assert count_start(paths) is None
    write_checkpoint(paths, [FIRST, SECOND], committed=2)
    assert planned_end(paths.checkpoint) is None
    assert count_start(paths) is None


def test_each_start_from_the_same_offsets_is_counted(paths: PathSettings) -> None:
    write_table(paths, FIRST)
    write_checkpoint(paths, [FIRST, SECOND], committed=1)
    assert count_start(paths) == Attempts(FIRST, SECOND, 1)
    assert count_start(paths) == Attempts(FIRST, SECOND, 2)


def test_a_first_batch_is_planned_anew_each_time_and_counted_all_the_same(paths: PathSettings) -> None:
    write_checkpoint(paths, [FIRST], committed=0)
    assert count_start(paths) == Attempts({}, FIRST, 1)
    write_checkpoint(paths, [SECOND], committed=0)
    assert count_start(paths) == Attempts({}, SECOND, 2)


def test_progress_ends_the_count(paths: PathSettings) -> None:
    write_table(paths, FIRST)
    write_checkpoint(paths, [FIRST, SECOND], committed=1)
    count_start(paths)
    count_start(paths)
    write_checkpoint(paths, [FIRST, SECOND, {0: 20, 1: 3}], committed=2)
    assert count_start(paths) == Attempts(SECOND, {0: 20, 1: 3}, 1)
    write_checkpoint(paths, [FIRST, SECOND, {0: 20, 1: 3}], committed=3)
    assert count_start(paths) is None


def test_a_plan_whose_rows_the_table_has_did_not_fail(paths: PathSettings) -> None:
    """A kill between Delta's commit and the stream's own."""
    write_table(paths, SECOND)
    write_checkpoint(paths, [FIRST, SECOND], committed=1)
    assert count_start(paths) is None


def test_what_was_begun_goes_on_without_its_checkpoint(paths: PathSettings) -> None:
    paths.bronze.mkdir(parents=True)
    begun = {"start": {"0": 5}, "planned": {"0": 9}, "failed": 2, "begun": True}
    (paths.bronze / "_attempts.json").write_text(json.dumps(begun))
    assert count_start(paths) == Attempts({0: 5}, {0: 9}, 2, begun=True)


def test_a_failure_is_known_until_the_stream_is_past_it(paths: PathSettings) -> None:
    assert failed_plan(paths) == {}
    write_table(paths, FIRST)
    write_checkpoint(paths, [FIRST, SECOND], committed=1)
    count_start(paths)
    assert failed_plan(paths) == SECOND
    forget_failures(paths)
    assert failed_plan(paths) == {}
    assert count_start(paths) == Attempts(FIRST, SECOND, 1)


def test_a_count_that_cannot_be_read_begins_anew(paths: PathSettings, caplog: pytest.LogCaptureFixture) -> None:
    write_table(paths, FIRST)
    write_checkpoint(paths, [FIRST, SECOND], committed=1)
    (paths.bronze / "_attempts.json").write_text("")
    assert count_start(paths) == Attempts(FIRST, SECOND, 1)
    assert "_attempts.json cannot be read" in caplog.text


def test_rows_are_handed_on_in_pieces_and_what_is_left_as_its_size() -> None:
    half = bytes(CHUNK_BYTES // 2)
    large = Found(3, LeftInKafka(250_000_000), headers=(("origine", None),))
    chunks = list(_chunks(iter([Found(0, half), Found(1, half), Found(2, None), large])))
    assert [[row["offset"] for row in rows] for rows in chunks] == [[0, 1], [2, 3]]
    assert chunks[1] == [
        {
            "key": b"1",
            "value": None,
            "value_size": size,
            "headers": headers,
            "topic": "ventes_stream",
            "partition": 1,
            "offset": offset,
            "timestamp": 1_700_000_000_000_000,
        }
        for offset, size, headers in ((2, None, None), (3, 250_000_000, [{"key": "origine", "value": None}]))
    ]


def test_an_event_is_on_record_once(tmp_path: Path) -> None:
    assert isolated_events(tmp_path) == []
    first, second = Isolated(1, 7, 60_000_000, NOW), Isolated(0, 9, 250_000_000, NOW)
    assert remember(tmp_path, [first]) == [first]
    assert remember(tmp_path, [first, second]) == [second]
    assert isolated_events(tmp_path) == [second, first]
