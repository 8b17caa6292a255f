"""How far the published figures are behind Kafka, and whether the stream is running.

A quiet source does not make figures stale: only an event that waits in Kafka, or a stream that cannot fetch it, does.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.resume import read_ends
from ingestion.bronze.stream_health import STREAM_CAUSES, stream_fault
from ingestion.event import Offsets
from ingestion.processes.states import BronzeState, read_state
from ingestion.settings import KafkaSettings, PathSettings, load
from ingestion.topic.client import BrokerError, reader

STALE_AFTER = timedelta(seconds=60)
# a measurement older than this says nothing about now
EXPIRES_AFTER = timedelta(seconds=30)
_TIMEOUT_MS = 3000

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
    settings = load(KafkaSettings)
    with reader(settings, "read_uncommitted") as (everything, partitions):
        # the log's end is read first: if the committed end is still below it, a transaction is open there
        log_end = _by_number(everything.end_offsets(partitions, timeout_ms=_TIMEOUT_MS))
        first = _by_number(everything.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS))
        if not waiting_offsets(first, log_end, published, in_bronze, read):
            # the usual case: the stream, which reads only what is committed, has read the whole log; all is published
            return Freshness(datetime.now(UTC), 0, None, fault, error, first, log_end, read)
        with reader(settings) as (committed, _):
            end = _by_number(committed.end_offsets(partitions, timeout_ms=_TIMEOUT_MS))
            waiting = waiting_offsets(first, end, published, in_bronze, read)
            oldest = _oldest(committed, {n: (start, end[n]) for n, (start, _) in waiting.items()})
        opened_at = _oldest(everything, {n: (end[n], last) for n, last in log_end.items() if last > end[n]})
    lag = sum(count for _, count in waiting.values())
    return Freshness(datetime.now(UTC), lag, oldest, fault, error, first, end, read, opened_at)


def waiting_offsets(
    first: Offsets, end: Offsets, published: Offsets, in_bronze: Offsets, read: Offsets
) -> dict[int, tuple[int, int]]:
    """By partition with more to publish: the first offset that may hold an event to publish, and how many there are.

    Before Bronze's end, there is certainly such an event.  Offsets that the stream has read after it held no event.
    """
    waiting = {}
    for n, last in end.items():
        # events that the broker has deleted cannot be waited for
        start = max(published.get(n, 0), first.get(n, 0))
        unpublished = max(in_bronze.get(n, 0) - start, 0)
        unread = max(last - max(read.get(n, 0), start), 0)
        if unpublished + unread:
            waiting[n] = (start if unpublished else last - unread, unpublished + unread)
    return waiting


def _by_number(offsets: dict[TopicPartition, int]) -> Offsets:
    return {tp.partition: offset for tp, offset in offsets.items()}


def _oldest(consumer: KafkaConsumer, ranges: dict[int, tuple[int, int]]) -> datetime | None:
    """The Kafka timestamp of the oldest of the first events in these ranges; None if they hold no event."""
    topic = load(KafkaSettings).topic
    times = [_first_time(consumer, TopicPartition(topic, n), start, end) for n, (start, end) in ranges.items()]
    known = [moment for moment in times if moment is not None]
    # limited to the time from 1970 to now, because a topic may take its timestamps from its producers' clocks
    return datetime.fromtimestamp(min(max(min(known) / 1000, 0.0), time.time()), UTC) if known else None


def _first_time(consumer: KafkaConsumer, partition: TopicPartition, start: int, end: int) -> int | None:
    """The first event's time in milliseconds; None if there is none before `end`, or none is sent in time."""
    deadline = time.monotonic() + _TIMEOUT_MS / 1000
    consumer.assign([partition])
    consumer.seek(partition, start)
    while consumer.position(partition) < end and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=_TIMEOUT_MS // 10, max_records=1).values():
            milliseconds: int = records[0].timestamp
            return milliseconds
    return None
