"""Producers add up what they have sent, each its own part."""

from collections import Counter

import pytest

from ingestion.processes.states import SentTotals, read_state
from ingestion.source.sent_totals import SentCounter

pytestmark = pytest.mark.usefixtures("own_folders")


def test_what_was_told_before_is_not_counted_again() -> None:
    first, second = SentCounter(), SentCounter()
    first.report(Counter(vente=10))
    first.report(Counter(vente=15, doublon=1))
    second.report(Counter(vente=5), unacknowledged=2)
    state = read_state(SentTotals)
    assert state is not None
    assert state.kinds == {"vente": 20, "doublon": 1}
    assert state.unacknowledged == 2


def test_nothing_sent_writes_nothing() -> None:
    SentCounter().report(Counter())
    assert read_state(SentTotals) is None


def test_a_producer_that_failed_entirely_does_not_look_alive() -> None:
    SentCounter().report(Counter(), unacknowledged=3)
    assert (state := read_state(SentTotals)) is not None
    assert state.acknowledged_at is None


def test_telling_is_due_seconds_later_only() -> None:
    assert not SentCounter().due()
