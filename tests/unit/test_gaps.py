"""Gaps that were accepted: their record beside the table."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.bronze.gaps import Gap, accept_gaps, accepted_gaps


def ranges(bronze: Path) -> list[tuple[int, int, int]]:
    return [(gap.partition, gap.from_offset, gap.to_offset) for gap in accepted_gaps(bronze)]


def test_a_lake_that_lost_nothing_has_no_record(tmp_path: Path) -> None:
    assert accepted_gaps(tmp_path) == []


def test_a_gap_is_on_record_with_the_time(tmp_path: Path) -> None:
    accept_gaps(tmp_path, [Gap(1, 10, 25)])
    (gap,) = accepted_gaps(tmp_path)
    assert (gap, gap.offsets) == (Gap(1, 10, 25), 15)
    assert gap.accepted_at is not None
    assert abs(datetime.now(UTC) - gap.accepted_at) < timedelta(minutes=1)
    assert [file.name for file in tmp_path.iterdir()] == ["_accepted_gaps.json"]


def test_a_record_from_before_the_time_was_kept_is_read(tmp_path: Path) -> None:
    (tmp_path / "_accepted_gaps.json").write_text('[{"partition": 1, "from_offset": 10, "to_offset": 25}]')
    assert accepted_gaps(tmp_path) == [Gap(1, 10, 25)]
    assert accepted_gaps(tmp_path)[0].accepted_at is None


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(Gap(0, 40, 50), [(0, 10, 20), (0, 30, 35), (0, 40, 50), (1, 10, 20)], id="another one"),
        pytest.param(Gap(0, 30, 60), [(0, 10, 20), (0, 30, 60), (1, 10, 20)], id="the same, grown"),
        pytest.param(Gap(0, 25, 60), [(0, 10, 20), (0, 25, 60), (1, 10, 20)], id="around one"),
        pytest.param(Gap(0, 10, 60), [(0, 10, 60), (1, 10, 20)], id="around two"),
        pytest.param(Gap(1, 10, 15), [(0, 10, 20), (0, 30, 35), (1, 10, 15)], id="the same, some came back"),
    ],
)
def test_no_offset_is_accepted_twice(tmp_path: Path, later: Gap, expected: list[tuple[int, int, int]]) -> None:
    accept_gaps(tmp_path, [Gap(1, 10, 20), Gap(0, 10, 20)])
    accept_gaps(tmp_path, [Gap(0, 30, 35)])
    accept_gaps(tmp_path, [later])
    assert ranges(tmp_path) == expected
