"""A tiny lake of real Delta tables, written as Silver writes it: the tables first, the ledger last; and its pages."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from fastapi.testclient import TestClient
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import streamlit_app
from infra.bench.sample_lake import CLEAN, LEDGER, REJECTED, published_tables
from ingestion.lake.ledger import PUBLISHED, REBUILT
from ingestion.queries import Lake
from ingestion.reading.freshness import Freshness
from ingestion.tail.watcher import Watcher
from streamlit_app import figures, singletons
from streamlit_app.api.application import create_app
from streamlit_app.gold import incident_panels
from streamlit_app.singletons import Sampler
from tests.unit.app import incidents_of_api
from tests.unit.app.anomaly_lake import publish_watch
from tests.unit.app.incidents_of_now import COUNTED, NOW, learned

HERE = Path(streamlit_app.__file__).parent
# client, product, country, segment, time, quantity, amount
FIRST = [
    (1, "Souris sans fil", "France", "Particulier", "2025-12-22T09:59:59.999999", 2, "51.00"),
    (3, "Souris sans fil", "UK", "Enterprise", "2025-12-22T10:00:00", 1, "25.50"),
    (1, "Casque audio", "France", "Particulier", "2025-12-22T10:30:00", 1, "59.99"),
]
# when every rejected event arrived
DAY = datetime(2025, 12, 22, 10, tzinfo=UTC)
# what readers of rejected events need of it
BRONZE = pa.schema(
    {
        "kafka_partition": pa.int32(),
        "kafka_offset": pa.int64(),
        "value": pa.binary(),
        "parse_error": pa.string(),
        "date": pa.date32(),
    }
)
SECOND = [(5, "Livre Data Science", "Italy", "Enterprise", "2025-12-23T00:00:00", 3, "12.50")]


@pytest.fixture(autouse=True)
def no_stack(own_folders):
    """What a stack on this machine says of itself is not the app's under test."""


class TinyLake:
    """Writes slices; `lake` is what the code under test reads."""

    def __init__(self, silver: Path) -> None:
        self.silver = silver
        self.bronze = silver.with_name("bronze") / "ventes_raw"
        self.lake = Lake(silver, self.bronze)
        self.tranche = 0
        self.ventes: list[dict] = []

    def publish(self, ventes: list[tuple] = (), rejected: list[tuple] = (), closed_at: str | None = None) -> int:
        """Close a slice with these sales and these rejected events (offset, raison, value)."""
        self.write(ventes, rejected)
        self.close(len(ventes), len(rejected), closed_at)
        return self.tranche

    def write(self, ventes: list[tuple], rejected: list[tuple] = ()) -> None:
        """Write the tables of the next slice and leave it open."""
        self.tranche += 1
        added = [self._clean(len(self.ventes) + number, vente) for number, vente in enumerate(ventes)]
        self.ventes += added
        self._write("ventes_clean", pa.Table.from_pylist(added, CLEAN), partition_by=["date_vente"])
        rows = [(0, offset, DAY, value, raison, self.tranche) for offset, raison, value in rejected]
        self._append("ventes_rejetees", REJECTED, rows)
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            for name, table in published_tables(connection, pa.Table.from_pylist(self.ventes, CLEAN)):
                self._write(name, table, mode="overwrite")

    def close(self, clean: int, rejected: int, closed_at: str | None = None) -> None:
        moment = datetime.fromisoformat(closed_at or f"2026-01-01T00:{self.tranche:02d}:00").replace(tzinfo=UTC)
        versions = json.dumps({name: DeltaTable(str(self.silver / name)).version() for name in PUBLISHED})
        end = 10 * self.tranche
        # all events in partition 0; partition 1 is idle
        rows = [
            (self.tranche, 0, end - 10, end, clean + rejected, clean, rejected, 0, versions, moment),
            (self.tranche, 1, 0, 0, 0, 0, 0, 0, versions, moment),
        ]
        self._append("bilan_ingestion", LEDGER, rows)

    def write_bronze(self, events: list[tuple]) -> None:
        """Append one file of Bronze with these events (offset, value, parse_error)."""
        rows = [
            {"kafka_partition": 0, "kafka_offset": offset, "value": value, "parse_error": error, "date": DAY.date()}
            for offset, value, error in events
        ]
        write_deltalake(str(self.bronze), pa.Table.from_pylist(rows, BRONZE), mode="append", partition_by=["date"])

    def vacuum(self) -> None:
        """Delete the files that only older versions need."""
        for name in REBUILT:
            DeltaTable(str(self.silver / name)).vacuum(0, dry_run=False, enforce_retention_duration=False)

    def _clean(self, vente_id: int, vente: tuple) -> dict:
        client, produit, pays, segment, moment, quantite, montant = vente
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        return {
            "vente_id": vente_id,
            "client_id": client,
            "produit_nom": produit,
            "pays": pays,
            "segment": segment,
            "timestamp": at,
            "quantite": quantite,
            "montant": Decimal(montant),
            "date_vente": at.date(),
        }

    def _append(self, name: str, schema: pa.Schema, rows: list[tuple]) -> None:
        self._write(name, pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema))

    def _write(self, name: str, table: pa.Table, mode: str = "append", **options) -> None:
        write_deltalake(str(self.silver / name), table, mode=mode, **options)


