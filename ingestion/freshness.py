"""How far the published figures are behind Kafka, and whether the stream lives.

A quiet source is not stale: only an event that waits in Kafka, or a stream that cannot fetch it, makes figures stale.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.life import alive
from ingestion.settings import KafkaSettings, load
from ingestion.state import read_state
from ingestion.topic import BrokerError, Offsets, reader

STALE_AFTER = timedelta(seconds=60)
# a measurement older than this says nothing about now
EXPIRES_AFTER = timedelta(seconds=30)
_TIMEOUT_MS = 3000

# why figures are stale: fit for any reader, the process's own words may name paths
CAUSES = {
    "no_process": "the stream is down: the Bronze process does not run",
    "failed": "the stream is down: the Bronze process has failed",
    "waiting": "the stream is down: the Bronze process waits for the broker or the gateway",
    "no_broker": "the stream is down: Kafka does not answer",
    "unpublished": "an event has been in Kafka for more than 60 seconds without being published",
    "unmeasured": "freshness has not been measured in the last 30 seconds",
}


@dataclass(frozen=True)
class Freshness:
    """One measurement.  `lag`: events in Kafka that are not published, None when the broker did not answer.

    `fault` is a key of CAUSES when the stream is down; `stream_error` says it in full, for operators.
    """

    measured_at: datetime
    lag: int | None
    oldest_unpublished_at: datetime | None
    fault: str | None
    stream_error: str | None = None
    # by partition, what the broker still holds: the first offset, and the one that the next event gets
    first: Offsets = field(default_factory=dict)
    end: Offsets = field(default_factory=dict)

    def cause(self, now: datetime) -> str | None:
        """Why the figures are stale at that time, as a key of CAUSES; None when they are not."""
        if self.fault:
            return self.fault
        if self.expired(now):
            return "unmeasured"
        if self.oldest_unpublished_at and now - self.oldest_unpublished_at > STALE_AFTER:
            return "unpublished"
        return None

    def expired(self, now: datetime) -> bool:
        return now - self.measured_at > EXPIRES_AFTER

    def stale(self, now: datetime) -> bool:
        return self.cause(now) is not None


def measure(published: Offsets) -> Freshness:
    """Compare the offsets published so far (exclusive) with the broker's; about 20 ms, on a new connection."""
    fault, error = stream_fault(read_state("bronze"))
    lag, oldest, first, end = None, None, dict[TopicPartition, int](), dict[TopicPartition, int]()
    try:
        with reader(load(KafkaSettings)) as (consumer, partitions):
            first = consumer.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS)
            end = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
            waiting = _waiting(first, end, published)
            lag, oldest = sum(end[tp] - offset for tp, offset in waiting.items()), _oldest(consumer, waiting)
    except (BrokerError, KafkaError, OSError) as failure:
        fault, error = "no_broker", str(failure)
    return Freshness(datetime.now(UTC), lag, oldest, fault, error, _by_number(first), _by_number(end))


def stream_fault(state: dict[str, Any]) -> tuple[str | None, str | None]:
    """What is wrong with the Bronze process that says this of itself: a key of CAUSES, and the full words."""
    if not state:
        return "no_process", CAUSES["no_process"]
    if state["state"] == "failed":
        return "failed", state.get("error")
    if not alive(state["life"]):
        return "no_process", CAUSES["no_process"]
    if state["state"] != "running":
        return "waiting", f"the Bronze process waits for the {state.get('for_', 'stack')}"
    return None, None


def _waiting(
    first: dict[TopicPartition, int], end: dict[TopicPartition, int], published: Offsets
) -> dict[TopicPartition, int]:
    """The next offset to publish of each partition that holds more."""
    # events that the broker has deleted cannot be waited for
    next_ = {tp: max(published.get(tp.partition, 0), offset) for tp, offset in first.items()}
    return {tp: offset for tp, offset in next_.items() if end[tp] > offset}


def _by_number(offsets: dict[TopicPartition, int]) -> Offsets:
    return {tp.partition: offset for tp, offset in offsets.items()}


def _oldest(consumer: KafkaConsumer, waiting: dict[TopicPartition, int]) -> datetime | None:
    """The Kafka timestamp of the oldest of the events at these offsets."""
    times = []
    for partition, offset in waiting.items():
        consumer.assign([partition])
        consumer.seek(partition, offset)
        records = consumer.poll(timeout_ms=_TIMEOUT_MS, max_records=1)
        times += [record.timestamp for batch in records.values() for record in batch]
    # nothing waits since tomorrow, nor since before there was a Kafka: a topic may leave its clock to the producers
    return datetime.fromtimestamp(min(max(min(times) / 1000, 0.0), time.time()), UTC) if times else None
