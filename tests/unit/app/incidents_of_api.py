"""Incidents at a known time, and how a test reads the API's answers about them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.unit.app.anomaly_lake import count, expectation, incident

BEGAN = datetime(2026, 11, 30, 10, 5, tzinfo=UTC)
LAST = BEGAN + timedelta(minutes=30)
NUMBER = "20261130-1005-volume"
INCIDENTS = [
    incident("volume", BEGAN, LAST, severite="critique"),
    incident("rejet", BEGAN - timedelta(hours=1), LAST, cle="illisible", sens="hausse"),
    incident(
        "pays", BEGAN - timedelta(days=2), LAST - timedelta(days=2), cle="Spain", severite="moyenne", is_open=False
    ),
]
COUNTED = [
    count(BEGAN - timedelta(days=20), "volume", "total", 9),
    count(BEGAN, "volume", "total", 7),
    count(BEGAN + timedelta(hours=1), "complet", "total", 1),
]
EXPECTED = [expectation(BEGAN.replace(minute=0), "volume", "total", 10_000_000, attendu=40_000_000)]
TABLES = {"anomalies": INCIDENTS, "mesures": COUNTED, "attentes": EXPECTED}


def rows(api, parameters=""):
    answer = api.get(f"/api/anomalies{parameters}")
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)["rows"]


def ids(found):
    return [each["anomalie_id"] for each in found]


def value(api, name):
    found = re.findall(rf"^{re.escape(name)} (\S+)$", api.get("/metrics").text, re.MULTILINE)
    return float(found[0]) if found else None