@pytest.fixture
def tiny(tmp_path: Path) -> TinyLake:
    """An empty lake that can be written to."""
    return TinyLake(tmp_path / "silver")


@pytest.fixture(scope="session")
def written_once(tmp_path_factory: pytest.TempPathFactory) -> TinyLake:
    lake = TinyLake(tmp_path_factory.mktemp("lake") / "silver")
    lake.publish(FIRST)
    lake.publish(SECOND)
    return lake


@pytest.fixture
def published(tiny: TinyLake, written_once: TinyLake) -> TinyLake:
    """A lake with two slices: FIRST, then SECOND.  A copy: writing it takes ten times as long."""
    shutil.copytree(written_once.silver, tiny.silver)
    tiny.tranche, tiny.ventes = written_once.tranche, list(written_once.ventes)
    return tiny


@pytest.fixture
def sampler() -> Sampler:
    """One measurement, just now: everything is published and the stream runs."""
    sampler = Sampler(lambda: Freshness(datetime.now(UTC), 0, None, None), interval=60)
    sampler._latest = sampler._measure()
    return sampler


@pytest.fixture
def api(published: TinyLake, sampler: Sampler) -> TestClient:
    """A client of the API over a lake with two slices."""
    return TestClient(create_app(published.lake, sampler))


@pytest.fixture(scope="session", autouse=True)
def one_scan():
    """Streamlit's test runner reads the metadata of every installed package at each run of a page: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def page(monkeypatch, sampler):
    """Run one page of the app over a lake."""

    def run(lake, name="ventes", sampler=sampler, tail=None, locale=None, keep_caches=False, **query):
        monkeypatch.setattr(singletons, "lake", lambda: lake)
        monkeypatch.setattr(singletons, "sampler", lambda: sampler)
        monkeypatch.setattr(singletons, "tail", lambda: tail or Watcher(lake))
        if not keep_caches:
            # one test's lake counts its slices as another's
            figures.load_figures.clear()
            figures.drawings.clear()
            incident_panels.load_picture.clear()
        app = AppTest.from_file(HERE / "app.py", default_timeout=30)
        app.context["locale"] = locale
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if name != "ventes":
            app.switch_page(f"app_pages/{name}.py").run()
        assert not app.exception
        return app

    return run


@pytest.fixture
def publish(published):
    """Publish these incidents, and what was counted and learned, as a run of Gold of now."""

    def write(*anomalies, mesures=COUNTED, attentes=None):
        rows = {"anomalies": anomalies, "mesures": mesures, "attentes": learned() if attentes is None else attentes}
        publish_watch(published.silver.parent / "gold", NOW, 2, **{name: list(each) for name, each in rows.items()})
        return published.lake

    return write


@pytest.fixture
def watched(published):
    """A lake with the incidents of the tests of the API."""
    at = incidents_of_api.BEGAN + timedelta(hours=2)
    publish_watch(published.silver.parent / "gold", at, **incidents_of_api.TABLES)
    return published
