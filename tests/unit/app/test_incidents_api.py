"""The incidents as the API answers them, and what it takes."""

import pytest
from fastapi.testclient import TestClient

from ingestion.settings import PathSettings, load
from streamlit_app.api.application import create_app
from tests.unit.app.incidents_of_api import NUMBER, ids, rows

ADDRESS = f"/api/anomalies/{NUMBER}/acknowledge"


@pytest.fixture
def api(watched, sampler):
    return TestClient(create_app(watched.lake, sampler))


def test_incidents_come_with_the_state_of_the_watch(api):
    answer = api.get("/api/anomalies?limit=1").json()
    assert (answer["total"], answer["limit"], ids(answer["rows"])) == (3, 1, [NUMBER])
    assert answer["veille"] == {
        "mesures_depuis": None,
        "complet_jusque": "2026-11-30T11:10:00.000Z",
        "attentes_du": "2026-11-30",
        "apprend": False,
        "jours_connus": None,
        "jours_requis": 14,
    }
    (newest,) = answer["rows"]
    assert (newest["observe"], newest["score"], newest["statut"], newest["fin"]) == (12, -5.1, "ouverte", None)
    assert (newest["acquittee_par"], newest["acquittee_a"], newest["note"]) == (None, None, None)


@pytest.mark.parametrize(
    ("parameters", "causes"),
    [
        ("?statut=ouverte", ["volume", "rejet"]),
        ("?statut=acquittee", []),
        ("?statut=fermee", ["pays"]),
        ("?severite=critique", ["volume"]),
        ("?cause=rejet", ["rejet"]),
        ("?from=2026-11-29", ["volume", "rejet"]),
        ("?to=2026-11-29T00:00:00Z", ["pays"]),
    ],
)
def test_filters(api, parameters, causes):
    assert [each["cause"] for each in rows(api, parameters)] == causes


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ("?statut=ouvert", "must be one of ouverte, acquittee, fermee"),
        ("?severite=grave", "must be one of critique, haute, moyenne"),
        ("?from=2026-11-30&to=2026-11-30", "must be later than from, 2026-11-30T00:00:00Z"),
        ("?from=yesterday", "must be an ISO 8601 time"),
        ("?limit=0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_filter_is_refused_with_the_rule(api, parameters, rule):
    answer = api.get(f"/api/anomalies{parameters}")
    assert answer.status_code == 422
    assert rule in answer.json()["faults"][0]["rule"]


def test_gold_of_before_has_no_watch(published, sampler):
    answer = TestClient(create_app(published.lake, sampler)).get("/api/anomalies").json()
    assert answer == {"veille": None, "total": 0, "limit": 100, "rows": []}


def test_an_acknowledgement_is_seen_at_once_and_taken_back(api):
    before = api.get("/api/anomalies")
    etag = {"If-None-Match": before.headers["ETag"]}
    assert api.get("/api/anomalies", headers=etag).status_code == 304
    answer = api.post(ADDRESS, json={"par": "Léa", "note": "soldes"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (answer.json()["statut"], answer.json()["acquittee_par"]) == ("acquittee", "Léa")
    changed = api.get("/api/anomalies", headers=etag)
    assert changed.status_code == 200
    first = changed.json()["rows"][0]
    assert (first["statut"], first["note"], first["acquittee_a"][:4].isdigit()) == ("acquittee", "soldes", True)
    assert ids(rows(api, "?statut=acquittee")) == [NUMBER]
    assert [each["cause"] for each in rows(api, "?statut=ouverte")] == ["rejet"]
    assert api.post(ADDRESS, json={"par": "Max", "retirer": True}).json()["statut"] == "ouverte"
    assert rows(api, "?statut=acquittee") == []
    assert len(load(PathSettings).acknowledgements.read_text().splitlines()) == 2


def test_another_replica_sees_it_too(api, watched, sampler):
    other = TestClient(create_app(watched.lake, sampler, measures_lake=False))
    assert rows(other, "?statut=acquittee") == []
    api.post(ADDRESS, json={"par": "Léa"})
    assert ids(rows(other, "?statut=acquittee")) == [NUMBER]


def test_a_closed_incident_stays_closed(api):
    closed = ids(rows(api, "?statut=fermee"))[0]
    answer = api.post(f"/api/anomalies/{closed}/acknowledge", json={"par": "Léa"}).json()
    assert (answer["statut"], answer["acquittee_par"]) == ("fermee", "Léa")


@pytest.mark.parametrize(
    ("body", "parameter", "rule"),
    [
        ({}, "par", "field required"),
        ({"par": ""}, "par", "string should have at least 1 character"),
        ({"par": "x" * 61}, "par", "string should have at most 60 characters"),
        ({"par": "a\nb"}, "par", "must have 1 to 60 visible characters, and no space at either end"),
        ({"par": "Léa", "note": "x" * 501}, "note", "string should have at most 500 characters"),
        ({"par": "Léa", "note": "a\nb"}, "note", "must have at most 500 visible characters, on one line"),
        ({"par": "Léa", "retirer": "yes"}, "retirer", "input should be a valid boolean"),
        ({"par": "Léa", "who": "Max"}, "who", "unknown parameter"),
        ([], "all", "input should be a valid dictionary or object to extract fields from"),
    ],
)
def test_a_wrong_acknowledgement_is_refused_and_not_written(api, body, parameter, rule):
    answer = api.post(ADDRESS, json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "the parameters break a rule")
    (fault,) = answer.json()["faults"]
    assert (fault["parameter"], fault["rule"]) == (parameter, rule)
    assert not load(PathSettings).acknowledgements.exists()


@pytest.mark.parametrize("name", [b"\\ud800", b"\\u202e", b"\\u0000"])
def test_a_name_that_nobody_could_read_is_refused(api, name):
    answer = api.post(ADDRESS, content=b'{"par": "%s"}' % name, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["parameter"] == "par"


def test_what_is_no_json_is_refused(api):
    answer = api.post(ADDRESS, content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"parameter": "all", "rule": "the body must be JSON", "value": None}]


def test_an_unknown_incident_is_not_there(api):
    for ask in (api.get("/api/anomalies/20260101-0000-plat/picture"),
                api.post("/api/anomalies/20260101-0000-plat/acknowledge", json={"par": "Léa"})):  # fmt: skip
        assert ask.status_code == 404
        assert ask.json()["error"].endswith(": there is no incident with this number")
    assert not load(PathSettings).acknowledgements.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        # what a form of any page may send without being asked
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
    ],
)
def test_a_page_of_another_site_cannot_acknowledge(api, headers, status):
    answer = api.post(ADDRESS, content=b'{"par": "L"}', headers={"Content-Type": "application/json"} | headers)
    assert answer.status_code == status, answer.text
    assert load(PathSettings).acknowledgements.exists() == (status == 200)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_told_that_it_takes_posts(api, method):
    answer = api.request(method, ADDRESS)
    assert (answer.status_code, answer.headers["Allow"]) == (204 if method == "OPTIONS" else 405, "POST, OPTIONS")


def test_the_picture_of_an_incident(api):
    answer = api.get(f"/api/anomalies/{NUMBER}/picture")
    picture = answer.json()
    assert (picture["mesure"], picture["unite"], picture["debut"]) == (
        "volume",
        "evenements",
        "2026-11-30T10:05:00.000Z",
    )
    assert picture["quarts"][0]["moment"] == "2026-11-29T22:00:00.000Z"
    (began,) = [each for each in picture["quarts"] if each["moment"] == "2026-11-30T10:00:00.000Z"]
    assert began == {
        "moment": "2026-11-30T10:00:00.000Z",
        "observe": 7,
        "attendu": 40,
        "attendu_bas": 7.07,
        "attendu_haut": 72.93,
    }
    etag = {"If-None-Match": answer.headers["ETag"]}
    assert api.get(f"/api/anomalies/{NUMBER}/picture", headers=etag).status_code == 304
