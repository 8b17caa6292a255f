"""Marts beside the tiny lake, written as a run of Gold writes them: the tables first, the ledger last."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import yaml
from deltalake import DeltaTable, write_deltalake

from ingestion.lake.gold_ledger import MARTS
from ingestion.settings import DBT_PROJECT

TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(9,6)": pa.decimal128(9, 6),
}
DECEMBER, MONDAY, SUNDAY = date(2025, 12, 1), date(2025, 12, 22), date(2025, 12, 28)
EARLY, LATE = (datetime(2025, 12, day, tzinfo=UTC) for day in (1, 22))
ROWS = {
    "ventes_journalieres": [
        (MONDAY, "Casque audio", "France", "Particulier", "30.00", 3, 2, "15.00", "0", 0, 0),
        (MONDAY, "Casque audio", "Spain", "Enterprise", "10.01", 1, 1, "10.01", "7.00", 1, 1),
        (SUNDAY, "Casque audio", "France", "Particulier", "0", 0, 0, None, "99.00", 9, 9),
    ],
    "performance_produits": [
        ("Casque audio", None, 1, None, "0", 0, 0, "0", "C", "50.00", MONDAY, SUNDAY),
        ("Souris sans fil", 1, 2, 1, "40.01", 4, 3, "1", "A", "20.00", MONDAY, SUNDAY),
    ],
    "valeur_clients": [
        (2, "Maria", "Spain", "Enterprise", EARLY, EARLY, 27, 1, "10.01", "10.01", "0", 1, 2, 1, "perdu"),
        (1, "Jean", "France", "Particulier", LATE, LATE, 6, 2, "30.00", "15.00", "0.666667", 5, 5, 5, "champion"),
    ],
    "cohortes_clients": [
        (DECEMBER, 1, 3, 1, "0.333333", 1, "10.00"),
        (DECEMBER, 0, 3, 3, "1", 4, "40.01"),
    ],
    "saisonnalite": [(1, 10, 8, 3, "10.00", "30.00", "45.50")],
}  # fmt: skip


def publish_gold(tiny, tranche: int = 1, published_at: str = "2026-01-01T01:00:00") -> None:
    gold = tiny.silver.parent / "gold"
    for name in MARTS:
        _write(gold / name, name, ROWS[name], "overwrite")
    versions = json.dumps({name: DeltaTable(str(gold / name)).version() for name in MARTS})
    moment = datetime.fromisoformat(published_at).replace(tzinfo=UTC)
    ledger = gold / "bilan_gold"
    number = DeltaTable(str(ledger)).version() + 2 if DeltaTable.is_deltatable(str(ledger)) else 1
    slices = {each.tranche: each for each in tiny.lake.ledger.slices()}
    of_silver = json.dumps(slices[tranche].versions if tranche in slices else {})
    row = (number, tranche, "UTC", SUNDAY, 3, versions, of_silver, "an id", moment)
    _write(ledger, "bilan_gold", [row], "append")


def _write(folder, name: str, rows: list[tuple], mode: str) -> None:
    path = next((DBT_PROJECT / "models" / "gold").glob(f"*/{name}.yml"))
    (model,) = yaml.safe_load(path.read_text())["models"]
    schema = pa.schema([(column["name"], TYPES[column["data_type"]]) for column in model["columns"]])
    converted = [
        {
            field.name: Decimal(value) if pa.types.is_decimal(field.type) and value is not None else value
            for field, value in zip(schema, row, strict=True)
        }
        for row in rows
    ]
    write_deltalake(str(folder), pa.Table.from_pylist(converted, schema), mode=mode)
