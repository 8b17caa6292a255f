"""Event to published figure with the follower, at 2 events/s for two minutes.

The time of each event runs from the broker's timestamp to the ledger's commit for the slice that holds the event: from
then on the API and the page include it.  The time that a page takes to show it is not included.
"""

from infra.bench.bronze_commits import Window, published_latencies
from infra.bench.results import Measured, Tell, by_name, percentiles
from infra.bench.traffic import send_for
from infra.testbed.embedded import Stack, started, until
from ingestion.errors import SalesError
from ingestion.lake.ledger import publications

RATE = 2.0
SECONDS = 120.0
WARM_UP_SECONDS = 40.0
PUBLISH_SECONDS = 180.0
SHARES = (50, 95)


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with started(with_gold=True) as stack:
        tell("warm-up")
        wait_until_published(stack, send_for(stack, WARM_UP_SECONDS, RATE))
        return Measured(by_name("s", [_run(stack, number, tell) for number in range(1, runs + 1)]))


def _run(stack: Stack, number: int, tell: Tell) -> dict[str, float]:
    tell(f"run {number}: {SECONDS:g} s at {RATE:g} events/s")
    window = send_for(stack, SECONDS, RATE)
    wait_until_published(stack, window)
    found = published_latencies(stack.bronze, stack.silver / "bilan_ingestion", window)
    if len(found) != window.count:
        raise SalesError(f"the slices must hold the {window.count} events that were sent, got {len(found)}")
    return percentiles("event to figure", found, SHARES)


def wait_until_published(stack: Stack, window: Window) -> None:
    def published() -> bool:
        closed = publications(stack.silver)
        return bool(closed) and all(closed[-1].offsets.get(n, 0) >= end for n, end in window.to_offsets.items())

    until(published, "the follower publishes what was sent", PUBLISH_SECONDS)
