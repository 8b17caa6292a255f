"""Incidents that change after somebody has acknowledged them, how they are told apart, and what Prometheus is told."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from ingestion.settings import PathSettings, load
from streamlit_app.api.application import create_app
from tests.unit.app.anomaly_lake import count, incident, publish_watch
from tests.unit.app.incidents_of_api import BEGAN, INCIDENTS, LAST, NUMBER, TABLES, ids, rows, value


@pytest.fixture
def api(watched, sampler):
    return TestClient(create_app(watched.lake, sampler))


@pytest.mark.parametrize(
    ("change", "statut"),
    [
        ({}, "acquittee"),
        ({"severite": "moyenne", "score": Decimal("-9.9000"), "derniere_alerte": LAST}, "acquittee"),
        ({"severite": "critique"}, "ouverte"),
        ({"cle": "conflit"}, "ouverte"),
        ({"cause": "doublon", "cle": "total"}, "ouverte"),
        ({"statut": "fermee", "severite": "critique"}, "fermee"),
    ],
)
def test_what_has_become_worse_or_another_one_is_open_again(api, watched, change, statut):
    number = INCIDENTS[1]["anomalie_id"]
    api.post(f"/api/anomalies/{number}/acknowledge", json={"par": "Léa"})
    tables = TABLES | {"anomalies": [INCIDENTS[1] | change]}
    publish_watch(watched.silver.parent / "gold", BEGAN + timedelta(hours=3), **tables)
    (found,) = rows(api)
    assert (found["statut"], found["acquittee_par"]) == (statut, "Léa")
    assert ids(rows(api, f"?statut={statut}")) == [number]
    labels = f'acknowledged="{{}}",cause="{found["cause"]}",severity="{found["severite"]}"'
    counts = [value(api, f"sales_anomalies_open{{{labels.format(each)}}}") for each in ("true", "false")]
    assert [bool(each) for each in counts] == [statut == "acquittee", statut == "ouverte"]
    # whoever acknowledges it now has seen it as it is
    again = api.post(f"/api/anomalies/{number}/acknowledge", json={"par": "Max"}).json()
    assert again["statut"] == ("fermee" if statut == "fermee" else "acquittee")


def test_a_line_of_before_this_was_noted_holds_whatever_the_incident_becomes(api):
    record = load(PathSettings).acknowledgements
    record.parent.mkdir(parents=True, exist_ok=True)
    line = {"anomalie_id": NUMBER, "par": "Léa", "note": "", "retire": False, "a": "2026-11-30T10:10:00Z"}
    record.write_text(json.dumps(line) + "\n")
    assert ids(rows(api, "?statut=acquittee")) == [NUMBER]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("20261130-1005-volume-2", 404),
        ("20261130-1005-volume-123", 404),
        ("20261130-1005-volume-", 422),
        ("20261130-1005-volume-1234", 422),
        ("20261130-1005-volume-a", 422),
        ("20261130-1005-volume-2-3", 422),
    ],
)
def test_a_number_may_have_a_suffix(api, number, status):
    assert api.get(f"/api/anomalies/{number}/picture").status_code == status
    assert api.post(f"/api/anomalies/{number}/acknowledge", json={"par": "Léa"}).status_code == status


def test_incidents_that_began_together_are_told_apart(api, watched):
    second = incident("volume", BEGAN, LAST, anomalie_id=f"{NUMBER}-2")
    tables = TABLES | {"anomalies": [INCIDENTS[0], second]}
    publish_watch(watched.silver.parent / "gold", BEGAN + timedelta(hours=3), **tables)
    answer = api.post(f"/api/anomalies/{NUMBER}-2/acknowledge", json={"par": "Léa"})
    assert (answer.status_code, answer.json()["anomalie_id"]) == (200, f"{NUMBER}-2")
    assert ids(rows(api, "?statut=acquittee")) == [f"{NUMBER}-2"]
    assert ids(rows(api, "?statut=ouverte")) == [NUMBER]
    assert api.get(f"/api/anomalies/{NUMBER}-2/picture").status_code == 200


def test_metrics_count_what_is_open(api):
    name = 'sales_anomalies_open{{acknowledged="{}",cause="{}",severity="{}"}}'
    assert value(api, name.format("false", "volume", "critique")) == 1
    assert value(api, name.format("false", "rejet", "haute")) == 1
    # closed, or never there: an alert must be able to tell that from unknown
    assert value(api, name.format("false", "pays", "moyenne")) == 0
    assert value(api, name.format("false", "silence", "critique")) == 0
    api.post(f"/api/anomalies/{NUMBER}/acknowledge", json={"par": "Léa"})
    assert value(api, name.format("false", "volume", "critique")) is None
    assert value(api, name.format("true", "volume", "critique")) == 1


@pytest.mark.parametrize(("interval", "overdue"), [(300, 4700), (3600, 1400), (7200, 0), (0, None)])
def test_metrics_say_how_much_longer_than_the_interval_nobody_has_looked(
    published, sampler, monkeypatch, interval, overdue
):
    now = datetime.now(UTC)
    ended = now - timedelta(seconds=5000)
    # and one that a clock ahead of time has noted
    ticks = [count(moment, "complet", "total", 1) for moment in (ended - timedelta(minutes=5), now + timedelta(days=1))]
    publish_watch(published.silver.parent / "gold", now, mesures=ticks)
    monkeypatch.setenv("GOLD_INTERVAL_SECONDS", str(interval))
    load.cache_clear()
    found = value(TestClient(create_app(published.lake, sampler)), "sales_watch_overdue_seconds")
    assert found == (None if overdue is None else pytest.approx(overdue, abs=60 if overdue else 0))


def test_metrics_count_the_acknowledgements_that_cannot_be_read(api):
    assert value(api, "sales_acknowledgements_unreadable") == 0
    record = load(PathSettings).acknowledgements
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{\n")
    assert value(api, "sales_acknowledgements_unreadable") == 1


def test_without_a_watch_nothing_is_open_and_nothing_lags(published, sampler):
    api = TestClient(create_app(published.lake, sampler))
    assert value(api, 'sales_anomalies_open{acknowledged="false",cause="silence",severity="critique"}') == 0
    assert value(api, "sales_watch_overdue_seconds") is None


def test_metrics_without_the_incidents_when_gold_cannot_be_read(api, watched):
    for file in (watched.silver.parent / "gold" / "anomalies").glob("*.parquet"):
        file.unlink()
    metrics = api.get("/metrics").text
    assert "sales_anomalies_open{" not in metrics
    assert "sales_published_tranche 2" in metrics
    assert api.get("/api/anomalies").status_code == 503
