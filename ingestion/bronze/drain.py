"""Wait until Bronze holds what the broker holds."""

import time
from collections.abc import Callable

from ingestion import hints
from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.resume import read_ends
from ingestion.bronze.stream_health import stream_fault
from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.processes.states import BronzeState, read_state
from ingestion.settings import KafkaSettings, PathSettings, load
from ingestion.topic.client import log_ends, offset_range


def drain(
    targets: Offsets | None = None, timeout: float = 60.0, on_progress: Callable[[int], None] = lambda missing: None
) -> Offsets:
    """Return when the stream has read up to the targets (exclusive; default: the ends of what is committed now).

    Raises SalesError at once when the stream has failed, with its reason, or when events are missing and its process
    is not running; and after `timeout` seconds.
    """
    first, end = offset_range(load(KafkaSettings))
    targets = end if targets is None else targets
    _refuse_failed_stream()
    paths, bronze, deadline = load(PathSettings), BronzeEnds(), time.monotonic() + timeout
    while missing := _missing(targets, read_ends(paths, bronze), first):
        on_progress(sum(missing.values()))
        _refuse_dead_stream()
        if time.monotonic() > deadline:
            raise SalesError(
                f"Bronze still lacks {sum(missing.values())} events after {timeout:g} s (by partition: {missing}); "
                f"{_reason(missing)}, or wait longer (--timeout)"
            )
        time.sleep(0.1)
    return targets


def _missing(targets: Offsets, read: Offsets, first: Offsets) -> Offsets:
    """By partition, how many offsets remain to be read, without those that the broker has dropped."""
    behind = {
        partition: end - max(read.get(partition, 0), first.get(partition, 0)) for partition, end in targets.items()
    }
    return {partition: count for partition, count in behind.items() if count > 0}


def _reason(missing: Offsets) -> str:
    settings = load(KafkaSettings)
    # the log's end is read first: if the committed end is still below it, a transaction is open there
    ends = log_ends(settings)
    _, committed = offset_range(settings)
    held_back = [str(n) for n in missing if ends.get(n, 0) > committed.get(n, 0)]
    if held_back:
        return f"a transaction is open in partition {', '.join(held_back)} and holds them back: end it"
    return f"look at the stream ({hints.logs('bronze')})"


def _refuse_failed_stream() -> None:
    cause, words = stream_fault(read_state(BronzeState))
    if cause == "failed":
        raise SalesError(f"the Bronze stream has failed: {words}")


def _refuse_dead_stream() -> None:
    _refuse_failed_stream()
    if stream_fault(read_state(BronzeState))[0] == "no_process":
        raise SalesError(f"the bronze process is not running; start the stack ({hints.start()})")
