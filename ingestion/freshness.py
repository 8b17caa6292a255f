"""How far the published figures are behind Kafka, and whether the stream lives.

A quiet source is not stale: only an event that waits in Kafka, or a stream that cannot fetch it, makes figures stale.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.process import alive
from ingestion.settings import KafkaSettings, load
from ingestion.state import read_state
from ingestion.topic import BrokerError, Offsets, reader

STALE_AFTER = timedelta(seconds=60)
# a measurement older than this says nothing about now
EXPIRES_AFTER = timedelta(seconds=30)
_TIMEOUT_MS = 3000


@dataclass(frozen=True)
class Freshness:
    """One measurement.  `lag`: events in Kafka that are not published, None when the broker did not answer."""

    measured_at: datetime
    lag: int | None
    oldest_unpublished_at: datetime | None
    # what keeps the stream from running, fit for any reader; and the process's own words, which may name paths
    fault: str | None
    detail: str | None = None

    def stale_reason(self, now: datetime) -> str | None:
        """Why the figures are stale at that time; None when they are not."""
        if self.fault:
            return self.fault
        if now - self.measured_at > EXPIRES_AFTER:
            return f"freshness was last measured {_seconds(now - self.measured_at)} s ago"
        if self.oldest_unpublished_at and now - self.oldest_unpublished_at > STALE_AFTER:
            waited = _seconds(now - self.oldest_unpublished_at)
            return f"an event has been in Kafka for {waited} s without being published"
        return None

    def stale(self, now: datetime) -> bool:
        return self.stale_reason(now) is not None


def measure(published: Offsets) -> Freshness:
    """Compare the offsets published so far (exclusive) with the broker's; a few milliseconds, a new connection."""
    fault, detail = _stream_fault()
    lag, oldest = None, None
    try:
        with reader(load(KafkaSettings)) as (consumer, partitions):
            lag, oldest = _unpublished(consumer, partitions, published)
    except (BrokerError, KafkaError, OSError) as error:
        fault, detail = "the stream is down: Kafka does not answer", str(error)
    return Freshness(datetime.now(UTC), lag, oldest, fault, detail)


def _stream_fault() -> tuple[str | None, str | None]:
    """What is wrong with the Bronze process, for everybody and in its own words."""
    state = read_state("bronze")
    if not state or not alive(state["pid"]):
        return "the stream is down: the Bronze process does not run", None
    if state["state"] == "failed":
        return "the stream is down: the Bronze process has failed", state.get("error")
    if state["state"] != "running":
        return f"the stream is down: the Bronze process is {state['state']} for {state.get('for_', 'its turn')}", None
    return None, None


def _unpublished(
    consumer: KafkaConsumer, partitions: list[TopicPartition], published: Offsets
) -> tuple[int, datetime | None]:
    """The number of events behind the published offsets, and when the oldest of them came."""
    first = consumer.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS)
    end = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
    # events that the broker has deleted cannot be waited for
    next_ = {tp: max(published.get(tp.partition, 0), first[tp]) for tp in partitions}
    waiting = {tp: offset for tp, offset in next_.items() if end[tp] > offset}
    return sum(end[tp] - offset for tp, offset in waiting.items()), _oldest(consumer, waiting)


def _oldest(consumer: KafkaConsumer, waiting: dict[TopicPartition, int]) -> datetime | None:
    """The Kafka timestamp of the oldest of the events at these offsets."""
    times = []
    for partition, offset in waiting.items():
        consumer.assign([partition])
        consumer.seek(partition, offset)
        records = consumer.poll(timeout_ms=_TIMEOUT_MS, max_records=1)
        times += [record.timestamp for batch in records.values() for record in batch]
    return datetime.fromtimestamp(min(times) / 1000, UTC) if times else None


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
