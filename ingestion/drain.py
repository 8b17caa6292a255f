"""Wait until Bronze holds what the broker holds."""

import time
from collections.abc import Callable

from ingestion import hints
from ingestion.lake import BronzeOffsets
from ingestion.life import alive
from ingestion.settings import KafkaSettings, load
from ingestion.state import read_state
from ingestion.topic import Offsets, offset_range


class DrainError(Exception):
    """Bronze did not get there: the stream is dead, or the time is up."""


def drain(
    targets: Offsets | None = None, timeout: float = 60.0, on_progress: Callable[[int], None] = lambda missing: None
) -> Offsets:
    """Return when Bronze's highest offsets have reached the targets (exclusive; default: the broker's ends now).

    Raises DrainError at once when the stream has failed, with its reason, and after `timeout` seconds.
    """
    first, end = offset_range(load(KafkaSettings))
    targets = end if targets is None else targets
    _refuse_failed_stream()
    bronze, deadline = BronzeOffsets(), time.monotonic() + timeout
    while missing := _missing(targets, bronze.refresh(), first):
        on_progress(sum(missing.values()))
        _refuse_dead_stream()
        if time.monotonic() > deadline:
            raise DrainError(
                f"Bronze still lacks {sum(missing.values())} events after {timeout:g} s (by partition: {missing}); "
                f"look at the stream ({hints.logs('bronze')}), or wait longer (--timeout)"
            )
        time.sleep(0.1)
    return targets


def _missing(targets: Offsets, highest: Offsets, first: Offsets) -> Offsets:
    """By partition, how many events are still to come; those that the broker has dropped never will."""
    behind = {
        partition: end - max(highest.get(partition, -1) + 1, first.get(partition, 0))
        for partition, end in targets.items()
    }
    return {partition: count for partition, count in behind.items() if count > 0}


def _refuse_failed_stream() -> None:
    state = read_state("bronze")
    if state.get("state") == "failed":
        raise DrainError(f"the Bronze stream has failed: {state['error']}")


def _refuse_dead_stream() -> None:
    _refuse_failed_stream()
    state = read_state("bronze")
    if not state or not alive(state["life"]):
        raise DrainError(f"the bronze process does not run; start the stack ({hints.start()})")
