"""Bronze catch-up: 300 000 events wait in Kafka, the stream starts and reads them.

The stream is stopped in two ways, and both are measured.  `gateway restarted`: supervisor stops the bronze process and
the gateway, so the stream runs in a fresh JVM, whose first batch also loads its classes.  `gateway warm`: only the
bronze process and the stream inside the gateway are stopped, so the figure is the throughput of the stream itself.  The
events are sent while the stream is stopped; then the processes start.  The follower is suspended throughout.

* events/s since the stream runs: events / (last Bronze commit - the bronze process's first `running` state).  The
  process reports that state once the query has been started; the first batch may begin slightly earlier.
* events/s since the first batch: events / (last Bronze commit - start of the first batch, from the stream's progress).
* events/s of the batches: events / the stream's own duration of all batches with rows, from its progress, which the
  bronze process reports once a second (a batch that is followed by another within that second is missed; the note says
  when).
* start to last commit: from the command to start to the last Bronze commit, including all start-up.
* hand-written consumer: after each catch-up, the same events read again by `infra/bench/hand_written.py`, while the
  gateway is idle; its time includes the sums, and excludes the start of Python.

After the last run, all events are published and verified; if `sales verify` finds a difference, there are no figures.
"""

import time
from datetime import datetime
from typing import Any

from infra.bench.bronze_commits import Commit, Window, commits
from infra.bench.hand_written import consume
from infra.bench.results import Figure, Measured, Tell, by_name
from infra.bench.traffic import send
from infra.testbed.embedded import Stack, started, until
from ingestion.errors import SalesError
from ingestion.lake.ledger import publications
from ingestion.topic.client import offset_range

COUNT = 300_000
WARM_UP_COUNT = 5_000
CATCH_UP_SECONDS = 240.0
POLL_SECONDS = 0.1
PROGRESS_SECONDS = 3.0
PUBLISHED_SECONDS = 900.0


class Watch:
    """What is seen while the stream catches up: its first `running` state, its batches, and Bronze's new commits."""

    def __init__(self, stack: Stack, after: int) -> None:
        self._stack, self._after = stack, after
        self.began = time.time()
        self.running_at: float | None = None
        self.batches: dict[int, dict[str, Any]] = {}
        self.commits: list[Commit] = []

    @property
    def rows(self) -> int:
        return sum(commit.rows for commit in self.commits)

    @property
    def reported(self) -> int:
        return sum(batch["rows"] for batch in self.batches.values())

    def look(self) -> None:
        self.commits = commits(self._stack.bronze, self._after)
        state = self._stack.state("bronze")
        if state.get("state") != "running" or _unix(state["at"]) < self.began:
            return
        self.running_at = self.running_at or _unix(state["at"])
        if state.get("rows"):
            self.batches[state["batch"]] = state


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    figures: list[Figure] = []
    notes: list[str] = []
    hand_written: list[float] = []
    with started() as stack:
        send(stack, WARM_UP_COUNT)
        stack.run("sales", "drain")
        with stack.follower_held():
            for label, programs in (("gateway restarted", ("gateway", "bronze")), ("gateway warm", ("bronze",))):
                watches = []
                for number in range(1, runs + 1):
                    tell(f"{label}, run {number}: {COUNT} events")
                    watch, window = catch_up(stack, programs)
                    watches.append(watch)
                    hand_written.append(_hand_written(stack, window))
                figures += _figures(label, watches)
                notes += [f"{label}: {_batches(watch)}" for watch in watches]
        tell("publishing and verifying what was caught up")
        publish_all(stack)
        stack.run("sales", "verify")
    figures += by_name("events/s", [{"hand-written consumer": rate} for rate in hand_written])
    return Measured(figures, notes)


def _hand_written(stack: Stack, window: Window) -> float:
    """Events per second of the hand-written consumer.  Raises SalesError if it does not find every event."""
    began = time.monotonic()
    found = consume(stack.kafka, window.from_offsets, window.to_offsets)
    seconds = time.monotonic() - began
    if found != COUNT:
        raise SalesError(f"the hand-written consumer must find {COUNT} events, got {found}")
    return COUNT / seconds


def publish_all(stack: Stack, seconds: float = PUBLISHED_SECONDS) -> None:
    """Wait until the follower has published everything that is in Bronze."""
    _, ends = offset_range(stack.kafka)

    def published() -> bool:
        closed = publications(stack.silver)
        return bool(closed) and all(closed[-1].offsets.get(partition, 0) >= end for partition, end in ends.items())

    until(published, "everything is published", seconds)


def catch_up(stack: Stack, programs: tuple[str, ...]) -> tuple[Watch, Window]:
    """Stop the stream, send, start the programs again, watch.  Raises SalesError if the events do not arrive."""
    _stop(stack, programs)
    newest = max((commit.version for commit in commits(stack.bronze)), default=-1)
    window = send(stack, COUNT)
    watch = Watch(stack, newest)
    with stack.supervisor() as supervisor:
        for name in programs:
            supervisor.startProcess(name, False)
    _watch_until(watch, COUNT, CATCH_UP_SECONDS)
    return watch, window


def _stop(stack: Stack, programs: tuple[str, ...]) -> None:
    if "gateway" not in programs:
        stack.stop_stream()
        return
    with stack.supervisor() as supervisor:
        for name in ("bronze", "gateway"):
            supervisor.stopProcess(name)


def _watch_until(watch: Watch, count: int, seconds: float) -> None:
    def all_there() -> bool:
        watch.look()
        return watch.rows >= count

    until(all_there, f"Bronze takes up {count} events", seconds)
    # the progress of the last batch is reported after its commit
    deadline = time.monotonic() + PROGRESS_SECONDS
    while watch.reported < count and time.monotonic() < deadline:
        watch.look()
        time.sleep(POLL_SECONDS)


def _figures(label: str, watches: list[Watch]) -> list[Figure]:
    rates = [{f"{label}, {name}": rate for name, rate in _rates(watch).items()} for watch in watches]
    waits = [{f"{label}, start to last commit": watch.commits[-1].at - watch.began} for watch in watches]
    return by_name("events/s", rates) + by_name("s", waits)


def _rates(watch: Watch) -> dict[str, float]:
    """Events per second from each starting point; what was not observed is left out."""
    last = watch.commits[-1].at
    rates = {}
    if watch.running_at:
        rates["since the stream runs"] = watch.rows / (last - watch.running_at)
    if watch.batches:
        first = min(_unix(batch["batch_at"]) for batch in watch.batches.values())
        rates["since the first batch"] = watch.rows / (last - first)
        rates["batches"] = watch.reported / sum(batch["batch_ms"] / 1000 for batch in watch.batches.values())
    return rates


def _batches(watch: Watch) -> str:
    seen = ", ".join(f"{batch['rows']} events in {batch['batch_ms']} ms" for batch in watch.batches.values())
    missed = watch.rows - watch.reported
    return f"batches: {seen or 'none seen'}" + (f"; {missed} events in batches that were not seen" if missed else "")


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
