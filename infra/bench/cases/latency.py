"""Event to Bronze at a steady 100 events/s for a minute, without and with a `dbt build` running.

The time of each event runs from the broker's timestamp to the Bronze commit that brought the event; the producer's own
delay before the broker (20 ms of lingering) is not included.  The follower is suspended in both parts.  In the second
part one `dbt build` follows another, each in a separate process, from the first event to the last.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import TracebackType

from infra.bench.bronze_commits import Window, bronze_latencies
from infra.bench.cases.pipeline import STEPS
from infra.bench.results import Measured, Tell, by_name, percentiles
from infra.bench.traffic import send_for
from infra.testbed.embedded import Stack, started
from ingestion.errors import SalesError

RATE = 100.0
SECONDS = 60.0
WARM_UP_SECONDS = 20.0
WARM_UP_BUILDS = 2
SHARES = (50, 99)


class DbtBuilds:
    """Run `dbt build` again and again until the block ends; `done` counts the successful ones."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._stop, self._pool = stack, Event(), ThreadPoolExecutor(1)
        self._process: subprocess.Popen[str] | None = None
        self.done = 0

    def __enter__(self) -> "DbtBuilds":
        self._ended = self._pool.submit(self._build_on)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._stop.set()
        if kind is not None and self._process:
            self._process.kill()
        self._pool.shutdown()
        if kind is None:
            self._ended.result()

    def _build_on(self) -> None:
        while not self._stop.is_set():
            self._process = self._stack.start(*STEPS["slice"])
            said, _ = self._process.communicate()
            if self._process.returncode:
                raise SalesError(f"dbt build failed beside the stream: {said.strip()[-500:]}")
            self.done += 1


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with started() as stack, stack.follower_held():
        tell("warm-up")
        send_for(stack, WARM_UP_SECONDS, RATE)
        for _ in range(WARM_UP_BUILDS):
            stack.run(*STEPS["slice"])
        taken, builds = [], 0
        for number in range(1, runs + 1):
            tell(f"run {number}: {SECONDS:g} s without dbt")
            quiet = _latencies(stack, send_for(stack, SECONDS, RATE))
            tell(f"run {number}: {SECONDS:g} s with dbt")
            with DbtBuilds(stack) as beside:
                window = send_for(stack, SECONDS, RATE)
            busy, builds = _latencies(stack, window), builds + beside.done
            taken.append(percentiles("without dbt", quiet, SHARES) | percentiles("with dbt", busy, SHARES))
    return Measured(by_name("s", taken), [f"{builds} dbt builds ended beside the stream, one after another"])


def _latencies(stack: Stack, window: Window) -> list[float]:
    """Seconds from broker to Bronze.  Raises SalesError unless every event is there exactly once."""
    stack.run("sales", "drain")
    found = bronze_latencies(stack.bronze, window)
    if len(found) != window.count:
        raise SalesError(f"Bronze must hold the {window.count} events that were sent, got {len(found)}")
    return found
