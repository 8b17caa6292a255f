"""How long a file is kept: seven days, or as long as somebody may ask for a slice that needs it."""

from datetime import UTC, datetime, timedelta

from ingestion.maintenance import retention_hours
from ingestion.publication import Publication

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEEK = 168


def closed(**ago: float) -> Publication:
    return Publication(1, NOW - timedelta(**ago), {}, {}, 0, 0, 0, 0)


def test_nothing_was_published() -> None:
    assert retention_hours([], NOW) == WEEK


def test_everything_was_published_within_the_week() -> None:
    assert retention_hours([closed(days=6), closed(days=1)], NOW) == WEEK


def test_a_slice_that_held_a_week_ago_is_kept_though_it_is_older() -> None:
    assert retention_hours([closed(days=30), closed(days=20), closed(days=1)], NOW) == 20 * 24 + 1


def test_a_lake_that_rests_keeps_what_it_shows() -> None:
    assert retention_hours([closed(days=40)], NOW) == 40 * 24 + 1
