"""`verify` on a lake that was filled by older rules: what it cannot accept is a difference, and never a traceback."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from ingestion.lake.delta_tables import LakeError, query
from ingestion.verify import verify
from tests.unit.verify.lake import SCHEMAS, Lake, failed, sound_lake, ventes

# .NET's unset date, which once was valid
OLD = datetime(1, 1, 1, tzinfo=UTC)


def rewrite_as_int96(table: Path) -> None:
    """Its files as Spark once wrote them."""
    log = table / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for add in (action["add"] for action in actions if "add" in action):
        file = table / add["path"]
        pq.write_table(pq.read_table(file), file, use_deprecated_int96_timestamps=True)
        assert "INT96" in {column.physical_type for column in columns(file)}
        add["size"] = file.stat().st_size
    log.write_text("\n".join(map(json.dumps, actions)))


def columns(file: Path) -> list[pq.ColumnSchema]:
    schema = pq.ParquetFile(file).schema
    return [schema.column(number) for number in range(len(schema))]


def lake_with_an_old_sale() -> Lake:
    """The first of four sales is of the year 1."""
    lake = sound_lake([vente.to_json() for vente in ventes(4)], slices=(4,))
    now = json.loads(lake.topic[0].value or b"")["timestamp"]
    record = lake.topic[0] = lake.topic[0]._replace(
        value=(lake.topic[0].value or b"").replace(now.encode(), b"0001-01-01T00:00:00.000000")
    )
    lake.ventes_raw[0]["value"] = record.value
    lake.ventes_clean[0].update(timestamp=OLD, date_vente=date(1, 1, 1))
    return lake


def test_a_sale_from_before_1970_is_one_difference(tmp_path: Path) -> None:
    lake = lake_with_an_old_sale()
    lake.write(tmp_path)
    for table in ("bronze/ventes_raw", "silver/ventes_clean", "silver/cube_horaire"):
        rewrite_as_int96(tmp_path / table)
    found = verify(topic_log=lake.log, lake=tmp_path)
    assert found.examples["valid sales"] == ("partition 0, offset 0: in ventes_clean, and not a valid sale",)
    assert failed(found)["valid sales"] == 1
    assert "topic in Bronze" not in failed(found)


def test_a_date_of_the_year_0_is_one_line(tmp_path: Path) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(4)], slices=(4,))
    lake.write(tmp_path)
    year_0 = pa.array([-719_163], pa.int32()).cast(pa.date32())
    path = str(tmp_path / "silver" / "ventes_clean")
    table = pa.table({"vente_id": pa.array([1], pa.int64()), "date_vente": year_0})
    write_deltalake(path, table, mode="overwrite", schema_mode="overwrite", partition_by=["date_vente"])
    for row in lake.bilan_ingestion:
        row["versions"] = row["versions"].replace('"ventes_clean": 0', '"ventes_clean": 1')
    ledger = str(tmp_path / "silver" / "bilan_ingestion")
    write_deltalake(
        ledger,
        pa.Table.from_pylist(lake.bilan_ingestion, pa.schema(list(SCHEMAS["silver/bilan_ingestion"].items()))),
        mode="overwrite",
    )
    found = verify(topic_log=lake.log, lake=tmp_path)
    (told,) = found.examples["published tables"]
    assert told.startswith("ventes_clean, version 1, cannot be read: table ventes_clean holds a date")
    with pytest.raises(LakeError, match=r"ventes_clean .*; sales silver rebuild"):
        query("select * from ventes_clean", ventes_clean=DeltaTable(path))


def test_a_number_that_bronze_has_marked_keeps_its_verdict(tmp_path: Path) -> None:
    values = [vente.to_json() for vente in ventes(4)]
    values[2] = values[2].replace(b'"quantite": ', b'"quantite": 0e0, "autre": ')
    lake = sound_lake(values, slices=(4,))
    (rejected,) = lake.ventes_rejetees
    assert rejected["raison"] == "quantite_inferieure_a_1"
    rejected["raison"] = "quantite_invalide"
    lake.ventes_raw[2]["quantite"] = "~0.0"
    assert lake.verify(tmp_path / "marked").ok
    lake.ventes_raw[2]["quantite"] = "0e0"
    assert failed(lake.verify(tmp_path / "unmarked")) == {"rejected events": 1}
