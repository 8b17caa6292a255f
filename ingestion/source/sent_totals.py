"""What all producers of this lake have sent in total, for monitoring."""

import time
from collections import Counter
from datetime import UTC, datetime

from ingestion.processes.states import SentTotals, update_state

EVERY_SECONDS = 5.0


class SentCounter:
    """Adds one producer's figures to the totals of all producers, every few seconds and when it ends."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._next = time.monotonic() + EVERY_SECONDS

    def due(self) -> bool:
        return time.monotonic() > self._next

    def report(self, acknowledged: Counter[str], unacknowledged: int = 0) -> None:
        """`acknowledged`: events by kind, since this producer began."""
        self._next = time.monotonic() + EVERY_SECONDS
        new = acknowledged - self._told
        self._told = acknowledged.copy()
        if new or unacknowledged:
            _add(new, unacknowledged)


def _add(acknowledged: Counter[str], unacknowledged: int) -> None:
    def added(known: SentTotals | None) -> SentTotals:
        before = known or SentTotals(state="sending")
        return SentTotals(
            state="sending",
            kinds=Counter(before.kinds) + acknowledged,
            unacknowledged=before.unacknowledged + unacknowledged,
            acknowledged_at=datetime.now(UTC) if acknowledged else before.acknowledged_at,
        )

    update_state(SentTotals, added)
