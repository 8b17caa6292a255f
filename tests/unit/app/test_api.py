"""The API over a tiny lake: what it answers, what it refuses, and how."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from ingestion.bronze.gaps import Gap, accept_gaps
from ingestion.bronze.isolated_record import Isolated, remember
from ingestion.reading.freshness import Freshness
from ingestion.settings import PathSettings, load
from streamlit_app.api import models, operations
from streamlit_app.api.application import create_app
from streamlit_app.languages import languages
from streamlit_app.singletons import Sampler

ENDPOINTS = {
    "aggregated_sales": list[models.AggregatedSales],
    "top_products": list[models.TopProduct],
    "hourly_sales": list[models.HourlySales],
    "product_by_segment": list[models.ProductBySegment],
    "overall_statistics": models.OverallStatistics,
    "revenue_by_country": list[models.RevenueByCountry],
    "customer_segmentation": list[models.CustomerSegment],
    "rejected": models.RejectedPage,
    "status": models.Status,
}
VENTE = (2, "Casque audio", "Spain", "Particulier", "2025-12-23T01:00:00", 1, "59.99")


@pytest.fixture
def empty(tiny, sampler):
    return TestClient(create_app(tiny.lake, sampler))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("lake", ["api", "empty"])
def test_every_answer_has_its_declared_shape(endpoint, lake, request):
    answer = request.getfixturevalue(lake).get(f"/api/{endpoint}")
    assert answer.status_code == 200
    TypeAdapter(ENDPOINTS[endpoint]).validate_json(answer.content)


def test_money_is_a_number_with_two_decimals(api):
    assert '"total_montant":12.50,' in api.get("/api/aggregated_sales").text
    assert '"total_montant":148.99,' in api.get("/api/overall_statistics").text


def test_hours_are_written_without_a_zone(api):
    assert api.get("/api/hourly_sales").json()[0]["heure"] == "2025-12-22 09:00:00"


def test_filters_and_limits_reach_the_answer(api):
    answer = api.get("/api/top_products?pays=France&pays=UK&from=2025-12-22T10:00:00Z&limit=1")
    assert answer.json() == [{"rank": 1, "produit_nom": "Casque audio", "total_montant": 59.99}]


def test_every_answer_says_how_old_it_is(api):
    headers = api.get("/api/top_products").headers
    assert headers["X-As-Of"] == "2026-01-01T00:02:00.000Z"
    assert headers["X-Tranche"] == "2"
    assert headers["X-Data-Status"] == "fresh"
    age = (datetime.now(UTC) - datetime(2026, 1, 1, 0, 2, tzinfo=UTC)).total_seconds()
    assert float(headers["X-Data-Age"]) == pytest.approx(age, abs=60)


def test_an_empty_lake_says_so(empty):
    answer = empty.get("/api/aggregated_sales")
    assert answer.json() == []
    assert answer.headers["X-Data-Status"] == "empty"
    assert "X-As-Of" not in answer.headers
    assert empty.get("/api/status").json()["state"] == "empty"


def test_a_question_asked_twice_is_answered_from_the_cache(api):
    for _ in range(2):
        api.get("/api/top_products")
    metrics = api.get("/metrics").text
    assert "sales_api_cache_hits_total 1.0" in metrics
    assert "sales_api_cache_misses_total 1.0" in metrics


def test_the_past_can_be_asked_for(api):
    then = api.get("/api/overall_statistics?as_of=1")
    assert then.json()["nombre_ventes"] == 3
    assert then.headers["X-Tranche"] == "1"
    assert api.get("/api/overall_statistics?as_of=2026-01-01T00:01:30Z").json() == then.json()
    assert api.get("/api/status?as_of=1").json()["rows"]["clean"] == 3


def test_what_was_vacuumed_is_410(api, published):
    published.vacuum()
    answer = api.get("/api/top_products?as_of=1")
    assert answer.status_code == 410
    assert "vacuumed" in answer.json()["error"]


def test_a_refusal_names_no_sql_and_no_path(api, published, tmp_path):
    for file in (published.silver / "cube_horaire").glob("*.parquet"):
        file.unlink()
    answer = api.get("/api/product_by_segment")
    assert answer.status_code == 503
    assert answer.json() == {"error": "the lake cannot be read at the moment", "faults": []}
    assert api.get("/readyz").status_code == 503
    assert api.get("/healthz").status_code == 200


def test_rejected_events_show_text_and_bytes(tiny, sampler):
    tiny.publish(rejected=[(0, "illisible", b"caf\xe9"), (1, "illisible", None), (2, "conflit", b"{}")])
    api = TestClient(create_app(tiny.lake, sampler))
    page = api.get("/api/rejected?limit=2&raison=illisible").json()
    assert page["total"] == 2
    tombstone, latin = page["rows"]
    assert (tombstone["value_text"], tombstone["value_base64"], tombstone["value_size"]) == (None, None, None)
    assert latin["value_text"] == "caf\ufffd"
    assert base64.b64decode(latin["value_base64"]) == b"caf\xe9"
    assert [row["kafka_offset"] for row in api.get("/api/rejected?limit=1&offset=2").json()["rows"]] == [0]


def test_rejected_events_say_why_they_could_not_be_read(tiny, sampler):
    tiny.publish(
        rejected=[(0, "illisible", b"["), (1, "conflit", b"{}"), (2, "illisible", None), (3, "illisible", b"")]
    )
    tiny.write_bronze([(0, b"[", "json_invalide"), (1, b"{}", None)])
    # another file, with an event that was not rejected
    tiny.write_bronze([(2, None, "vide"), (9, b"", "vide")])
    api = TestClient(create_app(tiny.lake, sampler))
    errors = {row["kafka_offset"]: row["parse_error"] for row in api.get("/api/rejected").json()["rows"]}
    assert errors == {0: "json_invalide", 1: None, 2: "vide", 3: None}
    # the table is read on, not again
    tiny.write_bronze([(3, b"", "vide")])
    assert api.get("/api/rejected?limit=1").json()["rows"][0]["parse_error"] == "vide"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x00\x1b[31m\x7f", "\x00\x1b[31m\x7f"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"\xc0\xaf\xff", "\ufffd\ufffd\ufffd"),
        ("\u202egnp.exe\u2066\u2028".encode(), "\u202egnp.exe\u2066\u2028"),
        (b'{"cut": "\xc3', '{"cut": "\ufffd'),
        ("aé".encode() * 2000, "aé" * 1365 + "a"),
        (b"", ""),
    ],
)
def test_rejected_events_are_json_whatever_they_are(tiny, sampler, value, text):
    tiny.publish(rejected=[(0, "illisible", value)])
    answer = TestClient(create_app(tiny.lake, sampler)).get("/api/rejected")
    (row,) = models.RejectedPage.model_validate_json(answer.content.decode()).rows
    assert (row.value_text, row.value_size) == (text, len(value))
    assert base64.b64decode(row.value_base64) == value[:4096]


def test_a_page_of_rejected_events_is_bounded_whatever_they_weigh(tiny, sampler):
    tiny.publish(rejected=[(n, "illisible", b"\x00" * 3_000_000) for n in range(5)])
    answer = TestClient(create_app(tiny.lake, sampler)).get("/api/rejected")
    assert {row["value_size"] for row in answer.json()["rows"]} == {3_000_000}
    assert len(answer.content) < 5 * 31_000


def test_status_adds_up_and_knows_lag_and_age(api):
    status = api.get("/api/status").json()
    assert status["state"] == "fresh"
    assert (status["lag"], status["stale"], status["stale_reason"]) == (0, False, None)
    assert status["rows"] == {"read": 4, "clean": 4, "rejected": 0, "duplicates": 0}
    assert status["offsets"] == {"0": 20, "1": 0}
    assert status["versions"]["ventes_clean"] == 1
    assert status["newest_vente_at"] == "2025-12-23T00:00:00.000Z"


@pytest.mark.parametrize("query", ["", "?as_of=1"])
def test_status_shows_what_was_accepted_as_lost(api, published, query):
    assert api.get(f"/api/status{query}").json()["accepted_gaps"] == []
    published.bronze.mkdir(parents=True)
    accept_gaps(published.bronze, [Gap(2, 1200, 2000)])
    status = models.Status.model_validate_json(api.get(f"/api/status{query}").content)
    (gap,) = status.accepted_gaps
    assert (gap.kafka_partition, gap.from_offset, gap.to_offset) == (2, 1200, 2000)
    assert gap.accepted_at == pytest.approx(datetime.now(UTC), abs=timedelta(minutes=1))


def test_status_shows_what_was_isolated(api, published):
    assert api.get("/api/status").json()["isolated_events"] == {"total": 0, "newest": []}
    assert "sales_stream_isolated_events 0.0" in api.get("/metrics").text
    published.bronze.mkdir(parents=True)
    moments = [datetime(2026, 11, 25, 10, minute, tzinfo=UTC) for minute in range(30)]
    remember(published.bronze, [Isolated(1, 100 + n, 250_000_000, moment) for n, moment in enumerate(moments)])
    status = models.Status.model_validate_json(api.get("/api/status").content)
    assert (status.isolated_events.total, len(status.isolated_events.newest)) == (30, 20)
    newest = status.isolated_events.newest[0]
    assert (newest.kafka_partition, newest.kafka_offset, newest.value_size) == (1, 129, 250_000_000)
    metrics = api.get("/metrics").text
    assert "sales_stream_isolated_events 30.0" in metrics
    (told,) = re.findall(r"^sales_stream_isolated_timestamp_seconds (\S+)$", metrics, re.MULTILINE)
    assert float(told) == moments[-1].timestamp()


def test_a_waiting_event_makes_the_figures_stale(published):
    waiting = datetime.now(UTC) - timedelta(seconds=61)
    sampler = Sampler(lambda: Freshness(datetime.now(UTC), 3, waiting, None))
    api = TestClient(create_app(published.lake, sampler))
    with api:
        while sampler.latest() is None:
            pass
        status = api.get("/api/status").json()
        assert (status["state"], status["lag"]) == ("stale", 3)
        assert "more than 60 seconds" in status["stale_reason"]
        assert api.get("/api/top_products").headers["X-Data-Status"] == "stale"
        assert "sales_stale 1.0" in api.get("/metrics").text


def test_lineage_says_how_to_make_it_until_it_is_there(api, own_folders, monkeypatch):
    monkeypatch.setattr(operations, "DBT_PROJECT", own_folders)
    missing = api.get("/lineage")
    assert missing.status_code == 404
    assert missing.text.count("<code>make docs</code>") == len(languages())
    assert all(words["to_dashboard"] in missing.text for words in languages().values())
    assert api.get("/lineage/manifest.json").status_code == 404
    assert api.get("/lineage/profiles.yml").status_code == 422
    of_airflow = load(PathSettings).project_docs
    of_airflow.mkdir(parents=True)
    (of_airflow / "static_index.html").write_text("<html>of Airflow</html>")
    assert api.get("/lineage/").text == "<html>of Airflow</html>"
    (own_folders / "target").mkdir()
    (own_folders / "target" / "index.html").write_text("<html>dbt</html>")
    (own_folders / "target" / "catalog.json").write_text("{}")
    assert api.get("/lineage/").text == "<html>dbt</html>"
    assert api.get("/lineage/catalog.json").json() == {}


def test_the_docs_page_shows_every_endpoint_and_loads_nothing_from_elsewhere(api):
    page = api.get("/api/docs").text
    assert all(f"/api/{endpoint}" in page for endpoint in ENDPOINTS)
    assert not re.search(r"src=|<link|url\(|@import", page)
    assert "<script" not in page
    assert api.get("/api/openapi.json").json()["info"]["title"] == "Ventes"
