"""Requests drawn from the OpenAPI document: what it allows is answered, what it forbids is refused, as it says.

More of them, by hand: PYTEST_FUZZ_EXAMPLES=1000 python -m pytest -q tests/unit/app/test_fuzz.py
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from infra.bench.cases.api import ENDPOINTS
from streamlit_app.api.application import create_app
from streamlit_app.api.times import day, moment, whole_hour
from tests.unit.app.anomaly_lake import count, incident, publish_watch
from tests.unit.app.gold_lake import publish_gold

MARTS = ("daily_sales", "product_performance", "client_values", "cohorts", "seasonality")
FORECASTS = ("hourly_forecast", "daily_forecast", "forecast_quality")
HOUR = datetime(2026, 11, 30, 10, tzinfo=UTC)
COUNTED = [count(HOUR, "volume", "total", 5), count(HOUR + timedelta(hours=2), "complet", "total", 1)]
EXAMPLES = int(os.environ.get("PYTEST_FUZZ_EXAMPLES", "8"))
ONE = "anomalies/{anomalie_id}"
WATCH = ("anomalies", f"{ONE}/picture", f"{ONE}/acknowledge")
QUESTIONS = (*ENDPOINTS, "rejected", "status", "live", *(f"gold/{name}" for name in (*MARTS, *FORECASTS)), *WATCH)


@pytest.fixture
def app(published, sampler):
    """Over a lake with something in every table; the same requests every time."""
    published.publish(rejected=[(0, "illisible", b"caf\xe9 \xe2\x80\xae\x00"), (1, "conflit", None)])
    publish_gold(published)
    versions = published.lake.gold().publication.versions
    example = incident("volume", datetime(2026, 11, 30, 10, 5, tzinfo=UTC), datetime(2026, 11, 30, 11, tzinfo=UTC))
    publish_watch(
        published.silver.parent / "gold", datetime.now(UTC), others=versions, anomalies=[example], mesures=COUNTED
    )
    return create_app(published.lake, sampler)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_document_says_every_rule(app, question):
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
        }
    )
    document = schemathesis.openapi.from_asgi("/api/openapi.json", app, config=config)
    answered, failures = 0, []
    for event in from_schema(document.include(path=f"/api/{question}")).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            answered += len(event.recorder.interactions)
            failures += list(failed(event.recorder))
    assert not failures, "\n".join(failures[:10])
    # of each parameter its bounds and what lies beyond them, and the examples
    assert answered > 20 + EXAMPLES


@schemathesis.hook("before_call")
def in_order(context, case, kwargs):
    """Leave `to` out where it is not later than `from`: a rule that no schema can say (test_params.py has it)."""
    with suppress(KeyError, TypeError, ValueError):
        spelled = {"/api/gold/daily_sales": day, "/api/anomalies": moment}.get(case.path, whole_hour)
        if spelled(case.query["from"]) >= spelled(case.query["to"]):
            del case.query["to"]


def failed(recorder):
    for case_id, checks in recorder.checks.items():
        answer = recorder.interactions[case_id].response
        for check in checks:
            if check.failure_info:
                command = recorder.cases[case_id].value.as_curl_command()
                yield f"{check.name}: {command[:500]} answered {answer.status_code} {answer.content[:300]!r}"
