"""When Gold is due: something new is published, and the last run is long enough ago."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.settings import load
from ingestion.silver.gold_runs import Marts, _tick
from tests.unit.app.conftest import FIRST, SECOND, TinyLake
from tests.unit.app.gold_lake import publish_gold

INTERVAL = 300


@pytest.fixture
def marts(own_folders, monkeypatch):
    """A function: are the marts due that stand on this slice since so many seconds, if so many slices are published?

    `ask`: another question of theirs.
    """
    monkeypatch.setenv("GOLD_INTERVAL_SECONDS", str(INTERVAL))
    tiny = TinyLake(own_folders / "lake" / "silver")

    def due(published, made=None, seconds_ago=0, ask=Marts.are_due, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        load.cache_clear()
        while tiny.tranche < published:
            tiny.publish(FIRST if tiny.tranche == 0 else SECOND)
        if made is not None:
            moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
            publish_gold(tiny, made, moment.isoformat()[:-6])
        return ask(Marts(None))

    return due


def test_nothing_is_due_before_the_first_slice(marts):
    assert not marts(0)


def test_the_first_run_is_due_at_once(marts):
    assert marts(1)


def test_a_newer_slice_is_due_after_the_interval(marts):
    assert marts(2, made=1, seconds_ago=INTERVAL + 1)
    assert not marts(2, made=1, seconds_ago=INTERVAL - 60)


def test_the_same_slice_is_looked_at_again_because_silence_is_news(marts):
    assert marts(2, made=2, seconds_ago=INTERVAL + 1)
    assert not marts(2, made=2, seconds_ago=INTERVAL - 60)
    assert not marts(2, made=2, seconds_ago=10 * INTERVAL, ask=Marts.are_outdated)


def test_a_look_is_at_five_whole_minutes_in_which_everything_has_arrived():
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    seen = [_tick(noon + timedelta(seconds=seconds)) for seconds in (9, 10, 309, 310)]
    assert [each - seen[0] for each in seen] == [0, 1, 1, 2]


def test_a_rebuild_of_silver_makes_the_same_slice_again(marts):
    """It publishes the same slice with other versions."""
    assert not marts(2, made=2, seconds_ago=10 * INTERVAL, ask=Marts.are_outdated)
    assert marts(2, made=1, seconds_ago=10 * INTERVAL, ask=Marts.are_outdated)


def test_another_time_zone_makes_the_same_slice_again(marts):
    assert marts(2, made=2, seconds_ago=10 * INTERVAL, ask=Marts.are_outdated, FUSEAU_RAPPORT="Europe/Paris")


def test_a_clock_that_was_set_back_does_not_stop_gold(marts):
    assert marts(3, made=2, seconds_ago=-3600)


def test_an_interval_of_0_makes_it_by_hand_only(marts):
    assert not marts(1, GOLD_INTERVAL_SECONDS="0")
