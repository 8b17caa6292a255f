"""Marts beside the tiny lake, written as a run of Gold writes them: the tables first, the ledger last."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import yaml
from deltalake import DeltaTable, write_deltalake

from ingestion.lake.gold_ledger import FORECASTS, MARTS
from ingestion.settings import DBT_PROJECT

TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(9,6)": pa.decimal128(9, 6),
    "decimal(18,4)": pa.decimal128(18, 4),
    "decimal(24,4)": pa.decimal128(24, 4),
    "boolean": pa.bool_(),
}
DECEMBER, MONDAY, SUNDAY = date(2025, 12, 1), date(2025, 12, 22), date(2025, 12, 28)
SATURDAY, TOMORROW = date(2025, 12, 27), date(2025, 12, 29)
EARLY, LATE = (datetime(2025, 12, day, tzinfo=UTC) for day in (1, 22))
MIDNIGHT, ONE = (datetime(2025, 12, 28, hour, tzinfo=UTC) for hour in (0, 1))
ALL, FRANCE = ("total_montant", "total", "total"), ("total_montant", "pays", "France")
HEADSET = ("nombre_ventes", "produit", "Casque audio")
NO_BOUNDS = (None, None, None, None)
BOUNDS = ("40", "60.50", "30", "70.25")
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
    # of another night, and of another time zone, each with the only row that nobody must read
    "previsions_horaires": [
        (SATURDAY, "UTC", *ALL, MIDNIGHT, 25, "0", *NO_BOUNDS, "0", 0, False, 1),
        (SUNDAY, "UTC", *ALL, ONE, 2, "4.1234", "1", "6", "0", "8", "3", 30, False, 1),
        (SUNDAY, "UTC", *ALL, MIDNIGHT, 1, "5", *NO_BOUNDS, "6.25", 0, False, 1),
    ],
    "previsions_journalieres": [
        (SATURDAY, "UTC", *ALL, SUNDAY, 2, "0", *NO_BOUNDS, "0", 0, False, 1),
        (SUNDAY, "UTC", *ALL, TOMORROW, 2, "51", *NO_BOUNDS, "10.0050", 0, False, 1),
        (SUNDAY, "UTC", *ALL, SUNDAY, 1, "50.1250", *BOUNDS, "45", 30, False, 1),
        (SUNDAY, "UTC", *FRANCE, SUNDAY, 1, "33", *BOUNDS, "35", 30, False, 1),
        (SUNDAY, "UTC", *HEADSET, SUNDAY, 1, "2.5", *NO_BOUNDS, "3", 0, False, 1),
        (TOMORROW, "Asia/Tokyo", *ALL, TOMORROW, 1, "0", *NO_BOUNDS, "0", 0, False, 1),
    ],
    "evaluation_previsions": [
        (SATURDAY, "UTC", *ALL, "jour", "1", 9, "9", "9", "9", "9", "9", 9, 9, 9, 9, 1),
        (SUNDAY, "UTC", *ALL, "jour", "8-14", 1, "100", "10", "10", "30", "4", 1, 1, 1, 1, 1),
        (SUNDAY, "UTC", *ALL, "jour", "1", 2, "200", "-5.5", "20.5", "15", "4", 1, 0, 2, 2, 1),
        # nothing was sold in these hours
        (SUNDAY, "UTC", *ALL, "heure", "13-24", 1, "0", "1", "1", "0", "0", 1, 1, 1, 1, 1),
        (SUNDAY, "UTC", *ALL, "heure", "7-12", 1, "0", "2", "2", "0", "0", 1, 0, 1, 0, 1),
        (SUNDAY, "UTC", *FRANCE, "jour", "1", 1, "800", "-1", "1", "0.5", None, 0, 0, 0, 0, 1),
    ],
}  # fmt: skip

assert set(ROWS) == {*MARTS, *FORECASTS}


def publish_gold(
    tiny, tranche: int = 1, published_at: str = "2026-01-01T01:00:00", rows: dict[str, list[tuple]] = ROWS
) -> None:
    """Publish the tables of `rows`."""
    gold = tiny.silver.parent / "gold"
    for name in rows:
        _write(gold / name, name, rows[name], "overwrite")
    versions = json.dumps({name: DeltaTable(str(gold / name)).version() for name in rows})
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
