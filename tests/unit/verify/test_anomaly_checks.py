"""Verification of what looks for anomalies: sound tables agree, and a row that is changed or missing is found."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from ingestion.catalogue import produits
from ingestion.lake.gold_ledger import ANOMALIES, GoldPublication, newest_gold
from ingestion.source.generator import make_ventes
from ingestion.verify.anomalies import checks
from ingestion.verify.anomalies.alarm_rows import day_of, tick_of
from ingestion.verify.anomalies.grouping import incidents
from ingestion.verify.anomalies.scoring import scored
from ingestion.verify.anomalies.training import trained
from ingestion.verify.workbench import open_workbench
from tests.unit.app.gold_lake import TYPES
from tests.unit.verify.lake import SCHEMAS, VERSIONS, Row, sound_lake
from tests.unit.verify.test_gold import columns, near

# a sale each ten minutes for three weeks, the last one six hours ago
SALES, LAST_SALE = 3000, datetime(2026, 11, 22, 10, tzinfo=UTC)
ARRIVALS = [LAST_SALE - timedelta(minutes=10 * ago) for ago in reversed(range(SALES))]
COMPLETE = tick_of(LAST_SALE + timedelta(hours=6))
TEXTS = ("client_nom", "produit_nom", "categorie", "pays", "segment")
TYPES_OF_ALARMS = TYPES | {"decimal(18, 2)": pa.decimal128(18, 2), "decimal(8, 4)": pa.decimal128(8, 4)}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With tables that verification itself has computed."""
    folder = tmp_path_factory.mktemp("lake")
    write_sales(folder)
    store(folder, "mesures", [])
    with open_workbench() as bench:
        bench.register("ventes_of_gold", DeltaTable(str(folder / "silver" / "ventes_clean")).to_pyarrow_dataset())
        checks._load(bench, folder, publish(folder))
        counted = bench.run("select moment::date, moment, mesure, cle, nombre::bigint from measured")
    moment = LAST_SALE + timedelta(hours=6)
    store(folder, "mesures", [*counted, (moment.date(), moment, "complet", "total", 1)])
    measures: dict[tuple[str, str], dict[int, int]] = {}
    for _, moment, mesure, cle, count in counted:
        measures.setdefault((mesure, cle), {})[tick_of(moment)] = count
    ticks = range(COMPLETE - 287, COMPLETE + 1)
    learned = {day: trained(day, measures, [], "UTC") for day in sorted({*map(day_of, ticks)})}
    raised = scored(ticks, measures, learned, tranche=1)
    store(folder, "attentes", [(day, *row, 1) for day, rows in learned.items() for row in rows])
    store(folder, "alertes", [(*row, 1) for row in raised])
    store(
        folder,
        "anomalies",
        [tuple(getattr(row, name) for name in columns("anomalies")) for row in incidents(raised, COMPLETE)],
    )
    publish(folder)
    return folder


def write_sales(folder: Path) -> None:
    """One event has no country, and one amount is half of what the catalogue says."""
    values = []
    for place, sale in enumerate(make_ventes(5, enumerate(ARRIVALS))):
        event = json.loads(sale.to_json())
        event["montant"] = event["montant"] if place else round(event["montant"] / 2, 2)
        values.append(json.dumps(event).encode())
    sound = sound_lake(values, (SALES,), partitions=3)
    for table in (sound.ventes_raw, sound.ventes_clean):
        for row in table:
            row["kafka_timestamp"] = ARRIVALS[3 * row["kafka_offset"] + row["kafka_partition"]]
    sound.write(folder)
    given: list[Row] = [row | dict.fromkeys(TEXTS, "given") for row in sound.ventes_raw]
    given[7]["pays"] = None
    schema = pa.schema([*SCHEMAS["bronze/ventes_raw"].items(), *((name, pa.string()) for name in TEXTS)])
    bronze = str(folder / "bronze" / "ventes_raw")
    write_deltalake(bronze, pa.Table.from_pylist(given, schema), mode="overwrite", schema_mode="overwrite")
    catalogue = [
        {"produit_id": each.produit_id, "produit_nom": each.produit_nom, "prix": each.prix} for each in produits()
    ]
    schema = pa.schema([("produit_id", pa.int32()), ("produit_nom", pa.string()), ("prix", pa.decimal128(12, 2))])
    write_deltalake(str(folder / "silver" / "produits"), pa.Table.from_pylist(catalogue, schema))


