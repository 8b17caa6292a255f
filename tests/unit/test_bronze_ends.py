"""Where Bronze ends, from real Delta tables: always the truth, and no file opened that cannot change it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.bronze.ends import FIRST_OPENED, BronzeEnds
from ingestion.event import Offsets
from ingestion.settings import load

SCHEMA = pa.schema(
    [
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp", pa.timestamp("us", "UTC")),
        ("date", pa.date32()),
    ]
)
WITH_STATS = {"delta.dataSkippingStatsColumns": "kafka_partition,kafka_offset"}
WITHOUT_STATS = {"delta.dataSkippingStatsColumns": "kafka_timestamp"}


class Bronze:
    """A table that is written file by file."""

    def __init__(self, path: Path, configuration: dict[str, str]) -> None:
        self.path = path
        self.truth: Offsets = {}
        write_deltalake(str(path), SCHEMA.empty_table(), partition_by=["date"], configuration=configuration)

    def add(self, rows: list[tuple[int, int]]) -> None:
        """One file of these partitions and offsets."""
        moment = datetime(2026, 11, 22, tzinfo=UTC)
        content = [dict(zip(SCHEMA.names, (*row, moment, date(2026, 11, 22)), strict=True)) for row in rows]
        write_deltalake(str(self.path), pa.Table.from_pylist(content, SCHEMA), mode="append")
        for partition, offset in rows:
            self.truth[partition] = max(offset + 1, self.truth.get(partition, 0))

    def files(self) -> set[Path]:
        return set(self.path.glob("date=*/*.parquet"))


@pytest.fixture
def bronze(own_folders: Path) -> Bronze:
    return Bronze(own_folders / "lake" / "bronze" / "ventes_raw", WITH_STATS)


def test_no_table_and_an_empty_one_have_no_offsets(
    tmp_path: Path, bronze: Bronze, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BronzeEnds().refresh() == {}
    monkeypatch.setenv("LAKE_DIR", str(tmp_path / "nowhere"))
    load.cache_clear()
    early = BronzeEnds()
    assert early.refresh() == {}
    Bronze(tmp_path / "nowhere" / "bronze" / "ventes_raw", WITH_STATS).add([(0, 7)])
    assert early.refresh() == {0: 8}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=4), max_size=8),
    st.sampled_from([WITH_STATS, WITHOUT_STATS]),
    st.integers(0, 8),
)
def test_first_look_and_every_next_one_tell_the_truth(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    files: list[list[tuple[int, int]]],
    configuration: dict[str, str],
    looked: int,
) -> None:
    lake = tmp_path_factory.mktemp("lake")
    monkeypatch.setenv("LAKE_DIR", str(lake))
    load.cache_clear()
    table, resident = Bronze(lake / "bronze" / "ventes_raw", configuration), BronzeEnds()
    for number, rows in enumerate(files):
        table.add(rows)
        if number >= looked:
            assert resident.refresh() == table.truth
    assert resident.refresh() == table.truth
    assert BronzeEnds().refresh() == table.truth


def test_first_look_opens_no_file_that_the_log_tells_enough_of(bronze: Bronze) -> None:
    for number in range(10):
        bronze.add([(0, 10 * number), (1, 10 * number + 5)])
        bronze.add([(2, 20 * number)])
    old = bronze.files()
    for offset in range(FIRST_OPENED):
        bronze.add([(0, 103 - offset), (1, 105 - offset)])
    for file in old:
        file.unlink()
    assert BronzeEnds().refresh() == {0: 104, 1: 106, 2: 181}


def test_next_look_opens_what_was_added_and_nothing_else(bronze: Bronze) -> None:
    bronze.add([(0, 100), (1, 3)])
    resident = BronzeEnds()
    resident.refresh()
    for file in bronze.files():
        file.unlink()
    bronze.add([(0, 20), (1, 50)])
    assert resident.refresh() == {0: 101, 1: 51}


def test_log_that_was_cleaned_meanwhile_is_read_again(bronze: Bronze) -> None:
    bronze.add([(0, 1)])
    resident = BronzeEnds()
    resident.refresh()
    bronze.add([(0, 2)])
    bronze.add([(0, 3)])
    DeltaTable(str(bronze.path)).create_checkpoint()
    for commit in (bronze.path / "_delta_log").glob("*.json"):
        commit.unlink()
    assert resident.refresh() == {0: 4}
