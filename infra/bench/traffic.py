"""Sales sent from this process into a stack of the measurement's own."""

import time
from math import ceil

from infra.bench.bronze_commits import Window
from infra.testbed.embedded import Stack
from ingestion.source.messages import feed
from ingestion.source.producer import produce

SEED = 1


class _Ids:
    """Numbers as `ingestion.source.ids` gives them, without the lake: its lock belongs to the user's own."""

    def __init__(self) -> None:
        self._last = 0

    def reserve(self, count: int) -> range:
        first = max(time.time_ns() // 1000, self._last + 1)
        self._last = first + count - 1
        return range(first, first + count)


_ids = _Ids()


def send(stack: Stack, count: int, rate: float | None = None) -> Window:
    """Send so many sales, at most `rate` a second, and wait until the broker has acknowledged each."""
    messages = feed(SEED, count, rate=rate, reserve=_ids.reserve)
    return Window.of(produce(stack.kafka, messages, rate))


def send_for(stack: Stack, seconds: float, rate: float) -> Window:
    """Send steadily for so many seconds."""
    return send(stack, ceil(seconds * rate), rate)
