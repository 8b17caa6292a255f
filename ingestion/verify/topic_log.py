"""The broker's own log, read from its beginning to its end at the time of the call."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.event import Offsets
from ingestion.settings import KafkaSettings, load
from ingestion.sizes import LARGEST_EVENT
from ingestion.topic.client import BrokerError, reader

BATCH = 20_000
BATCH_BYTES = 16 * 1024 * 1024
# kafka-python limits records, not bytes, and each may have KEPT_BYTES, so only few are polled as soon as one is large
POLLED, POLLED_LARGE = 500, 32
SMALL_VALUE = 16 * 1024
SILENCE_SECONDS = 30.0


class Record(NamedTuple):
    """One event in the topic; `timestamp` is in milliseconds since 1970, as in Kafka.

    `is_too_large`: the value is too large to be read as an event; it is None if it exceeds `KEPT_BYTES`.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    is_too_large: bool = False


@dataclass(frozen=True)
class TopicLog:
    """By partition, the first offset held and the one after the last; and the records in between, in batches."""

    first: Offsets
    end: Offsets
    batches: Iterable[list[Record]]


@contextmanager
def broker_log() -> Iterator[TopicLog]:
    """The log of the broker in the settings; raises BrokerError when it does not answer."""
    with reader(load(KafkaSettings)) as (consumer, partitions):
        try:
            first, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            yield TopicLog(
                {tp.partition: first[tp] for tp in partitions},
                {tp.partition: end[tp] for tp in partitions},
                _batches(consumer, first, end),
            )
        except KafkaError as error:
            raise BrokerError(f"the broker stopped answering while the topic was read ({error})") from error


def _batches(
    consumer: KafkaConsumer, first: dict[TopicPartition, int], end: dict[TopicPartition, int]
) -> Iterator[list[Record]]:
    waiting = [tp for tp in end if first[tp] < end[tp]]
    consumer.assign(waiting)
    for tp in waiting:
        consumer.seek(tp, first[tp])
    heard, batch, size = time.monotonic(), list[Record](), 0
    at_once = POLLED_LARGE
    while waiting:
        polled = consumer.poll(timeout_ms=1000, max_records=at_once)
        if polled:
            heard = time.monotonic()
            batch += [_record(each) for tp, records in polled.items() for each in records if each.offset < end[tp]]
            sizes = [max(each.serialized_value_size, 0) for records in polled.values() for each in records]
            size += sum(sizes)
            at_once = POLLED_LARGE if max(sizes) > SMALL_VALUE else POLLED
            if size >= BATCH_BYTES or len(batch) >= BATCH:
                yield batch
                batch, size = [], 0
        elif time.monotonic() > heard + SILENCE_SECONDS:
            raise BrokerError(f"the broker has sent nothing for {SILENCE_SECONDS:g} s while the topic was read")
        done = [tp for tp in waiting if consumer.position(tp) >= end[tp]]
        consumer.pause(*done)
        waiting = [tp for tp in waiting if tp not in done]
    yield batch


def _record(found: Any) -> Record:
    key, value = (part if isinstance(part, bytes) else None for part in (found.key, found.value))
    too_large = found.serialized_value_size > LARGEST_EVENT
    return Record(found.partition, found.offset, key, value, found.timestamp, too_large)
