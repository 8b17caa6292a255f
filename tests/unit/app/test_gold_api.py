"""The marts as the API answers them: filters, pages, publications, and what is refused."""

import re
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from streamlit_app.api.application import create_app
from tests.unit.app.gold_lake import MONDAY, SUNDAY, publish_gold


@pytest.fixture
def api(published, sampler):
    publish_gold(published)
    return TestClient(create_app(published.lake, sampler))


def rows(api, address):
    answer = api.get(f"/api/gold/{address}")
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)


def test_days_add_up_what_matches(api):
    first, last = rows(api, "daily_sales")
    assert first == {
        "jour": str(MONDAY),
        "total_montant": Decimal("40.01"),
        "total_quantite": 4,
        "nombre_ventes": 3,
        # 13.3366… rounded half up
        "panier_moyen": Decimal("13.34"),
        "total_montant_j7": Decimal("7.00"),
        "total_quantite_j7": 1,
        "nombre_ventes_j7": 1,
    }
    assert (last["jour"], last["nombre_ventes"], last["panier_moyen"]) == (str(SUNDAY), 0, None)
    assert [row["total_montant"] for row in rows(api, "daily_sales?pays=Spain")] == [Decimal("10.01")]
    assert [row["jour"] for row in rows(api, "daily_sales?from=2025-12-23")] == [str(SUNDAY)]
    assert [row["jour"] for row in rows(api, "daily_sales?to=2025-12-23")] == [str(MONDAY)]
    assert rows(api, "daily_sales?segment=Autre") == []


def test_products_come_by_rank_and_those_without_one_last(api):
    best, silent = rows(api, "product_performance")
    assert (best["rang"], best["gain_rang"], best["part"], best["classe_abc"]) == (1, 1, 100, "A")
    assert (silent["produit_nom"], silent["rang"], silent["rang_precedent"]) == ("Casque audio", None, 1)


def test_clients_come_by_revenue_in_pages_and_by_class(api):
    assert [row["client_id"] for row in rows(api, "client_values")] == [1, 2]
    assert [row["client_id"] for row in rows(api, "client_values?limit=1&offset=1")] == [2]
    (champion,) = rows(api, "client_values?classe_rfm=champion")
    assert (champion["part_recurrente"], champion["premier_achat"]) == (Decimal("66.67"), "2025-12-22T00:00:00.000Z")
    assert rows(api, "client_values?classe_rfm=champion&pays=Spain") == []


def test_cohorts_and_hours_come_in_order(api):
    assert [(row["mois_depuis"], row["taux_retention"]) for row in rows(api, "cohorts")] == [
        (0, 100),
        (1, Decimal("33.33")),
    ]
    (hour,) = rows(api, "seasonality")
    assert (hour["jour_semaine"], hour["heure_locale"], hour["montant_typique"]) == (1, 10, Decimal("30.00"))


def test_an_answer_names_the_publication_of_gold(api, published):
    answer = api.get("/api/gold/cohorts")
    assert answer.headers["X-Tranche"] == "1"
    assert answer.headers["X-As-Of"] == "2026-01-01T01:00:00.000Z"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert api.get("/api/gold/cohorts", headers=known).status_code == 304
    publish_gold(published, tranche=2, published_at="2026-01-01T02:00:00")
    assert api.get("/api/gold/cohorts", headers=known).headers["X-Tranche"] == "2"
    assert api.get("/api/gold/cohorts?as_of=1").headers["X-Tranche"] == "1"
    assert api.get("/api/gold/cohorts?as_of=2026-01-01T01:30:00Z").headers["X-Tranche"] == "1"


def test_what_cannot_be_asked_is_refused(api):
    assert api.get("/api/gold/cohorts?as_of=2025-12-31").status_code == 404
    for query, rule in {
        "daily_sales?from=2025-12-22T10:00:00Z": "must be a day such as 2025-12-22",
        "daily_sales?from=2025-12-22&to=2025-12-22": "must be later than from, 2025-12-22",
        "client_values?classe_rfm=or": "must be one of champion, fidele",
        "cohorts?pays=France": "unknown parameter",
    }.items():
        refused = api.get(f"/api/gold/{query}")
        assert refused.status_code == 422
        assert rule in refused.text, refused.text


def test_before_the_first_run_every_mart_is_empty(published, sampler):
    api = TestClient(create_app(published.lake, sampler))
    answer = api.get("/api/gold/daily_sales")
    assert (answer.json(), answer.headers["X-Data-Status"]) == ([], "empty")


def test_gold_is_on_the_metrics_page(api, published):
    metrics = api.get("/metrics").text
    assert "sales_gold_tranche 1.0" in metrics
    # slice 2 was closed long ago, and is not in Gold
    (overdue,) = re.findall(r"^sales_gold_overdue_seconds (\S+)$", metrics, re.MULTILINE)
    assert float(overdue) > 1e6
    publish_gold(published, tranche=2, published_at="2026-01-01T02:00:00")
    assert "sales_gold_overdue_seconds 0.0" in api.get("/metrics").text
