"""How long a file is kept: seven days, or as long as somebody may ask for a slice that needs it."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.silver.maintenance import retention_hours

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEEK = 168


def closed(**ago: float) -> datetime:
    return NOW - timedelta(**ago)


def test_nothing_was_published() -> None:
    assert retention_hours([], NOW) == WEEK


def test_everything_was_published_within_the_week() -> None:
    assert retention_hours([closed(days=6), closed(days=1)], NOW) == WEEK


def test_a_slice_that_held_a_week_ago_is_kept_though_it_is_older() -> None:
    assert retention_hours([closed(days=30), closed(days=8), closed(days=1)], NOW) == 8 * 24 + 1


@pytest.mark.parametrize("days", [[40], [30, 20, 1], [9]])
def test_nothing_is_deleted_that_delta_does_not_remember(days: list[int]) -> None:
    assert retention_hours([closed(days=each) for each in days], NOW) is None
