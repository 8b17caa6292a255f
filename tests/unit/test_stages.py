"""What a run of the DAG checks of the events that it has sent."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.errors import SalesError
from ingestion.orchestration.stages import Sent, check_bronze
from ingestion.settings import PathSettings, load
from ingestion.source.producer import Report


def bronze_of(places: list[tuple[int, int]]) -> None:
    partitions, offsets = zip(*places, strict=True)
    table = pa.table(
        {"kafka_partition": partitions, "kafka_offset": offsets, "date": [date(2026, 11, 22)] * len(places)}
    )
    write_deltalake(str(load(PathSettings).bronze), table, partition_by=["date"])


def sent(*acknowledged: tuple[int, int]) -> dict[str, Any]:
    report = Report()
    for partition, offset in acknowledged:
        report.add("vente", partition, offset)
    return vars(Sent.of(report, seed=1))


def test_offsets_of_others_and_of_nobody_lie_between(own_folders: Path) -> None:
    """Offset 12 is another producer's event, 13 a transaction marker."""
    bronze_of([(0, 10), (0, 11), (0, 12), (0, 14), (2, 5)])
    assert check_bronze(sent((0, 10), (0, 11), (0, 14), (2, 5))) == {"events": 4}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param([(0, 10), (0, 12)], "3 events were acknowledged, Bronze holds 2 of them in 2 rows", id="missing"),
        pytest.param([(0, 10), (0, 11), (0, 11), (0, 12)], "holds 3 of them in 4 rows", id="twice"),
        pytest.param([(0, 9), (0, 10), (0, 11), (1, 12)], "holds 2 of them in 2 rows", id="another's instead"),
    ],
)
def test_each_acknowledged_event_is_in_bronze_once(rows: list[tuple[int, int]], told: str, own_folders: Path) -> None:
    bronze_of(rows)
    with pytest.raises(SalesError, match=told):
        check_bronze(sent((0, 10), (0, 11), (0, 12)))


def test_a_drain_waits_for_the_last_of_them() -> None:
    assert Sent(**sent((0, 10), (0, 14), (2, 5))).to_offsets == {0: 15, 2: 6}
