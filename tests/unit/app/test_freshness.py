"""When figures are stale, and when they are only old."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.freshness import CAUSES, Freshness, stream_fault
from ingestion.life import NUMBERS, own_life
from streamlit_app.labels import LABELS
from streamlit_app.live import Sampler

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
        ({"state": "waiting", "for_": "broker"}, True, "waiting"),
        ({"state": "failed", "error": "offset gap"}, False, "failed"),
    ],
)
def test_the_stream_is_up_only_when_its_process_runs_and_says_so(state, lives, fault):
    assert stream_fault(state | {"life": own_life() if lives else DEAD})[0] == fault


def test_the_stream_is_down_where_nobody_has_said_anything():
    assert stream_fault({})[0] == "no_process"


def test_the_streams_own_words_are_kept_apart():
    fault, error = stream_fault({"state": "failed", "life": DEAD, "error": "offset gap in /delta"})
    assert (fault, error) == ("failed", "offset gap in /delta")
    assert "/delta" not in CAUSES["failed"]


def test_every_cause_has_its_french_label():
    assert set(CAUSES) <= set(LABELS)


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