def store(folder: Path, name: str, rows: list[tuple[object, ...]]) -> None:
    schema = pa.schema([(column, TYPES_OF_ALARMS[kind]) for column, kind in columns(name).items()])
    written = [dict(zip(schema.names, row, strict=True)) for row in rows]
    write_deltalake(str(folder / "gold" / name), pa.Table.from_pylist(written, schema), mode="overwrite")


def publish(folder: Path) -> GoldPublication:
    """The newest version of each table that there is."""
    tables = [name for name in ANOMALIES if (folder / "gold" / name).exists()]
    row = {
        "publication": 1,
        "tranche": 1,
        "fuseau": "UTC",
        "jour_reference": LAST_SALE.date(),
        "nombre_ventes": SALES,
        "versions": json.dumps({name: DeltaTable(str(folder / "gold" / name)).version() for name in tables}),
        "versions_silver": VERSIONS,
        "origine": "an id",
        "published_at": LAST_SALE + timedelta(hours=6, minutes=6),
    }
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns("bilan_gold").items()])
    path = folder / "gold" / "bilan_gold"
    write_deltalake(str(path), pa.Table.from_pylist([row], schema), mode="overwrite")
    found = newest_gold(folder / "gold")
    assert found is not None
    return found


def checked(folder: Path) -> dict[str, checks.Check]:
    with open_workbench() as bench:
        bench.register("ventes_of_gold", DeltaTable(str(folder / "silver" / "ventes_clean")).to_pyarrow_dataset())
        return {check.name: check for check in checks.anomaly_checks(bench, folder, publish(folder))}


def test_sound_tables_agree_and_are_not_empty(lake: Path) -> None:
    found = checked(lake)
    assert list(found) == list(ANOMALIES)
    assert {name: check.examples for name, check in found.items() if not check.ok} == {}
    assert all(check.count for check in found.values())
    (silence,) = DeltaTable(str(lake / "gold" / "anomalies")).to_pyarrow_table().to_pylist()
    assert (silence["cause"], silence["statut"]) == ("silence", "ouverte")
    rare = DeltaTable(str(lake / "gold" / "mesures")).to_pyarrow_table().to_pylist()
    assert sum(row["mesure"] == "vide" and row["cle"] == "pays" for row in rare) == 1
    assert sum(row["mesure"] == "prix" for row in rare) == 1


@pytest.mark.parametrize("name", ANOMALIES)
@pytest.mark.parametrize("change", ["changed", "missing"])
def test_a_row_that_is_not_so_is_found(lake: Path, tmp_path: Path, name: str, change: str) -> None:
    folder = tmp_path / "lake"
    shutil.copytree(lake, folder)
    last, *rows = reversed([tuple(row.values()) for row in stored(folder, name) if row.get("mesure") != "complet"])
    kept = [tuple(row.values()) for row in stored(folder, name) if row.get("mesure") == "complet"]
    place = list(columns(name)).index("score" if "score" in columns(name) else "cle")
    changed = [(*last[:place], near(last[place]), *last[place + 1 :])] if change == "changed" else []
    store(folder, name, [*rows, *changed, *kept])
    found = checked(folder)
    assert not found[name].ok
    expected = "stored, not recomputed" if change == "changed" else "recomputed, not stored"
    assert any(text.startswith(expected) for text in found[name].examples)


def stored(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = DeltaTable(str(folder / "gold" / name)).to_pyarrow_table().to_pylist()
    return rows


def test_a_price_that_is_not_that_of_the_catalogue_is_counted(lake: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    shutil.copytree(lake, folder)
    path = str(folder / "silver" / "produits")
    rows = DeltaTable(path).to_pyarrow_table()
    prices = pa.array([price + Decimal(9) for price in rows["prix"].to_pylist()], rows["prix"].type)
    write_deltalake(path, rows.set_column(rows.schema.get_field_index("prix"), "prix", prices), mode="overwrite")
    found = checked(folder)["mesures"]
    assert found.differences > SALES / 2
    assert all(", prix, " in text for text in found.examples)


def test_a_clock_that_was_wrong_is_no_last_look(lake: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    shutil.copytree(lake, folder)
    later = LAST_SALE + timedelta(days=30)
    rows = [tuple(row.values()) for row in stored(folder, "mesures")]
    store(folder, "mesures", [*rows, (later.date(), later, "complet", "total", 1)])
    assert all(check.ok for check in checked(folder).values())


def test_a_lake_of_before_has_none(lake: Path) -> None:
    with open_workbench() as bench:
        assert checks.anomaly_checks(bench, lake, replace(publish(lake), versions={})) == []
