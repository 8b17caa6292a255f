"""When figures are stale, and when they are only old."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.bronze.stream_health import stream_fault
from ingestion.bronze.waiting import waiting_offsets
from ingestion.processes.liveness import NUMBERS, claim_life
from ingestion.processes.states import BronzeState
from ingestion.reading.freshness import CAUSES, Freshness
from streamlit_app.languages import languages
from streamlit_app.singletons import Sampler

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
# above every number that is drawn
DEAD = NUMBERS + 1


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("measured_at", "lag", "oldest", "fault", "cause"),
    [
        (ago(1), 0, None, None, None),
        (ago(1), 5, ago(60), None, None),
        (ago(1), 5, ago(61), None, "unpublished"),
        (ago(1), 0, None, "failed", "failed"),
        (ago(1), None, None, "no_broker", "no_broker"),
        (ago(31), 0, None, None, "unmeasured"),
    ],
)
def test_stale_is_a_waiting_event_or_a_dead_stream(measured_at, lag, oldest, fault, cause):
    freshness = Freshness(measured_at, lag, oldest, fault)
    assert freshness.cause(NOW) == cause
    assert freshness.stale(NOW) is (cause is not None)


@pytest.mark.parametrize(
    ("state", "lives", "fault"),
    [
        ({"state": "running"}, True, None),
        ({"state": "running"}, False, "no_process"),
        ({"state": "waiting", "waits_for": "broker"}, True, "waiting"),
        ({"state": "failed", "error": "offset gap"}, False, "failed"),
    ],
)
def test_the_stream_is_up_only_when_its_process_runs_and_says_so(state, lives, fault):
    assert stream_fault(BronzeState(**state, life=claim_life() if lives else DEAD))[0] == fault


def test_the_stream_is_down_where_nobody_has_said_anything():
    assert stream_fault(None)[0] == "no_process"


def test_the_streams_own_words_are_kept_apart():
    fault, error = stream_fault(BronzeState(state="failed", life=DEAD, error="offset gap in /delta"))
    assert (fault, error) == ("failed", "offset gap in /delta")
    assert "/delta" not in CAUSES["failed"]


@pytest.mark.parametrize("code", languages())
def test_every_cause_has_its_label(code):
    assert set(CAUSES) <= set(languages()[code].labels)


def test_the_sampler_outlives_a_failed_measurement():
    answers = iter([RuntimeError("no luck"), Freshness(datetime.now(UTC), 7, None, None)])

    def measure():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sampler = Sampler(measure, interval=0.01)
    assert sampler.cause(datetime.now(UTC)) == "unmeasured"
    sampler.start()
    deadline = time.monotonic() + 5
    while sampler.latest() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    sampler.stop()
    assert sampler.latest().lag == 7


@pytest.mark.parametrize(
    ("published", "in_bronze", "read", "waiting"),
    [
        pytest.param({}, {}, {}, {0: (2, 8)}, id="nothing is read"),
        pytest.param({0: 6}, {0: 6}, {0: 6}, {0: (6, 4)}, id="what is not read may be events"),
        pytest.param({0: 6}, {0: 6}, {0: 10}, {}, id="what was read behind the last event was none"),
        pytest.param({0: 6}, {0: 8}, {0: 10}, {0: (6, 2)}, id="in Bronze and not published"),
        pytest.param({0: 6}, {0: 8}, {0: 9}, {0: (6, 3)}, id="some in Bronze, some not read"),
        pytest.param({0: 1}, {0: 2}, {0: 2}, {0: (2, 8)}, id="Kafka has dropped what was not published"),
        pytest.param({0: 12}, {0: 12}, {0: 12}, {}, id="published behind what is committed"),
    ],
)
def test_what_waits_is_in_bronze_or_not_read(published, in_bronze, read, waiting):
    assert waiting_offsets({0: 2}, {0: 10}, published, in_bronze, read) == waiting


def test_an_open_transaction_makes_figures_stale_after_a_while():
    freshness = Freshness(ago(1), 0, None, None, open_transaction_at=ago(60))
    assert freshness.cause(NOW) is None
    assert not freshness.all_published
    assert replace(freshness, open_transaction_at=ago(61)).cause(NOW) == "open_transaction"
