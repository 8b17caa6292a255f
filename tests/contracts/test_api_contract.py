"""The API's addresses and fields are a promise: exactly these, and the same in rows, models and OpenAPI."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ingestion import queries
from ingestion.queries import Lake
from ingestion.reading.incidents import Incident
from ingestion.settings import DBT_PROJECT
from streamlit_app.api import models
from streamlit_app.api.application import create_app
from streamlit_app.api.incidents import anomaly_models
from streamlit_app.singletons import Sampler

PROMISED = {
    "/api/aggregated_sales": ("produit_nom", "pays", "total_montant", "total_quantite"),
    "/api/top_products": ("rank", "produit_nom", "total_montant"),
    "/api/hourly_sales": ("heure", "total_montant", "total_quantite"),
    "/api/product_by_segment": ("produit", "segment", "montant"),
    "/api/overall_statistics": (
        "total_montant",
        "total_quantite",
        "nombre_ventes",
        "nombre_clients",
        "panier_moyen",
    ),
    "/api/revenue_by_country": ("pays", "total_montant", "part"),
    "/api/customer_segmentation": ("segment", "nombre_clients", "total_montant", "panier_moyen"),
}
GOLD = {
    "/api/gold/daily_sales": queries.DailySales,
    "/api/gold/product_performance": queries.ProductPerformance,
    "/api/gold/client_values": queries.ClientValue,
    "/api/gold/cohorts": queries.Cohort,
    "/api/gold/seasonality": queries.TypicalHour,
    "/api/gold/hourly_forecast": queries.HourlyForecast,
    "/api/gold/daily_forecast": queries.DailyForecast,
    "/api/gold/forecast_quality": queries.ForecastQuality,
}
WATCH = {"/api/anomalies": anomaly_models.Anomalies, "/api/anomalies/{anomalie_id}/picture": queries.AnomalyPicture}
ACKNOWLEDGE = "/api/anomalies/{anomalie_id}/acknowledge"
# these are of now, whatever is published: they are never "unchanged"
OF_NOW = {"/api/status", "/api/live", "/api/live/events"}
FILTERS = {"pays", "produit", "segment", "from", "to", "as_of"}
# row of the queries, model of the API
PAIRS = [
    (queries.AggregatedSales, models.AggregatedSales),
    (queries.TopProduct, models.TopProduct),
    (queries.HourlySales, models.HourlySales),
    (queries.ProductBySegment, models.ProductBySegment),
    (queries.OverallStatistics, models.OverallStatistics),
    (queries.RevenueByCountry, models.RevenueByCountry),
    (queries.CustomerSegment, models.CustomerSegment),
    (Incident, anomaly_models.Incident),
    (queries.WatchState, anomaly_models.WatchState),
    (queries.AnomalyPicture, anomaly_models.AnomalyPicture),
    (queries.Quarter, anomaly_models.Quarter),
]


@pytest.fixture(scope="module")
def document():
    def no_broker():
        raise NotImplementedError

    return create_app(Lake(Path("nowhere"), Path("nowhere")), Sampler(no_broker)).openapi()


def test_exactly_the_promised_addresses(document):
    assert set(document["paths"]) == {*PROMISED, *GOLD, *WATCH, ACKNOWLEDGE, "/api/rejected"} | OF_NOW


def test_only_one_address_takes_something(document):
    methods = {path: set(operations) for path, operations in document["paths"].items()}
    assert {path for path, found in methods.items() if found != {"get"}} == {ACKNOWLEDGE}
    assert methods[ACKNOWLEDGE] == {"post"}
    body = document["paths"][ACKNOWLEDGE]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json"}
    assert set(document["components"]["schemas"]["AcknowledgeBody"]["properties"]) == {"par", "note", "retirer"}


@pytest.mark.parametrize("path", PROMISED)
def test_exactly_the_promised_fields_in_their_order(document, path):
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    name = schema.get("items", schema)["$ref"].rsplit("/", 1)[1]
    assert tuple(document["components"]["schemas"][name]["properties"]) == PROMISED[path]


@pytest.mark.parametrize("path", GOLD)
def test_an_answer_of_gold_has_the_fields_of_its_rows(document, path):
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    name = schema["items"]["$ref"].rsplit("/", 1)[1]
    row = GOLD[path]
    assert name == row.__name__
    assert list(document["components"]["schemas"][name]["properties"]) == [field.name for field in fields(row)]


def test_the_classes_of_clients_are_those_of_the_mart():
    sql = (DBT_PROJECT / "models" / "gold" / "marts" / "valeur_clients.sql").read_text()
    assert tuple(re.findall(r"(?:then|else) '(\w+)'", sql)) == queries.CLASSES_RFM
    glossary = (DBT_PROJECT / "models" / "glossary.md").read_text()
    (listed,) = re.findall(r"Class by the three scores: (.*)\.", glossary)
    assert tuple(re.split(", | or ", listed)) == queries.CLASSES_RFM


def test_the_list_of_incidents_has_exactly_these_fields(document):
    assert tuple(document["components"]["schemas"]["Anomalies"]["properties"]) == ("veille", "total", "limit", "rows")


@pytest.mark.parametrize(("row", "model"), PAIRS, ids=lambda each: each.__module__.rsplit(".", 1)[1])
def test_rows_and_models_have_the_same_fields(row, model):
    assert [field.name for field in fields(row)] == list(model.model_fields)


@pytest.mark.parametrize("path", PROMISED)
def test_every_question_takes_the_same_filters(document, path):
    parameters = document["paths"][path]["get"]["parameters"]
    names = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
    assert names - {"limit"} == FILTERS


def test_money_is_a_number_in_the_document(document):
    for schema in document["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            if ("montant" in name and not name.startswith("score")) or name == "panier_moyen":
                kinds = {each.get("type") for each in [field, *field.get("anyOf", [])]} - {None, "null"}
                assert kinds == {"number"}, name


def test_every_status_that_is_answered_is_documented(document):
    refused = {"400", "403", "404", "410", "415", "422", "500", "503"}
    for path, operations in document["paths"].items():
        (responses,) = (operation["responses"] for operation in operations.values())
        of_earlier = set() if path.startswith("/api/live") else {"404", "410"}
        if path == ACKNOWLEDGE:
            assert set(responses) == refused - {"410"} | {"200"}
        else:
            unchanged = {"304"} if path not in OF_NOW else set()
            assert set(responses) == {"200", "422", "500", "503"} | of_earlier | unchanged
        for status in refused & set(responses):
            body = responses[status]["content"]["application/json"]["schema"]
            assert body == {"$ref": "#/components/schemas/Refusal"}


def test_every_answer_from_the_lake_has_its_headers_documented(document):
    for path, operations in document["paths"].items():
        if path not in {*OF_NOW, ACKNOWLEDGE}:
            for status in ("200", "304"):
                headers = operations["get"]["responses"][status]["headers"]
                assert {"ETag", "X-As-Of", "X-Data-Age", "X-Data-Status", "X-Tranche"} < set(headers)


def test_every_parameter_has_a_rule_in_the_document(document):
    for operation in (each for operations in document["paths"].values() for each in operations.values()):
        for parameter in operation["parameters"]:
            if parameter["in"] in ("query", "path"):
                schema = parameter["schema"]
                for kind in schema.get("anyOf", [schema.get("items", schema)]):
                    assert {"pattern", "minimum", "enum"} & set(kind), parameter["name"]


def test_a_rejected_event_has_exactly_these_fields(document):
    assert tuple(document["components"]["schemas"]["RejectedEvent"]["properties"]) == (
        *("kafka_partition", "kafka_offset", "kafka_timestamp", "raison", "parse_error", "tranche"),
        *("value_size", "value_text", "value_base64"),
    )
