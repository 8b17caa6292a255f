"""Where Bronze reads next, from real checkpoints' files and a real table."""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.eventless import Range, write_eventless
from ingestion.bronze.resume import Position, find_position, read_ends
from ingestion.event import Offsets
from ingestion.settings import PathSettings, load


@pytest.fixture
def paths(own_folders: Path) -> PathSettings:
    return load(PathSettings)


def write_table(paths: PathSettings, ends: Offsets) -> None:
    """A table that holds every offset below these."""
    rows = [(partition, offset, date(2026, 11, 22)) for partition, end in ends.items() for offset in range(end)]
    columns = dict(zip(("kafka_partition", "kafka_offset", "date"), zip(*rows, strict=True), strict=True))
    write_deltalake(str(paths.bronze), pa.table(columns), partition_by=["date"])


def write_checkpoint(paths: PathSettings, planned: list[Offsets], committed: int) -> None:
    """As the stream writes it: the plans of all batches, and the marks of the first ones that were committed."""
    for folder in ("offsets", "commits"):
        (paths.checkpoint / folder).mkdir(parents=True)
    for batch, ends in enumerate(planned):
        offsets = json.dumps({"ventes_stream": {str(partition): end for partition, end in ends.items()}})
        (paths.checkpoint / "offsets" / str(batch)).write_text(f'v1\n{{"batchWatermarkMs":0}}\n{offsets}')
        (paths.checkpoint / "offsets" / f".{batch}.crc").touch()
    for batch in range(committed):
        (paths.checkpoint / "commits" / str(batch)).write_text('v1\n{"nextBatchWatermarkMs":0}')


FIRST, SECOND, THIRD = {0: 5, 1: 3}, {0: 9, 1: 3}, {0: 12, 1: 8}


def test_new_lake_has_no_position(paths: PathSettings) -> None:
    assert find_position(paths) == Position({}, by_checkpoint=False)


def test_lost_checkpoint_leaves_the_tables_own_rows(paths: PathSettings) -> None:
    write_table(paths, SECOND)
    assert find_position(paths) == Position(SECOND, by_checkpoint=False)


@pytest.mark.parametrize(
    ("committed", "table", "expected", "by_checkpoint"),
    [
        pytest.param(2, SECOND, SECOND, True, id="at rest"),
        pytest.param(1, FIRST, FIRST, True, id="killed after the plan"),
        pytest.param(1, SECOND, SECOND, True, id="killed between the two commits"),
        pytest.param(0, FIRST, FIRST, False, id="killed between those of the first batch"),
        pytest.param(2, THIRD, THIRD, False, id="older than the table"),
        pytest.param(1, {0: 5, 1: 4}, {0: 5, 1: 4}, False, id="older than the table in one partition"),
        pytest.param(1, {**FIRST, 2: 1}, {**FIRST, 2: 1}, False, id="older than a partition"),
        pytest.param(2, {0: 9}, SECOND, True, id="a gap was accepted, nothing came behind it"),
    ],
)
def test_position_is_behind_checkpoint_and_table(
    paths: PathSettings, committed: int, table: Offsets, expected: Offsets, by_checkpoint: bool
) -> None:
    write_table(paths, table)
    write_checkpoint(paths, [FIRST, SECOND], committed)
    assert find_position(paths) == Position(expected, by_checkpoint)


def test_without_a_checkpoint_bronze_goes_on_behind_offsets_without_an_event(paths: PathSettings) -> None:
    write_table(paths, {0: 5, 1: 3})
    write_eventless(paths.bronze, [Range(0, 5, 6), Range(0, 6, 9), Range(1, 4, 5)], {})
    assert find_position(paths) == Position({0: 9, 1: 3}, by_checkpoint=False)


def test_the_stream_has_read_what_its_checkpoint_says_also_without_rows(paths: PathSettings) -> None:
    write_table(paths, FIRST)
    write_checkpoint(paths, [FIRST, SECOND], committed=2)
    assert read_ends(paths, BronzeEnds()) == SECOND
