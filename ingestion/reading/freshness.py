"""How far the published figures are behind Kafka, and whether the stream is running.

A quiet source does not make figures stale: only an event that waits in Kafka, or a stream that cannot fetch it, does.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kafka.errors import KafkaError

from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.resume import read_ends
from ingestion.bronze.stream_health import STREAM_CAUSES, stream_fault
from ingestion.bronze.waiting import measure_waiting
from ingestion.event import Offsets
from ingestion.processes.states import BronzeState, read_state
from ingestion.settings import PathSettings, load
from ingestion.topic.client import BrokerError

STALE_AFTER = timedelta(seconds=60)
# a measurement older than this says nothing about now
EXPIRES_AFTER = timedelta(seconds=30)

# why figures are stale, safe to show to any reader, unlike the process's own messages, which may name paths
CAUSES = STREAM_CAUSES | {
    "no_broker": "the stream is down: Kafka does not answer",
    "unpublished": "an event has been in Kafka for more than 60 seconds without being published",
    "open_transaction": "a producer has kept a transaction open for more than 60 seconds: later events wait",
    "unmeasured": "freshness has not been measured in the last 30 seconds",
}


@dataclass(frozen=True)
class Freshness:
    """One measurement.  `lag`: committed events that are not published; None if the broker did not answer.

    It counts offsets, so until the stream has read offsets that hold no event, it is too high by their number.  `fault`
    is a key of CAUSES when the stream is down; `stream_error` is the full message, for operators.
    `open_transaction_at`: since when an open transaction has held back what was sent after it.
    """

    measured_at: datetime
    lag: int | None
    oldest_unpublished_at: datetime | None
    fault: str | None
    stream_error: str | None = None
    # by partition, what the broker still holds: the first offset, and the end of what is committed (exclusive)
    first: Offsets = field(default_factory=dict)
    end: Offsets = field(default_factory=dict)
    # by partition, the offset up to which the stream has read (exclusive)
    read: Offsets = field(default_factory=dict)
    open_transaction_at: datetime | None = None

    def cause(self, now: datetime) -> str | None:
        """Why the figures are stale at that time, as a key of CAUSES; None if they are not."""
        if self.fault:
            return self.fault
        if self.expired(now):
            return "unmeasured"
        if self.oldest_unpublished_at and now - self.oldest_unpublished_at > STALE_AFTER:
            return "unpublished"
        if self.open_transaction_at and now - self.open_transaction_at > STALE_AFTER:
            return "open_transaction"
        return None

    @property
    def all_published(self) -> bool:
        """Whether nothing waits, not even behind an open transaction; False when the broker did not answer."""
        return self.lag == 0 and self.open_transaction_at is None

    def expired(self, now: datetime) -> bool:
        return now - self.measured_at > EXPIRES_AFTER

    def stale(self, now: datetime) -> bool:
        return self.cause(now) is not None


class Measuring:
    """Keeps what it has read of Bronze's log from one measurement to the next."""

    def __init__(self) -> None:
        self._bronze = BronzeEnds()

    def measure(self, published: Offsets) -> Freshness:
        """Compare the offsets published so far (exclusive) with the broker's, in about 20 ms on a new connection."""
        fault, error = stream_fault(read_state(BronzeState))
        read = read_ends(load(PathSettings), self._bronze)
        try:
            return _measure(published, self._bronze.refresh(), read, fault, error)
        except (BrokerError, KafkaError, OSError) as failure:
            return Freshness(datetime.now(UTC), None, None, "no_broker", str(failure), read=read)


def measure(published: Offsets) -> Freshness:
    """Measure once."""
    return Measuring().measure(published)


def _measure(published: Offsets, in_bronze: Offsets, read: Offsets, fault: str | None, error: str | None) -> Freshness:
    waiting = measure_waiting(published, in_bronze, read)
    return Freshness(
        datetime.now(UTC),
        waiting.count,
        waiting.oldest_at,
        fault,
        error,
        waiting.first,
        waiting.end,
        read,
        waiting.open_transaction_at,
    )
