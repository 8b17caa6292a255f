"""The register of offsets without an event, over real Bronze tables."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.bronze.eventless import Range, eventless_offsets, examined, note_eventless, without
from ingestion.bronze.gaps import Gap, accept_gaps


def write_events(bronze: Path, *places: tuple[int, int]) -> None:
    partitions, offsets = zip(*places, strict=True)
    columns = {"kafka_partition": partitions, "kafka_offset": offsets, "date": [date(2026, 11, 22)] * len(places)}
    write_deltalake(str(bronze), pa.table(columns), partition_by=["date"], mode="append")


def test_holes_between_and_behind_events_are_noted(tmp_path: Path) -> None:
    write_events(tmp_path, (0, 0), (0, 1), (0, 4), (1, 7))
    assert note_eventless(tmp_path, {0: 6, 1: 8, 2: 3}, {0: 0, 1: 7, 2: 0}) == 6
    assert eventless_offsets(tmp_path) == [Range(0, 2, 4), Range(0, 5, 6), Range(2, 0, 3)]
    assert examined(tmp_path) == {0: 6, 1: 8, 2: 3}


def test_what_was_examined_is_not_looked_at_again(tmp_path: Path) -> None:
    write_events(tmp_path, (0, 0), (0, 2))
    note_eventless(tmp_path, {0: 3}, {0: 0})
    write_events(tmp_path, (0, 5))
    assert note_eventless(tmp_path, {0: 6}, {0: 0}) == 2
    assert note_eventless(tmp_path, {0: 6}, {0: 0}) == 0
    assert eventless_offsets(tmp_path) == [Range(0, 1, 2), Range(0, 3, 5)]


def test_what_kafka_had_dropped_before_is_no_hole_of_the_stream(tmp_path: Path) -> None:
    write_events(tmp_path, (0, 0), (0, 9))
    assert note_eventless(tmp_path, {0: 10}, {0: 7}) == 2
    assert eventless_offsets(tmp_path) == [Range(0, 7, 9)]


def test_an_accepted_gap_is_a_loss_and_stays_one(tmp_path: Path) -> None:
    write_events(tmp_path, (0, 0), (0, 9))
    accept_gaps(tmp_path, [Gap(0, 2, 5)])
    note_eventless(tmp_path, {0: 10}, {0: 0})
    assert eventless_offsets(tmp_path) == [Range(0, 1, 2), Range(0, 5, 9)]


def test_a_lake_without_a_register_has_none(tmp_path: Path) -> None:
    assert eventless_offsets(tmp_path) == []
    assert note_eventless(tmp_path, {}, {}) == 0


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(2, 8)]),
        ([(2, 8)], []),
        ([(0, 4)], [(4, 8)]),
        ([(3, 4), (6, 12)], [(2, 3), (4, 6)]),
        ([(0, 1), (9, 12)], [(2, 8)]),
    ],
)
def test_without(taken: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    others = [Range(0, *bounds) for bounds in taken] + [Range(1, 0, 100)]
    assert list(without(Range(0, 2, 8), others)) == [Range(0, *bounds) for bounds in left]
