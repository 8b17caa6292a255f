"""`explain` on small lakes: every event of a `vente_id`, each with the verdict that the published tables give it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ingestion.bronze.gaps import Gap, accept_gaps
from ingestion.reading.explain import Coordinates, Trace, absence, explain, read_reference

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
        ("parse_error", pa.string()),
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
    """Events as (partition, offset, `vente_id` in text); each on a day of its own, so in a file of its own.

    One without an id is unreadable.
    """
    rows = [
        (
            *(partition, offset, text, b"%d-%d" % (partition, offset), moment(offset), moment(offset).date()),
            None if text else "json_invalide",
        )
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
    assert traces[2] == Trace("12", 0, 2, moment(2), 2, "rejete", "conflit", b"0-2")


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


def test_event_without_an_id_is_found_at_its_place(tmp_path: Path) -> None:
    write_bronze(tmp_path, (1, 4, "12"), (1, 5, None), (0, 5, "13"))
    write(tmp_path, "silver/ventes_clean", [(12, 1, 4)])
    write(tmp_path, "silver/ventes_rejetees", [(1, 5, "illisible")])
    write_ledger(tmp_path, (1, 1, 0, 6))
    assert explain((1, 5), tmp_path) == [
        Trace(None, 1, 5, moment(5), 1, "rejete", "illisible", b"1-5", "json_invalide")
    ]
    assert found(explain((1, 4), tmp_path)) == [(1, 4, 1, "valide", None)]
    assert explain((1, 3), tmp_path) == []


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((1, 2), "Bronze has no event at offset 2: its partition 1 begins at 4"),
        ((1, 9), "Bronze has read partition 1 up to offset 8, not 9 yet (sales status)"),
        ((1, 6), "there is no event 1:6, although Bronze has read up to 8"),
        ((1, 7), "event 1:7 is lost: Kafka dropped it before Bronze read it"),
        ((99, 1), "Bronze holds no event of partition 99; it has read 0, 1"),
    ],
)
def test_place_without_an_event_says_where_bronze_stands(place: Coordinates, words: str, tmp_path: Path) -> None:
    write_bronze(tmp_path, (1, 4, "12"), (1, 8, "12"), (0, 0, "13"))
    accept_gaps(tmp_path / "bronze" / "ventes_raw", [Gap(1, 7, 8)])
    assert absence(place, tmp_path).startswith(words)


def test_place_in_an_empty_lake(tmp_path: Path) -> None:
    assert absence((0, 0), tmp_path) == "Bronze holds no event of partition 0 or any other"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("12", 12), ("-5", -5), ("+7", 7), (str(2**53), 2**53), ("1:5230", (1, 5230)), ("0:0", (0, 0))],
)
def test_reference_is_an_id_or_a_place(text: str, wanted: int | Coordinates) -> None:
    assert read_reference(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1:",
        ":1",
        "1:-3",
        "-1:3",
        "1:2:3",
        "1.5",
        " 12",
        "\u0661",
        "9" * 39,
        f"{2**31}:1",
        f"1:{2**63}",
        "1:2\n",
    ],
)
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match="must be a vente_id, as 1795329562159001, or PARTITION:OFFSET, as 1:5230"):
        read_reference(text)
