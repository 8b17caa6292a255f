"""Files torn by a power cut or a full disk: 503 and a calm page while they are, figures again when they are not."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from fastapi.testclient import TestClient

from infra.bench.cases.api import ENDPOINTS
from ingestion import queries
from ingestion.lake.delta_tables import commit_file
from ingestion.lake.engine import Engine
from ingestion.lake.failures import reading
from ingestion.lake.ledger import PUBLISHED, newest_publication
from ingestion.queries import Lake, LakeUnreadableError
from ingestion.settings import load
from streamlit_app.api.application import create_app
from streamlit_app.languages import languages

VENTE = (2, "Casque audio", "Spain", "Particulier", "2025-12-23T01:00:00", 1, "59.99")
QUESTIONS = (*ENDPOINTS, "rejected", "status", "live")


def newest(folder: Path, pattern: str) -> Path:
    return max(folder.rglob(pattern), key=lambda file: file.stat().st_mtime_ns)


def data(table: Path) -> Path:
    return newest(table, "*.parquet")


def commit(table: Path) -> Path:
    return newest(table, "*.json")


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def missing(file: Path) -> None:
    file.unlink()


class Torn:
    """One file in a bad state, until it is mended."""

    def __init__(self, file: Path, tear: Callable[[Path], None]) -> None:
        self._file, self._content = file, file.read_bytes()
        tear(file)

    def mend(self) -> None:
        self._file.write_bytes(self._content)


HOW = [(data, half), (data, missing), (commit, half), (commit, empty)]
each_way = pytest.mark.parametrize(("which", "tear"), HOW, ids=lambda each: each.__name__)


@each_way
def test_a_torn_ledger_is_503_everywhere_until_it_is_mended(published, sampler, which, tear):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    assert api.get("/readyz").json() == {"status": "ready", "tranche": 2}
    published.publish([VENTE])
    torn = Torn(which(published.silver / "bilan_ingestion"), tear)
    for path in ("/readyz", *(f"/api/{question}" for question in QUESTIONS), "/api/top_products?as_of=1"):
        # twice: a look that failed must not count as one that saw the news
        for _ in range(2):
            answer = api.get(path)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store"), path
            assert answer.json() == {"error": "the lake cannot be read at the moment", "faults": []}
    assert api.get("/healthz").status_code == 200
    torn.mend()
    assert api.get("/readyz").json() == {"status": "ready", "tranche": 3}
    assert api.get("/api/overall_statistics").json()["nombre_ventes"] == 5


@each_way
@pytest.mark.parametrize("table", ["bilan_ingestion", "ventes_aggreges"])
def test_a_reader_that_starts_on_a_torn_file_recovers_too(published, table, which, tear):
    torn = Torn(which(published.silver / table), tear)
    lake = Lake(published.silver, published.bronze)
    for _ in range(2):
        with pytest.raises(LakeUnreadableError, match=r"^(the ledger|table ventes_aggreges) cannot be read$"):
            queries.overall_statistics(lake.current())
    torn.mend()
    assert queries.overall_statistics(lake.current()).nombre_ventes == 4


@pytest.mark.parametrize(
    ("table", "which", "tear"),
    [
        *((table, data, half) for table in PUBLISHED),
        *(("cube_horaire", *how) for how in HOW[1:]),
    ],
)
def test_a_torn_table_is_not_ready_and_its_log_line_is_one(published, sampler, caplog, table, which, tear):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    published.publish([VENTE], [(0, "illisible", b"x")])
    torn = Torn(which(published.silver / table), tear)
    assert api.get("/readyz").status_code == 503
    (message,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
    assert message.startswith(f"table {table} cannot be read: ")
    assert "\n" not in message
    torn.mend()
    assert api.get("/readyz").status_code == 200


@each_way
def test_a_file_that_is_torn_after_it_was_read_is_noticed(published, sampler, which, tear):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    assert api.get("/readyz").status_code == 200
    torn = Torn(which(published.silver / "cube_horaire"), tear)
    # the list of a version's files is kept: its commit is not needed again
    assert api.get("/readyz").status_code == (503 if which is data else 200)
    torn.mend()
    assert api.get("/readyz").status_code == 200


def test_a_torn_file_of_an_older_slice_is_not_called_vacuumed(published, sampler):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    first = published.silver / "ventes_aggreges" / "_delta_log" / f"{0:020}.json"
    torn = Torn(first, half)
    assert api.get("/api/aggregated_sales?as_of=1").status_code == 503
    torn.mend()
    assert len(api.get("/api/aggregated_sales?as_of=1").json()) == 3


def test_metrics_are_scraped_also_without_a_lake(published, sampler):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    assert "sales_lake_readable 1.0" in api.get("/metrics").text
    published.publish([VENTE])
    half(data(published.silver / "bilan_ingestion"))
    api.get("/api/top_products")
    scraped = api.get("/metrics").text
    assert "sales_lake_readable 0.0" in scraped
    assert "sales_published_tranche" not in scraped
    assert 'sales_api_request_seconds_count{route="/api/top_products",status="503"} 1.0' in scraped


def test_the_record_of_accepted_gaps_may_be_torn_too(published, sampler):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    published.bronze.mkdir(parents=True)
    (published.bronze / "_accepted_gaps.json").write_text('[{"partition": 2, "from_')
    assert api.get("/api/status").status_code == 503


def test_the_record_of_isolated_events_may_be_torn_too(published, sampler):
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    published.bronze.mkdir(parents=True)
    (published.bronze / "_isolated_events.json").write_text('[{"partition": 2, "off')
    assert api.get("/api/status").status_code == 503
    assert "sales_stream_isolated" not in api.get("/metrics").text


def test_the_database_starts_again_after_an_error_of_its_own(tmp_path):
    """A negative size in a footer brings DuckDB down as a whole: without a new one nothing could be read any more."""
    whole, garbled = tmp_path / "whole.parquet", tmp_path / "garbled.parquet"
    pq.write_table(pa.table({"n": [1, 2, 3]}), whole)
    size = 2 * pq.read_metadata(whole).row_group(0).column(0).total_compressed_size
    written = bytes([size & 0x7F | 0x80, size >> 7])
    garbled.write_bytes(whole.read_bytes().replace(written, bytes([written[0] | 1, written[1]])))
    engine, sql = Engine(), "select sum(n)::int from read_parquet($files)"
    assert engine.rows(sql, {"files": [str(whole)]}) == [(6,)]
    with pytest.raises(duckdb.Error):
        engine.rows(sql, {"files": [str(garbled)]})
    assert engine.rows(sql, {"files": [str(whole)]}) == [(6,)]


@pytest.mark.parametrize("name", ["ventes", "confiance"])
@pytest.mark.parametrize(
    ("table", "which", "tear"),
    [
        *((table, data, half) for table in ("ventes_clean", "cube_horaire", "ventes_rejetees")),
        *(("bilan_ingestion", *how) for how in HOW),
    ],
)
def test_a_page_says_calmly_that_it_cannot_read_and_shows_itself_again(page, tiny, table, name, which, tear):
    tiny.publish([VENTE], [(0, "illisible", b"x")])
    torn = Torn(which(tiny.silver / table), tear)
    app = page(tiny.lake, name)
    # said once; the quarantine is not on the page of the sales, nor the cube on the other
    others = {("ventes", "ventes_rejetees"), ("confiance", "cube_horaire")}
    assert [each.value for each in app.warning] == [languages()["fr"]["unreadable"]] * ((name, table) not in others)
    torn.mend()
    app.run()
    assert not app.exception
    assert not app.warning
    assert app.metric


def test_a_search_says_that_the_events_cannot_be_read(page, published, monkeypatch):
    bronze = published.bronze
    write_deltalake(str(bronze), pa.table({"vente_id": ["1"]}))
    half(commit(bronze))
    monkeypatch.setenv("LAKE_DIR", str(published.silver.parent))
    load.cache_clear()
    app = page(published.lake, "confiance")
    app.text_input(key="vente_id").set_value("1").run()
    assert not app.exception
    assert [each.value for each in app.warning] == [languages()["fr"]["not_searched"]]


def test_a_slice_that_was_never_opened_is_not_open(tiny):
    schema = pa.schema([("tranche", pa.int64()), ("opened_at", pa.timestamp("us", "UTC"))])
    write_deltalake(str(tiny.silver / "tranches"), schema.empty_table())
    assert tiny.lake.open_slice() is None


def test_writers_go_on_where_readers_refuse_an_empty_commit(tiny):
    tiny.publish([VENTE])
    tiny.publish([VENTE])
    empty(commit_file(tiny.silver / "bilan_ingestion", 1))
    newest = newest_publication(tiny.silver)
    assert newest is not None
    assert newest.tranche == 1
    with pytest.raises(LakeUnreadableError) as refused:
        tiny.lake.current()
    assert refused.value.for_log == "the ledger cannot be read: commit 1 of bilan_ingestion is empty"


def test_the_first_cause_is_what_the_log_gets():
    with pytest.raises(LakeUnreadableError) as refused, reading("all"), reading("a part"):
        raise ValueError("why")
    assert refused.value.for_log == "a part cannot be read: why"
