"""Send sales from this process into the separate stack of a measurement."""

import time
from math import ceil

from infra.bench.bronze_commits import Window
from infra.testbed.embedded import Stack
from ingestion.source.messages import feed
from ingestion.source.producer import produce

SEED = 1


class _Ids:
    """Numbers like those of `ingestion.source.ids`, but without its lock, which is in the user's own lake."""

    def __init__(self) -> None:
        self._last = 0

    def reserve(self, count: int) -> range:
        first = max(time.time_ns() // 1000, self._last + 1)
        self._last = first + count - 1
        return range(first, first + count)


_ids = _Ids()


def send(stack: Stack, count: int, rate: float | None = None) -> Window:
    """Send `count` sales, at most `rate` a second, and wait until the broker has acknowledged every one."""
    messages = feed(SEED, count, rate=rate, reserve=_ids.reserve)
    return Window.of(produce(stack.kafka, messages, rate))


def send_for(stack: Stack, seconds: float, rate: float) -> Window:
    """Send sales steadily for this many seconds."""
    return send(stack, ceil(seconds * rate), rate)
