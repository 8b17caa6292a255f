"""What a run of Gold has seen and expected, beside the tiny lake: counts, expectations, alarms, incidents."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from tests.unit.app.gold_lake import SUNDAY, _write

MOMENT, AMOUNT = pa.timestamp("us", "UTC"), pa.decimal128(18, 2)
SERIES = [("date_arrivee", pa.date32()), ("mesure", pa.string()), ("cle", pa.string())]
VALUES = [("observe", AMOUNT), ("attendu", AMOUNT)]
SCHEMAS = {
    "mesures": pa.schema([SERIES[0], ("moment", MOMENT), *SERIES[1:], ("nombre", pa.int64())]),
    "attentes": pa.schema(
        [
            *SERIES,
            ("moment", MOMENT),
            *((name, pa.int64()) for name in ("attendu", "part", "dispersion_1h", "dispersion_4h")),
            ("publication", pa.int32()),
        ]
    ),
    "alertes": pa.schema(
        [
            ("moment", MOMENT),
            *((name, pa.string()) for name in ("detecteur", "cle", "fenetre")),
            *VALUES,
            ("ecart_type", AMOUNT),
            ("sur", pa.int64()),
            ("score", pa.decimal128(8, 4)),
            *((name, pa.int32()) for name in ("ticks", "tranche", "publication")),
        ]
    ),
    "anomalies": pa.schema(
        [
            *((name, pa.string()) for name in ("anomalie_id", "detecteur", "cause", "cle", "fenetre")),
            *((name, MOMENT) for name in ("debut", "derniere_alerte", "fin")),
            *VALUES,
            *((name, AMOUNT) for name in ("attendu_bas", "attendu_haut")),
            ("score", pa.decimal128(8, 4)),
            *((name, pa.string()) for name in ("sens", "severite", "statut", "detecteurs")),
            ("tranche", pa.int32()),
        ]
    ),
}


def incident(
    cause: str, debut: datetime, last: datetime, *, cle: str = "total", is_open: bool = True, **others
) -> dict:
    """A row of `anomalies`."""
    return {
        "anomalie_id": f"{debut:%Y%m%d-%H%M}-{cause}",
        "detecteur": cause,
        "cause": cause,
        "cle": cle,
        "fenetre": "1h",
        "debut": debut,
        "derniere_alerte": last,
        "fin": None if is_open else last + timedelta(minutes=5),
        "observe": Decimal("12.00"),
        "attendu": Decimal("42.00"),
        "attendu_bas": Decimal("20.50"),
        "attendu_haut": Decimal("63.50"),
        "score": Decimal("-5.1000"),
        "sens": "baisse",
        "severite": "haute",
        "statut": "ouverte" if is_open else "fermee",
        "detecteurs": cause,
        "tranche": 1,
    } | others


def count(moment: datetime, mesure: str, cle: str, nombre: int) -> dict:
    """A row of `mesures`."""
    return {"date_arrivee": moment.date(), "moment": moment, "mesure": mesure, "cle": cle, "nombre": nombre}


def expectation(moment: datetime, mesure: str, cle: str, dispersion: int, attendu: int = 0, part: int = 0, **others):
    """A row of `attentes` of the day of `moment`."""
    return {
        "date_arrivee": moment.date(),
        "mesure": mesure,
        "cle": cle,
        "moment": moment,
        "attendu": attendu,
        "part": part,
        "dispersion_1h": dispersion,
        "dispersion_4h": dispersion,
        "publication": 1,
    } | others


def publish_watch(gold: Path, published_at: datetime, tranche: int = 1, others: dict | None = None, **rows) -> None:
    """Publish the four tables with these rows; `others`: the versions of other tables that belong to them."""
    for name, schema in SCHEMAS.items():
        write_deltalake(str(gold / name), pa.Table.from_pylist(rows.get(name, []), schema), mode="overwrite")
    versions = {name: DeltaTable(str(gold / name)).version() for name in SCHEMAS} | (others or {})
    ledger = gold / "bilan_gold"
    number = DeltaTable(str(ledger)).version() + 2 if DeltaTable.is_deltatable(str(ledger)) else 1
    row = (number, tranche, "UTC", SUNDAY, 3, json.dumps(versions), "{}", "an id", published_at.astimezone(UTC))
    _write(ledger, "bilan_gold", [row], "append")
