"""What a process of the read side has exactly one of: the lake, and the threads that measure it and read the tail."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache

from ingestion.lake.failures import reading
from ingestion.processes.background import Background
from ingestion.processes.states import TailState, update_state
from ingestion.queries import Lake, LakeUnreadableError
from ingestion.reading.freshness import Freshness, Measuring
from ingestion.reading.incidents import Watch
from ingestion.settings import PathSettings, load
from ingestion.tail.judging import Comparison
from ingestion.tail.watcher import Watcher

SAMPLE_SECONDS = 2.0
logger = logging.getLogger(__name__)


class Sampler:
    """Measures every two seconds in a separate thread, so that no request ever waits for a broker."""

    def __init__(self, measure_now: Callable[[], Freshness], interval: float = SAMPLE_SECONDS) -> None:
        self._measure, self._interval = measure_now, interval
        self._background = Background("freshness", self._run)
        self.start, self.stop = self._background.start, self._background.stop
        self._latest: Freshness | None = None

    def cause(self, now: datetime) -> str | None:
        """Why the figures are stale, as a key of CAUSES; None when they are not."""
        return self._latest.cause(now) if self._latest else "unmeasured"

    def latest(self) -> Freshness | None:
        """The last measurement; None before the first."""
        return self._latest

    def current(self, now: datetime) -> Freshness | None:
        """The last measurement, while it is still valid."""
        return self._latest if self._latest and not self._latest.expired(now) else None

    def _run(self) -> None:
        while not self._background.stopped.is_set():
            try:
                self._latest = self._measure()
            except LakeUnreadableError as error:
                logger.error("freshness could not be measured: %s", error.for_log)
            except Exception:
                # the thread must survive any error: an old measurement expires and shows as stale
                logger.exception("freshness could not be measured")
            self._background.stopped.wait(self._interval)


@cache
def lake() -> Lake:
    paths = load(PathSettings)
    return Lake(paths.silver, paths.bronze)


def watch() -> Watch:
    """Over the lake of this process."""
    return _watch_over(lake())


@lru_cache(maxsize=1)
def _watch_over(lake: Lake) -> Watch:
    return Watch(lake)


@cache
def sampler() -> Sampler:
    measuring = Measuring()

    def measure_published() -> Freshness:
        publication = lake().current().publication
        with reading("Bronze"):
            return measuring.measure(publication.offsets if publication else {})

    return Sampler(measure_published)


@cache
def tail() -> Watcher:
    return Watcher(lake(), _report)


def _report(found: Comparison) -> None:
    """For `sales status` and the metrics; the stack deletes the counts when it starts."""

    def counted(known: TailState | None) -> TailState:
        return TailState(
            state="equal" if found.is_equal else "different",
            tranche=found.tranche,
            compared=(known.compared if known else 0) + 1,
            different=(known.different if known else 0) + (not found.is_equal),
            difference=str(found) if not found.is_equal else known.difference if known else None,
        )

    update_state(TailState, counted)


def utc_now() -> datetime:
    return datetime.now(UTC)
