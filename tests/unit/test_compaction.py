"""The upkeep of a lake: which files are small, and what becomes of a compaction that fails."""

import logging
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.gateway.sql import StatementError
from ingestion.silver import follower
from ingestion.silver.compaction import small_files


def test_small_files_are_counted_in_each_partition_even_of_a_year_that_python_has_none_for(tmp_path: Path) -> None:
    days = pa.array([-719_163, 0, 0], pa.int32()).cast(pa.date32())
    for _ in range(2):
        write_deltalake(str(tmp_path), pa.table({"n": [1, 2, 3], "jour": days}), mode="append", partition_by=["jour"])
    assert small_files(tmp_path) == {("0000-12-31",): 2, ("1970-01-01",): 2}


@pytest.mark.parametrize(
    "error", [StatementError("no gateway"), ValueError("year 0 is out of range"), OSError("disk\nfull"), KeyError()]
)
def test_a_compaction_that_fails_is_one_warning(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(follower, "compact", fail)
    with caplog.at_level(logging.WARNING):
        follower._compact()
    (record,) = caplog.records
    assert record.getMessage() == f"no compaction: {str(error).partition(chr(10))[0] or 'KeyError'}"
