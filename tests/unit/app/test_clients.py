"""What other programs do: methods, conditional requests, headers."""

import pytest
from fastapi.testclient import TestClient

from infra.bench.cases.api import ENDPOINTS
from streamlit_app.api import models
from streamlit_app.api.application import create_app

VENTE = (2, "Casque audio", "Spain", "Particulier", "2025-12-23T01:00:00", 1, "59.99")


def test_an_unchanged_answer_is_304_until_the_next_slice(api, published):
    first = api.get("/api/top_products")
    etag = {"If-None-Match": first.headers["ETag"]}
    again = api.get("/api/top_products", headers=etag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    published.publish([VENTE])
    assert api.get("/api/top_products", headers=etag).status_code == 200


@pytest.mark.parametrize("sent", ["*", '"other", {}', '{}, "other"', "{strong}"])
def test_if_none_match_may_list_etags_weak_or_strong(api, sent):
    etag = api.get("/api/top_products").headers["ETag"]
    sent = sent.replace("{strong}", etag.removeprefix("W/")).replace("{}", etag)
    assert api.get("/api/top_products", headers={"If-None-Match": sent}).status_code == 304


def test_the_same_question_has_one_etag_and_another_has_another(api):
    def etag(path):
        return api.get(path).headers["ETag"]

    assert etag("/api/top_products?pays=UK&pays=France") == etag("/api/top_products?limit=10&pays=France&pays=UK")
    assert etag("/api/top_products") != etag("/api/top_products?pays=UK")
    assert etag("/api/top_products") != etag("/api/aggregated_sales")


def test_what_is_no_endpoint_is_refused_like_everything_else(api):
    unknown, wrong = api.get("/api/nothing"), api.post("/api/top_products")
    assert (unknown.status_code, unknown.json()) == (404, {"error": "GET /api/nothing: Not Found", "faults": []})
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert wrong.json() == {"error": "POST /api/top_products: Method Not Allowed", "faults": []}


ADDRESSES = [
    *(f"/api/{endpoint}" for endpoint in (*ENDPOINTS, "rejected", "status", "live")),
    "/api/top_products?limit=0",
    "/api/top_products?as_of=99",
    *("/api/nothing", "/api", "/api/docs", "/api/openapi.json"),
    *("/healthz", "/readyz", "/lineage/", "/lineage/manifest.json"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_is_answered_as_get_without_the_body(api, address):
    full, head = api.get(address), api.head(address)
    assert (head.status_code, head.content) == (full.status_code, b"")
    assert full.content
    ages = {"x-data-age": "", "content-length": ""} if address == "/api/status" else {"x-data-age": ""}
    assert dict(head.headers) | ages == dict(full.headers) | ages


def test_head_of_what_grows_with_each_request(api):
    head = api.head("/metrics")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == api.get("/metrics").headers["Content-Type"]


def test_head_is_conditional_too(api):
    etag = api.head("/api/top_products").headers["ETag"]
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        answers = [ask("/api/top_products", headers={"If-None-Match": known}) for ask in (api.head, api.get)]
        assert [(each.status_code, each.headers["ETag"], each.content) for each in answers] == [(304, etag, b"")] * 2
    assert api.head("/api/top_products", headers={"If-None-Match": '"other"'}).status_code == 200


def test_if_none_match_may_be_sent_in_several_headers(api):
    etag = api.get("/api/top_products").headers["ETag"]
    headers = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    assert api.get("/api/top_products", headers=headers).status_code == 304


@pytest.mark.parametrize("address", ["/api/top_products", "/healthz", "/metrics", "/lineage/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_told_which_there_are(api, address, method):
    answer = api.request(method, address, content=b"x" * 1000)
    assert answer.status_code == (204 if method == "OPTIONS" else 405)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=0.9", "application/json;q=0", "", "nonsense"])
def test_an_answer_is_json_whatever_is_accepted(api, accept):
    answer = api.get("/api/top_products", headers={"Accept": accept, "Accept-Encoding": "identity;q=0, br"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert len(answer.json()) == 3


def test_a_fault_of_ours_is_refused_like_everything_else(published, sampler, monkeypatch):
    monkeypatch.setattr(published.lake, "current", lambda: 1 / 0)
    api = TestClient(create_app(published.lake, sampler), raise_server_exceptions=False)
    answer = api.get("/api/top_products")
    assert (answer.status_code, answer.json()["faults"]) == (500, [])
    models.Refusal.model_validate_json(answer.content)
