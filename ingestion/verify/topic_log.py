"""The broker's own log, read from its beginning to where it ends at the call."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.settings import KafkaSettings, load
from ingestion.topic import BrokerError, Offsets, reader

BATCH = 20_000
SILENCE_SECONDS = 30.0


class Record(NamedTuple):
    """One event in the topic; `timestamp` in milliseconds since 1970, as Kafka has it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int


@dataclass(frozen=True)
class TopicLog:
    """By partition the first offset that is held and the one behind the last; the records in between, in batches."""

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
    heard = time.monotonic()
    while waiting:
        polled = consumer.poll(timeout_ms=1000, max_records=BATCH)
        if polled:
            heard = time.monotonic()
            yield [
                Record(tp.partition, record.offset, record.key, record.value, record.timestamp)
                for tp, records in polled.items()
                for record in records
                if record.offset < end[tp]
            ]
        elif time.monotonic() > heard + SILENCE_SECONDS:
            raise BrokerError(f"the broker has sent nothing for {SILENCE_SECONDS:g} s while the topic was read")
        done = [tp for tp in waiting if consumer.position(tp) >= end[tp]]
        consumer.pause(*done)
        waiting = [tp for tp in waiting if tp not in done]
