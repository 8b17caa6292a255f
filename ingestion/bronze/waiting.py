"""What waits in Kafka to be published."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition

from ingestion.event import Offsets
from ingestion.settings import KafkaSettings, load
from ingestion.topic.client import reader

_TIMEOUT_MS = 3000


@dataclass(frozen=True)
class Waiting:
    """`count`: committed events that are not published.

    It counts offsets, so until the stream has read offsets that hold no event, it is too high by their number.
    `oldest_at`: when the first of them arrived; None if none waits, or the broker did not send one in time.
    `open_transaction_at`: since when an open transaction has held back what was sent after it.  `first`, `end`: by
    partition, the first offset that the broker still holds, and the end of what is committed (exclusive).  `is_whole`:
    the broker has sent what was asked for of every partition; otherwise, something older may wait.
    """

    count: int
    oldest_at: datetime | None
    open_transaction_at: datetime | None
    first: Offsets
    end: Offsets
    is_whole: bool


def measure_waiting(published: Offsets, in_bronze: Offsets, read: Offsets) -> Waiting:
    """Compare the broker's offsets with those published, in Bronze, and read by the stream; all are exclusive ends.

    Raises BrokerError, KafkaError, OSError.
    """
    settings = load(KafkaSettings)
    with reader(settings, "read_uncommitted") as (everything, partitions):
        # the log's end is read first: if the committed end is still below it, a transaction is open there
        log_end = _by_number(everything.end_offsets(partitions, timeout_ms=_TIMEOUT_MS))
        first = _by_number(everything.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS))
        if not waiting_offsets(first, log_end, published, in_bronze, read):
            # the usual case: the stream, which reads only what is committed, has read the whole log; all is published
            return Waiting(0, None, None, first, log_end, is_whole=True)
        with reader(settings) as (committed, _):
            end = _by_number(committed.end_offsets(partitions, timeout_ms=_TIMEOUT_MS))
            waiting = waiting_offsets(first, end, published, in_bronze, read)
            oldest = _oldest(committed, {n: (start, end[n]) for n, (start, _) in waiting.items()})
        opened = _oldest(everything, {n: (end[n], last) for n, last in log_end.items() if last > end[n]})
    count, is_whole = sum(count for _, count in waiting.values()), oldest.is_whole and opened.is_whole
    return Waiting(count, oldest.at, opened.at, first, end, is_whole)


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


class _Oldest(NamedTuple):
    """`is_whole`: every range has been read up to its first event, or to its end."""

    at: datetime | None
    is_whole: bool


def _oldest(consumer: KafkaConsumer, ranges: dict[int, tuple[int, int]]) -> _Oldest:
    """The Kafka timestamp of the oldest of the first events in these ranges; None if they hold no event."""
    topic = load(KafkaSettings).topic
    times = [_first_time(consumer, TopicPartition(topic, n), start, end) for n, (start, end) in ranges.items()]
    known = [moment for moment, _ in times if moment is not None]
    # limited to the time from 1970 to now, because a topic may take its timestamps from its producers' clocks
    oldest = datetime.fromtimestamp(min(max(min(known) / 1000, 0.0), time.time()), UTC) if known else None
    return _Oldest(oldest, all(is_read for _, is_read in times))


def _first_time(consumer: KafkaConsumer, partition: TopicPartition, start: int, end: int) -> tuple[int | None, bool]:
    """The first event's time in milliseconds, None if there is none before `end`; and whether it was sent in time."""
    deadline = time.monotonic() + _TIMEOUT_MS / 1000
    consumer.assign([partition])
    consumer.seek(partition, start)
    while consumer.position(partition) < end and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=_TIMEOUT_MS // 10, max_records=1).values():
            return int(records[0].timestamp), True
    return None, consumer.position(partition) >= end
