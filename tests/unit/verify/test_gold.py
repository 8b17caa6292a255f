"""Verification of Gold: sound marts agree, and any cell that is changed is found."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import yaml
from deltalake import DeltaTable, write_deltalake

from ingestion.lake.gold_ledger import INTERNAL, MARTS
from ingestion.settings import DBT_PROJECT
from ingestion.source.generator import make_ventes
from ingestion.verify.gold_checks import _RECOMPUTED, _SALES, _UNITS, _differences, gold_checks
from ingestion.verify.workbench import open_workbench
from tests.unit.app.gold_lake import TYPES
from tests.unit.verify.lake import ARRIVED, VERSIONS, sound_lake

ALL = (*MARTS, *INTERNAL)
PUBLISHED_AT = datetime(2030, 1, 1, tzinfo=UTC)


def columns(name: str) -> dict[str, str]:
    """Name and type of each column of a model of Gold."""
    path = next((DBT_PROJECT / "models" / "gold").glob(f"*/{name}.yml"))
    (model,) = yaml.safe_load(path.read_text())["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With marts that verification itself has computed: whether they are right, the unit tests of the models say."""
    folder = tmp_path_factory.mktemp("lake")
    moments = ((1000 + n, ARRIVED - timedelta(minutes=90 * n)) for n in range(60))
    sound_lake([vente.to_json() for vente in make_ventes(5, moments)], (60,)).write(folder)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        sales = DeltaTable(str(folder / "silver" / "ventes_clean")).to_pyarrow_dataset()
        connection.register("ventes_of_gold", sales)
        connection.execute("set variable fuseau = 'UTC'")
        connection.execute(_SALES)
        for name in ALL:
            cells = (
                f"({c} / {_UNITS.get(c, 1)})::{kind} as {c}" if kind[:3] in ("dec", "big", "int") else c
                for c, kind in columns(name).items()
            )
            rows = connection.sql(f"select {', '.join(cells)} from ({_RECOMPUTED[name]})").to_arrow_table()
            write_deltalake(str(folder / "gold" / name), rows)
        ((sold, day),) = connection.execute("select count(*), max(arrived) from gold_sales").fetchall()
    publish(folder, nombre_ventes=sold, jour_reference=day)
    return folder


def publish(folder: Path, **values: object) -> None:
    """Write the ledger of Gold anew; what is not given is as before."""
    path = folder / "gold" / "bilan_gold"
    before = DeltaTable(str(path)).to_pyarrow_table().to_pylist()[0] if path.exists() else {}
    row = before | {
        "publication": 1,
        "tranche": 1,
        "fuseau": "UTC",
        "versions": json.dumps({name: DeltaTable(str(folder / "gold" / name)).version() for name in ALL}),
        "versions_silver": VERSIONS,
        "origine": "an id",
        "published_at": PUBLISHED_AT,
    }
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns("bilan_gold").items()])
    write_deltalake(str(path), pa.Table.from_pylist([row | values], schema), mode="overwrite")


def faults(folder: Path) -> dict[str, tuple[str, ...]]:
    """What differs, by check."""
    with open_workbench() as bench:
        return {check.name: check.examples for check in gold_checks(bench, folder) if not check.ok}


def test_sound_marts_agree(lake: Path) -> None:
    assert faults(lake) == {}
    with open_workbench() as bench:
        assert {check.name for check in gold_checks(bench, lake)} == {"ledger of Gold", *ALL}


@pytest.mark.parametrize("name", ALL)
def test_a_changed_cell_is_found(lake: Path, name: str) -> None:
    with open_workbench() as bench:
        gold_checks(bench, lake)
        rows = DeltaTable(str(lake / "gold" / name)).to_pyarrow_table()
        for place, field in enumerate(rows.schema):
            first, *others = rows[field.name].to_pylist()
            cells = pa.array([near(first), *others], field.type)
            bench.register(name, rows.set_column(place, field, cells))
            said = sorted(text.partition(":")[0] for (text,) in bench.run(_differences(bench, name)))
            assert said == ["recomputed, not stored", "stored, not recomputed"], field.name


def near(value: object) -> object:
    """Another value, but hardly: a cent, a piece, a day, a microsecond more."""
    match value:
        case bool():
            return not value
        case str():
            return value + "?"
        case Decimal():
            return value + Decimal("0.01")
        case datetime():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
        case int():
            return value + 1
        case _:
            return 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"nombre_ventes": 7}, "says 7 sales where there are 60"),
        ({"jour_reference": PUBLISHED_AT.date()}, "is the last day with a sale where it is"),
        ({"tranche": 9}, "slice 9 was never published"),
        ({"versions_silver": VERSIONS.replace('"top_produits": 0', '"top_produits": 1')}, "made from other versions"),
    ],
)
def test_a_ledger_that_says_what_is_not_so_is_found(lake: Path, wrong: dict[str, object], told: str) -> None:
    (before,) = DeltaTable(str(lake / "gold" / "bilan_gold")).to_pyarrow_table().to_pylist()
    publish(lake, **wrong)
    try:
        found = faults(lake)
        assert set(found) == {"ledger of Gold"}
        assert told in found["ledger of Gold"][0]
    finally:
        publish(lake, **before)


def test_a_mart_without_a_version_says_what_to_do(lake: Path) -> None:
    versions = json.dumps({name: DeltaTable(str(lake / "gold" / name)).version() for name in ALL[1:]})
    publish(lake, versions=versions)
    try:
        assert "sales gold --rebuild" in faults(lake)["Gold"][0]
    finally:
        publish(lake)
