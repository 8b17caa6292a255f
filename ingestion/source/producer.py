"""Send events to Kafka, and return only when the broker has acknowledged every one."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.producer.future import RecordMetadata

from ingestion import hints
from ingestion.errors import SalesError
from ingestion.event import Message, Offsets
from ingestion.settings import KafkaSettings
from ingestion.sizes import LARGEST_EVENT
from ingestion.source.sent_totals import SentCounter
from ingestion.topic.client import BrokerError, no_topic, topic_id

MAX_IN_FLIGHT = 20_000
# how long the client tries to deliver a batch
DELIVERY_SECONDS = 60.0
# Then it gives up, but not while it waits for a producer's id, which a cluster without a quorum never gives.
GIVEN_UP_SECONDS = DELIVERY_SECONDS + 5.0
CLOSING_SECONDS = 5.0
logger = logging.getLogger(__name__)


@dataclass
class Report:
    """What was acknowledged: events by kind, and by partition the ranges [from, to) of their offsets.

    Between two ranges are other producers' events, and offsets that hold no event.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    ranges: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def acknowledged(self) -> int:
        return self.kinds.total()

    @property
    def from_offsets(self) -> Offsets:
        return {partition: min(start for start, _ in ranges) for partition, ranges in self.ranges.items()}

    @property
    def to_offsets(self) -> Offsets:
        """By partition, the offset after the last acknowledged event: what a drain waits for."""
        return {partition: max(end for _, end in ranges) for partition, ranges in self.ranges.items()}

    def add(self, kind: str, partition: int, offset: int) -> None:
        self.kinds[kind] += 1
        ranges = self.ranges.setdefault(partition, [])
        if ranges and ranges[-1][1] == offset:
            ranges[-1] = (ranges[-1][0], offset + 1)
        else:
            ranges.append((offset, offset + 1))


class ProduceError(SalesError):
    """Not every event was acknowledged; `report` says which were."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def produce(
    settings: KafkaSettings,
    messages: Iterable[Message],
    rate: float | None = None,
    on_acknowledged: Callable[[int], None] = lambda count: None,
) -> Report:
    """Send the messages, at most `rate` a second, and wait for the broker's answer to each.

    Ctrl-C stops the sending and waits for what is under way.  Raises ProduceError if an event was refused or timed out,
    BrokerError if no broker answers or the topic does not exist.
    """
    if topic_id(settings) is None:
        raise BrokerError(no_topic(settings))
    sending = _Sending(settings, on_acknowledged)
    try:
        for number, message in enumerate(messages):
            sending.pace(number, rate)
            if not sending.send(message):
                break
            sending.tell_when_due()
    except KeyboardInterrupt:
        logger.info("interrupted; waiting for what is under way")
    except BaseException:
        sending.close()
        raise
    return sending.finish()


class _Sending:
    def __init__(self, settings: KafkaSettings, on_acknowledged: Callable[[int], None]) -> None:
        self._topic = settings.topic
        self._producer = KafkaProducer(
            bootstrap_servers=settings.bootstrap_servers,
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            linger_ms=20,
            batch_size=256 * 1024,
            # applies before compression; the topic's own limit applies after it
            max_request_size=2 * LARGEST_EVENT,
            delivery_timeout_ms=round(1000 * DELIVERY_SECONDS),
        )
        self._in_flight = threading.BoundedSemaphore(MAX_IN_FLIGHT)
        self._on_acknowledged = on_acknowledged
        self._report = Report()
        self._lock = threading.Lock()
        self._failures: list[Exception] = []
        self._sent = self._answered = 0
        self._answered_at = time.monotonic()
        self._gave_up = False
        self._started = time.monotonic()
        self._counter = SentCounter()

    def pace(self, number: int, rate: float | None) -> None:
        if rate is not None:
            time.sleep(max(0.0, self._started + number / rate - time.monotonic()))

    def send(self, message: Message) -> bool:
        """Send one message; false if none of those under way gets an answer."""
        if self._sent == self._answered:
            self._answered_at = time.monotonic()
        silent_for = time.monotonic() - self._answered_at
        if silent_for > GIVEN_UP_SECONDS or not self._in_flight.acquire(timeout=GIVEN_UP_SECONDS):
            self._gave_up = True
            return False
        self._sent += 1
        try:
            future = self._producer.send(self._topic, key=message.key, value=message.value)
        except KafkaError as error:
            self._failed(error)
            return True
        future.add_callback(self._acknowledged, message.kind)
        future.add_errback(self._failed)
        return True

    def _acknowledged(self, kind: str, metadata: RecordMetadata) -> None:
        # called in the producer's thread, or in this one if the answer came before the callback was added
        with self._lock:
            self._report.add(kind, metadata.partition, metadata.offset)
            self._on_acknowledged(self._report.acknowledged)
            self._note_answer()

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._failures.append(error)
            self._note_answer()

    def _note_answer(self) -> None:
        self._answered += 1
        self._answered_at = time.monotonic()
        self._in_flight.release()

    def tell_when_due(self) -> None:
        if self._counter.due():
            with self._lock:
                kinds = self._report.kinds.copy()
            self._counter.report(kinds)

    def close(self) -> None:
        """Close the producer; what was sent is still delivered if the broker answers."""
        try:
            self._producer.close(GIVEN_UP_SECONDS)
        except KafkaTimeoutError:
            # the client has no other way to end its thread, which goes on asking; what is under way fails
            self._failures.append(TimeoutError(f"no answer for {GIVEN_UP_SECONDS:g} s"))
            self._producer._sender.force_close()
            self._producer._sender.join(CLOSING_SECONDS)
            # or it would be closed once more, and wait and fail once more, when it is deleted
            self._producer._closed = True

    def finish(self) -> Report:
        self.close()
        self._report.seconds = time.monotonic() - self._started
        missing = self._sent - self._report.acknowledged
        self._counter.report(self._report.kinds, unacknowledged=missing)
        if missing:
            reason = self._failures[0] if self._failures else "no answer"
            stopped = ", and no more were sent" if self._gave_up else ""
            raise ProduceError(
                f"{missing} of {self._sent} events were not acknowledged ({reason}){stopped}; look at the broker "
                f"({hints.logs('kafka')}), then produce them again",
                self._report,
            )
        return self._report
