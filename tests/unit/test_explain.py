"""`explain` on small lakes: every event of a `vente_id`, each with the verdict that the published tables give it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.explain import Trace, explain

ARRIVED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
UTC_TIME = pa.timestamp("us", "UTC")
SCHEMAS = {
    "bronze/ventes_raw": [
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("vente_id", pa.string()),
        ("value", pa.binary()),
        ("kafka_timestamp", UTC_TIME),
        ("date", pa.date32()),
    ],
    "silver/ventes_clean": [("vente_id", pa.int64()), ("kafka_partition", pa.int32()), ("kafka_offset", pa.int64())],
    "silver/ventes_rejetees": [("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()), ("raison", pa.string())],
    "silver/bilan_ingestion": [
        ("tranche", pa.int32()),
        ("kafka_partition", pa.int32()),
        ("from_offset", pa.int64()),
        ("to_offset", pa.int64()),
        *[(name, pa.int64()) for name in ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates")],
        ("versions", pa.string()),
        ("closed_at", UTC_TIME),
    ],
}


def write(lake: Path, name: str, rows: list[tuple[Any, ...]], **options: Any) -> None:
    schema = pa.schema(SCHEMAS[name])
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    write_deltalake(str(lake / name), pa.table(arrays, schema=schema), **options)


def write_bronze(lake: Path, *events: tuple[int, int, str | None]) -> None:
    """Events as (partition, offset, `vente_id` in text); each on a day of its own, so in a file of its own."""
    rows = [
        (partition, offset, text, b"%d-%d" % (partition, offset), moment(offset), moment(offset).date())
        for partition, offset, text in events
    ]
    write(lake, "bronze/ventes_raw", rows, partition_by=["date"])


def moment(offset: int) -> datetime:
    return ARRIVED + timedelta(days=offset)


def write_ledger(lake: Path, *ranges: tuple[int, int, int, int]) -> None:
    """Ranges as (slice, partition, from, to); every table is published at its first version."""
    versions = json.dumps({"ventes_clean": 0, "ventes_rejetees": 0})
    write(lake, "silver/bilan_ingestion", [(*bounds, 0, 0, 0, 0, versions, ARRIVED) for bounds in ranges])


def found(traces: list[Trace]) -> list[tuple[Any, ...]]:
    return [(t.kafka_partition, t.kafka_offset, t.tranche, t.verdict, t.raison) for t in traces]


def test_every_copy_is_followed_to_its_verdict_in_the_order_of_the_slices(tmp_path: Path) -> None:
    write_bronze(tmp_path, (1, 0, "12"), (0, 1, "12"), (0, 2, "12"), (0, 0, "12"), (0, 9, "12"), (1, 1, "13"))
    write(tmp_path, "silver/ventes_clean", [(12, 0, 0), (13, 1, 1)])
    write(tmp_path, "silver/ventes_rejetees", [(0, 2, "conflit"), (1, 2, "illisible")])
    write_ledger(tmp_path, (1, 0, 0, 2), (2, 0, 2, 3), (2, 1, 0, 2))
    traces = explain(12, tmp_path)
    assert found(traces) == [
        (0, 0, 1, "valide", None),
        (0, 1, 1, "doublon", None),
        (0, 2, 2, "rejete", "conflit"),
        (1, 0, 2, "doublon", None),
        (0, 9, None, "en_attente", None),
    ]
    assert traces[2] == Trace(12, 0, 2, moment(2), 2, "rejete", "conflit", b"0-2")


@pytest.mark.parametrize(
    ("vente_id", "texts", "others"),
    [
        (
            12,
            ["12", "+12", "0012", "12.0", "+012.000", "1.2e1", "+120E-01", "0.0012e4", "12.0e0", "012000e-0003"],
            [
                "112",
                "121",
                "-12",
                "12.5",
                "~12",
                "12\n",
                " 12",
                "1.2",
                "12e1",
                "1.2e-1",
                "12.",
                ".12e2",
                "12e1000",
                None,
            ],
        ),
        (-12, ["-12", "-0012.0", "-1.2e1"], ["12", "+12", "--12", "1.2e1"]),
        (0, ["0", "-0", "000", "0.0", "-0e5", "0.00e-999"], ["", "10", "~0.0", "0e1000", "."]),
        (1700, ["1700", "17e2", "1.7E3", "1700.0", "17000e-1"], ["17", "170", "1.7e2", "17e3"]),
    ],
)
def test_every_spelling_of_the_number_is_found(
    vente_id: int, texts: list[str], others: list[str | None], tmp_path: Path
) -> None:
    write_bronze(tmp_path, *((0, n, text) for n, text in enumerate([*texts, *others])))
    assert [trace.kafka_offset for trace in explain(vente_id, tmp_path)] == list(range(len(texts)))


def test_replayed_copy_is_the_same_event(tmp_path: Path) -> None:
    write_bronze(tmp_path, (0, 3, "12"), (0, 3, "12"))
    assert found(explain(12, tmp_path)) == [(0, 3, None, "en_attente", None)]


def test_slice_that_the_ledger_has_not_closed_is_not_shown(tmp_path: Path) -> None:
    write_bronze(tmp_path, (0, 0, "12"), (0, 1, "12"))
    write(tmp_path, "silver/ventes_clean", [(12, 0, 0)])
    write(tmp_path, "silver/ventes_rejetees", [])
    write(tmp_path, "silver/ventes_rejetees", [(0, 1, "conflit")], mode="append")
    write_ledger(tmp_path, (1, 0, 0, 1))
    assert found(explain(12, tmp_path)) == [(0, 0, 1, "valide", None), (0, 1, None, "en_attente", None)]


def test_unknown_vente_id_has_no_events(tmp_path: Path) -> None:
    assert explain(12, tmp_path) == []
    write_bronze(tmp_path, (0, 0, "13"))
    assert explain(12, tmp_path) == []
