"""The parameters: what is understood, what is refused, and how a refusal says so."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.bench.cases.api import ENDPOINTS
from streamlit_app.api.application import create_app

QUESTIONS = (*ENDPOINTS, "rejected", "status")
FRANCE = (1, "Livre", "France", "Particulier", "2025-12-22T10:00:00", 1, "1.00")


@pytest.mark.parametrize(
    "spelled",
    [
        "2025-12-22T10:00:00Z",
        "2025-12-22t10:00:00z",
        "2025-12-22T10:00:00.000Z",
        "2025-12-22T10:00:00.000000000",
        "2025-12-22T10:00",
        "2025-12-22T10",
        # as the API writes hours itself
        "2025-12-22 10:00:00",
        "2025-12-22+10:00:00",
        # the plus of a zone, escaped and not
        "2025-12-22T11:00:00%2B01:00",
        "2025-12-22T11:00:00+01:00",
        "2025-12-22T11:00:00+0100",
        "2025-12-22T11+01",
        "2025-12-22 11:00:00 01:00",
        "2025-12-22T05:00:00-05:00",
        "2025-12-22T15:30:00%2B05:30",
        "2025-12-22T15:45%2B0545",
        "2025-12-22T06:30:00-03:30",
    ],
)
def test_a_time_that_means_one_thing_is_understood_however_it_is_spelled(api, spelled):
    (shown, *_) = api.get(f"/api/hourly_sales?from={spelled}&to=2025-12-22T11").json()
    assert shown["heure"] == "2025-12-22 10:00:00"
    assert api.get(f"/api/overall_statistics?to={spelled}").json()["nombre_ventes"] == 1


@pytest.mark.parametrize(
    ("query", "ventes"),
    [
        ("from=1970-01-01T00:00:00Z", 4),
        ("from=0001-01-01", 4),
        ("from=0001-01-01T00:00:00%2B14:00", 4),
        ("to=9999-12-31T23:00:00-12:00", 4),
        ("from=9999-12-31T23", 0),
        ("to=2025-12-22T09", 0),
        ("from=2025-12-23T01", 0),
        ("from=2025-12-22&to=2025-12-23", 3),
    ],
)
def test_a_period_may_begin_before_the_first_sale_and_end_after_the_last(api, query, ventes):
    assert api.get(f"/api/overall_statistics?{query}").json()["nombre_ventes"] == ventes


@pytest.mark.parametrize(
    "as_of",
    ["99", "2147483647", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00%2B01:00", "2099-01-01", "9999-12-31T23-01"],
)
def test_what_was_never_published_is_404(api, as_of):
    for endpoint in ("top_products", "status"):
        answer = api.get(f"/api/{endpoint}?as_of={as_of}")
        assert answer.status_code == 404
        assert "slices 1 to 2" in answer.json()["error"]


def test_a_time_that_has_not_come_is_named(api):
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    error = api.get("/api/top_products", params={"as_of": soon}).json()["error"]
    assert error.startswith("that time has not come yet; published are the slices 1 to 2")


@pytest.mark.parametrize(
    ("query", "parameter", "rule"),
    [
        ("from=2025-12-22T10:30:00Z", "from", "whole hour"),
        ("from=2025-12-22T10:00:00.001Z", "from", "whole hour"),
        ("from=2025-12-22T10:00:00%2B05:30", "from", "whole hour"),
        ("to=yesterday", "to", "ISO 8601"),
        ("to=", "to", "ISO 8601"),
        ("from=2025-02-29", "from", "ISO 8601"),
        ("from=2025-12-22T24:00:00Z", "from", "ISO 8601"),
        # two meanings each: seconds or milliseconds, a day or a number, a time or a zone
        ("from=1766397600", "from", "ISO 8601"),
        ("from=20251222", "from", "ISO 8601"),
        ("from=2025-12-22%2001:00", "from", "ISO 8601"),
        ("from=%D9%A2025-12-22", "from", "ISO 8601"),
        ("from=2025-12-23T00:00:00Z&to=2025-12-22T00:00:00Z", "to", "later than from"),
        ("limit=0", "limit", "greater than or equal to 1"),
        ("limit=11", "limit", "less than or equal to 10"),
        ("limit=99999999999999999999999999", "limit", "10"),
        ("limit=ten", "limit", "whole number"),
        ("limit=", "limit", "whole number"),
        ("limit=1_0", "limit", "whole number"),
        ("limit=10.0", "limit", "whole number"),
        ("limit=" + "9" * 5000, "limit", "whole number"),
        ("limit=1&limit=2", "limit", "given once"),
        ("from=2025-12-22&pays=UK&from=2025-12-22", "from", "given once"),
        ("as_of=1&as_of=1", "as_of", "given once"),
        ("pays=", "pays", "at least 1"),
        ("pays=%00", "pays", "control characters"),
        ("pays=a%C2%85", "pays", "control characters"),
        ("pays=%C0%AF", "pays", "UTF-8"),
        ("pays=%ED%A0%80", "pays", "UTF-8"),
        ("%FF=1", "%FF", "UTF-8"),
        ("pays=" + "x" * 101, "pays", "at most 100"),
        ("&".join(f"pays={n}" for n in range(51)), "pays", "at most 50"),
        ("country=France", "country", "unknown parameter"),
        ("as_of=-270", "as_of", "number of a slice from 1"),
        ("as_of=0", "as_of", "number of a slice from 1"),
        ("as_of=2147483648", "as_of", "number of a slice from 1"),
        ("as_of=" + "9" * 5000, "as_of", "number of a slice from 1"),
        ("as_of=", "as_of", "number of a slice"),
        ("as_of=%F0%9F%98%80", "as_of", "number of a slice"),
    ],
)
def test_a_broken_rule_is_422_and_named(api, query, parameter, rule):
    answer = api.get(f"/api/top_products?{query}")
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert fault["parameter"] == parameter
    assert rule in fault["rule"]
    assert len(answer.content) < 500


def test_a_refusal_is_short_whatever_it_refuses(api):
    unknown = api.get("/api/top_products?" + "&".join(f"{'x' * 200}{n}=1" for n in range(250)))
    assert unknown.status_code == 422
    assert len(unknown.json()["faults"]) == 20
    assert len(unknown.content) < 5000
    assert len(api.get("/api/" + "x" * 5000).content) < 200


@pytest.mark.parametrize("query", ["limit=201", "offset=-1", "offset=10000001", "raison=autre", "pays=France"])
def test_pages_of_rejected_events_have_their_rules(api, query):
    answer = api.get(f"/api/rejected?{query}")
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["parameter"] == query.partition("=")[0]


COMPOSED, DECOMPOSED = "P\xe9rou", "Pe\u0301rou"


@pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
def test_an_accent_may_be_one_character_or_two(tiny, sampler, stored):
    """A catalogue, too, may be written in either way; the answer writes names as the catalogue does."""
    vente = (1, f"Caf\xe9 {stored}", stored, f"Priv\xe9 {stored}", "2025-12-22T10:00:00", 1, "1.00")
    tiny.publish([vente, FRANCE])
    api = TestClient(create_app(tiny.lake, sampler))
    etags = set()
    for asked in (COMPOSED, DECOMPOSED):
        query = {"pays": asked, "produit": f"Cafe\u0301 {asked}", "segment": f"Priv\xe9 {asked}"}
        answer = api.get("/api/aggregated_sales", params=query)
        assert [row["pays"] for row in answer.json()] == [stored]
        assert api.get("/api/overall_statistics", params=query).json()["nombre_clients"] == 1
        etags.add(answer.headers["ETag"])
    assert len(etags) == 1


def test_names_are_otherwise_compared_as_they_are_written(api):
    for other in ("france", " France", "France ", "Fran\u00e7e", "\uff26rance"):
        assert api.get("/api/aggregated_sales", params={"pays": other}).json() == []


@pytest.mark.parametrize(
    "name", ["Pays\xa0Bas", "C\u00f4te d\u2019Ivoire", "\u0627\u200f", "\U0001f468\u200d\U0001f4bb", "\ufffd", "50 %+"]
)
def test_every_name_of_a_catalogue_can_be_asked_for(tiny, sampler, name):
    tiny.publish([(1, name, name, name, "2025-12-22T10:00:00", 1, "1.00"), FRANCE])
    api = TestClient(create_app(tiny.lake, sampler))
    assert [row["pays"] for row in api.get("/api/aggregated_sales", params={"pays": name}).json()] == [name]


TEXTS = st.one_of(st.text(max_size=40), st.integers().map(str), st.floats().map(str), st.datetimes().map(str))


NAMES = st.sampled_from(["pays", "produit", "segment", "from", "to", "limit", "offset", "raison", "as_of", "x\x00"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(endpoint=st.sampled_from(QUESTIONS), parameters=st.lists(st.tuples(NAMES, TEXTS), max_size=4))
def test_no_parameter_whatever_makes_a_500(api, endpoint, parameters):
    encodable = [(name, text.encode("utf-8", "replace").decode()) for name, text in parameters]
    answer = api.get(f"/api/{endpoint}", params=encodable)
    assert answer.status_code in (200, 404, 422)
