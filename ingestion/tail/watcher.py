"""Keep the tail up to date in a thread: read the topic behind the last slice, and follow the slices that close."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.processes.background import Background
from ingestion.queries import Lake, LakeUnreadableError, Snapshot
from ingestion.settings import KafkaSettings, load
from ingestion.sizes import LARGEST_EVENT
from ingestion.tail.judging import Catalogues, Comparison, Event, Tail, TailTotals, TailView
from ingestion.topic.client import BrokerError, reader

POLL_MS = 500
# events are looked up among the published ones in groups, each read within this time
GATHER_SECONDS = 0.2
# kafka-python limits records, not bytes, and each may have megabytes: one by one as soon as one is large
POLLED, SMALL_VALUE = 16, 64 * 1024
RETRY_SECONDS = 2.0
ANSWER_MS = 3000
# an older view says nothing about now
EXPIRES_AFTER = timedelta(seconds=10)
logger = logging.getLogger(__name__)


class Watcher:
    """One per process; `view` is safe to call from any thread and costs nothing."""

    def __init__(self, lake: Lake, report: Callable[[Comparison], None] = lambda found: None) -> None:
        self._lake, self._report = lake, report
        self._background = Background("tail", self._run)
        self.start, self.stop = self._background.start, self._background.stop
        # the newest view first; a reader may still show the slice before, so its last view stays until it expires
        self._views: tuple[TailView, ...] = ()
        self._told = ""

    def view(self, shown: Snapshot) -> TailView | None:
        """The tail behind the slice that a reader shows; None if it is not known now."""
        tranche, now = shown.publication.tranche if shown.publication else 0, datetime.now(UTC)
        for view in self._views:
            if view.tranche <= tranche and now - view.measured_at < EXPIRES_AFTER:
                return view.behind(shown.publication)
        return None

    def show(self, view: TailView) -> None:
        earlier = (other for other in self._views if other.tranche != view.tranche)
        self._views = (view, *(each for each in earlier if view.measured_at - each.measured_at < EXPIRES_AFTER))

    def _run(self) -> None:
        while not self._background.stopped.is_set():
            try:
                with reader(load(KafkaSettings), on_lost_offset="none") as (consumer, partitions):
                    self._follow(consumer, partitions)
            except LakeUnreadableError as error:
                self._tell_once(error.for_log)
            except (SalesError, KafkaError, OSError) as error:
                self._tell_once(str(error))
            except Exception as error:
                # the thread must survive any error: an old view expires
                self._tell_once(f"{type(error).__name__}: {error}", traceback=True)
            self._background.stopped.wait(RETRY_SECONDS)

    def _tell_once(self, reason: str, *, traceback: bool = False) -> None:
        """It tries again every two seconds, perhaps for hours."""
        if reason != self._told:
            logger.warning("the provisional figures are not known: %s", reason, exc_info=traceback)
        self._told = reason

    def _follow(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        tail = self._begin(consumer, partitions)
        while not self._background.stopped.is_set():
            if tail.is_full:
                consumer.pause(*partitions)
            # asked before reading: what arrives meanwhile does not make the tail less whole.  When the broker is gone,
            # this raises, and a consumer only polls on.
            end = _by_number(consumer.end_offsets(partitions, timeout_ms=ANSWER_MS))
            _refuse_another_topic(consumer, partitions, _positions(consumer, partitions), end)
            events, read = _gather(consumer), _positions(consumer, partitions)
            self._look_up(tail, tail.add(events, read))
            tail = self._keep_up(consumer, partitions, tail)
            self.show(tail.view(datetime.now(UTC), is_whole=tail.has_all and tail.has_read(end)))
            self._told = ""

    def _begin(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> Tail:
        publication = self._lake.current().publication
        published = publication.offsets if publication else {}
        first = _by_number(consumer.beginning_offsets(partitions))
        begins = {n: max(start, published.get(n, 0)) for n, start in first.items()}
        _refuse_another_topic(consumer, partitions, begins, _by_number(consumer.end_offsets(partitions)))
        for each in partitions:
            consumer.seek(each, begins[each.partition])
        consumer.resume(*partitions)
        # what the topic has dropped may be in Bronze, and be published later
        dropped = any(begins[n] > start for n, start in published.items() if n in begins)
        return Tail(begins, publication, Catalogues.read(), has_all=not dropped)

    def _keep_up(self, consumer: KafkaConsumer, partitions: list[TopicPartition], tail: Tail) -> Tail:
        """Move behind the newest slice, once everything that it has taken is read."""
        snapshot = self._lake.current()
        newest = snapshot.publication
        if tail.catalogues.are_edited() and Catalogues.read() != tail.catalogues:
            return self._begin(consumer, partitions)
        if newest == tail.published:
            return tail
        if newest is None or newest.tranche <= tail.tranche:
            # another lake, or a rebuild
            return self._begin(consumer, partitions)
        if newest.offsets.keys() - {each.partition for each in partitions}:
            raise BrokerError("the topic has new partitions")
        if not tail.has_read(newest.offsets):
            # a full tail never will
            return self._begin(consumer, partitions) if tail.is_full else tail
        if tail.has_all:
            self._compare(snapshot, newest.tranche, tail)
        later = tail.behind(newest)
        self._look_up(later, later.vente_ids)
        if not later.is_full:
            consumer.resume(*partitions)
        return later

    def _look_up(self, tail: Tail, vente_ids: set[int]) -> None:
        if tail.published and vente_ids:
            tail.know(_published_among(self._lake.at(tail.tranche), vente_ids))

    def _compare(self, snapshot: Snapshot, newest: int, tail: Tail) -> None:
        slices = [each.offsets for each in self._lake.ledger.slices() if tail.tranche < each.tranche <= newest]
        found = Comparison(newest, tail.said_of(slices), _published_since(snapshot, tail.tranche))
        if not found.is_equal:
            logger.error("the provisional figures were wrong: %s", found)
        self._report(found)


def _refuse_another_topic(
    consumer: KafkaConsumer, partitions: list[TopicPartition], read: Offsets, end: Offsets
) -> None:
    """Raise BrokerError if the topic has got partitions, or has lost events: then all begins again."""
    known = consumer.partitions_for_topic(load(KafkaSettings).topic) or set()
    if known - {each.partition for each in partitions}:
        raise BrokerError("the topic has new partitions")
    for n, offset in read.items():
        if offset > end[n]:
            raise BrokerError(f"partition {n} of the topic ends at {end[n]}, before {offset}, which was read")


def _gather(consumer: KafkaConsumer) -> list[Event]:
    """The events that come within a moment."""
    events: list[Event] = []
    until = time.monotonic() + GATHER_SECONDS
    timeout, at_once = POLL_MS, POLLED
    while polled := consumer.poll(timeout_ms=timeout, max_records=at_once):
        found = [each for records in polled.values() for each in records]
        events += map(_event, found)
        if time.monotonic() > until:
            break
        timeout, at_once = 0, 1 if max(each.serialized_value_size for each in found) > SMALL_VALUE else POLLED
    return events


def _event(found: Any) -> Event:
    # a larger value is rejected whatever it holds
    is_kept = isinstance(found.value, bytes) and len(found.value) <= LARGEST_EVENT
    return Event(found.partition, found.offset, found.value if is_kept else None, found.timestamp)


def _positions(consumer: KafkaConsumer, partitions: Iterable[TopicPartition]) -> Offsets:
    return {each.partition: consumer.position(each) for each in partitions}


def _by_number(offsets: dict[TopicPartition, int]) -> Offsets:
    return {each.partition: offset for each, offset in offsets.items()}


def _published_among(snapshot: Snapshot, vente_ids: set[int]) -> list[int]:
    rows = snapshot.rows(
        "ventes_clean",
        """
        select vente_id from read_parquet($files)
        where vente_id between $lowest and $highest and vente_id in (select unnest($vente_ids))
        """,
        vente_ids=sorted(vente_ids),
        lowest=min(vente_ids),
        highest=max(vente_ids),
    )
    return [vente_id for (vente_id,) in rows]


def _published_since(snapshot: Snapshot, tranche: int) -> TailTotals:
    """What the slices after that one have published."""
    rows = snapshot.rows(
        "ventes_clean",
        "select count(*), sum(montant), sum(quantite)::bigint from read_parquet($files) where tranche > $tranche",
        tranche=tranche,
    )
    count, total, pieces = rows[0] if rows else (0, None, None)
    return TailTotals(count, total or Decimal("0.00"), pieces or 0)
