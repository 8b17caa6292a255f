"""Keep the tail up to date in a thread: read the topic behind the last slice, and follow the slices that close."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event as Signal
from threading import Thread

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.queries import Lake, LakeUnreadableError, Snapshot
from ingestion.settings import KafkaSettings, load
from ingestion.tail.judging import Catalogues, Comparison, Event, Tail, TailTotals, TailView
from ingestion.topic.client import BrokerError, reader

POLL_MS = 500
# events are looked up among the published ones in groups, each read within this time
GATHER_SECONDS = 0.2
# kafka-python limits records, not bytes, and each may have megabytes
POLLED = 16
RETRY_SECONDS = 2.0
ANSWER_MS = 3000
# an older view says nothing about now
EXPIRES_AFTER = timedelta(seconds=10)
logger = logging.getLogger(__name__)


class Watcher:
    """One per process; `view` is safe to call from any thread and costs nothing."""

    def __init__(self, lake: Lake, report: Callable[[Comparison], None] = lambda found: None) -> None:
        self._lake, self._report = lake, report
        self._stop = Signal()
        self._thread: Thread | None = None
        # the newest view, and the last one behind the slice before, which a reader may still show
        self._views: tuple[TailView, ...] = ()
        self._told = ""

    def start(self) -> None:
        """Start the thread, unless it is already running."""
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = Thread(target=self._run, name="tail", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def view(self, shown: Snapshot) -> TailView | None:
        """The tail behind the slice that a reader shows; None if it is not known now."""
        tranche, now = shown.publication.tranche if shown.publication else 0, datetime.now(UTC)
        for view in self._views:
            if view.tranche <= tranche and now - view.measured_at < EXPIRES_AFTER:
                return view.behind(shown.publication)
        return None

    def show(self, view: TailView) -> None:
        self._views = (view, *[other for other in self._views if other.tranche != view.tranche][:1])

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with reader(load(KafkaSettings)) as (consumer, partitions):
                    self._follow(consumer, partitions)
            except LakeUnreadableError as error:
                self._tell_once(error.for_log)
            except (SalesError, KafkaError, OSError) as error:
                self._tell_once(str(error))
            except Exception:
                # the thread must survive any error: an old view expires
                logger.exception("the provisional figures are not known")
            self._stop.wait(RETRY_SECONDS)

    def _tell_once(self, reason: str) -> None:
        """It tries again every two seconds, perhaps for hours."""
        if reason != self._told:
            logger.warning("the provisional figures are not known: %s", reason)
        self._told = reason

    def _follow(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        tail = self._begin(consumer, partitions)
        self._told = ""
        while not self._stop.is_set():
            if tail.is_full:
                consumer.pause(*partitions)
            events, read = _gather(consumer), _positions(consumer, partitions)
            # a consumer does not say that the broker is gone, and polls on; this asks it
            end = consumer.end_offsets(partitions, timeout_ms=ANSWER_MS)
            base = self._lake.at(tail.tranche) if tail.published else None
            self._look_up(base, tail, tail.add(events, read))
            tail = self._keep_up(consumer, partitions, tail)
            is_whole = all(read[each.partition] >= end[each] for each in partitions)
            self.show(tail.view(datetime.now(UTC), is_whole=is_whole))

    def _begin(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> Tail:
        publication = self._lake.current().publication
        published = publication.offsets if publication else {}
        first, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        begins: Offsets = {}
        for each in partitions:
            start = begins[each.partition] = max(first[each], published.get(each.partition, 0))
            if start > end[each]:
                raise BrokerError(f"partition {each.partition} ends at {end[each]}, and {start} is published")
            consumer.seek(each, start)
        consumer.resume(*partitions)
        return Tail(begins, publication, Catalogues.read())

    def _keep_up(self, consumer: KafkaConsumer, partitions: list[TopicPartition], tail: Tail) -> Tail:
        """Move behind the newest slice, once everything that it has taken is read."""
        snapshot = self._lake.current()
        newest = snapshot.publication
        if newest == tail.published:
            return tail
        if newest is None or newest.tranche <= tail.tranche or Catalogues.read() != tail.catalogues:
            # another lake, a rebuild, or other catalogues
            return self._begin(consumer, partitions)
        if not tail.has_read(newest.offsets):
            # a full tail never will
            return self._begin(consumer, partitions) if tail.is_full else tail
        self._compare(snapshot, newest.tranche, tail)
        later = tail.behind(newest)
        self._look_up(snapshot, later, later.vente_ids)
        if not later.is_full:
            consumer.resume(*partitions)
        return later

    def _look_up(self, published: Snapshot | None, tail: Tail, vente_ids: set[int]) -> None:
        if published and vente_ids:
            tail.know(_published_among(published, vente_ids))

    def _compare(self, snapshot: Snapshot, newest: int, tail: Tail) -> None:
        slices = [each.offsets for each in self._lake.ledger.slices() if tail.tranche < each.tranche <= newest]
        found = Comparison(newest, tail.said_of(slices), _published_since(snapshot, tail.tranche))
        if not found.is_equal:
            logger.error("the provisional figures were wrong: %s", found)
        self._report(found)


def _gather(consumer: KafkaConsumer) -> list[Event]:
    """The events that come within a moment."""
    events: list[Event] = []
    until = time.monotonic() + GATHER_SECONDS
    timeout = POLL_MS
    while polled := consumer.poll(timeout_ms=timeout, max_records=POLLED):
        events += [
            Event(each.partition, each.offset, each.value if isinstance(each.value, bytes) else None, each.timestamp)
            for records in polled.values()
            for each in records
        ]
        if time.monotonic() > until:
            break
        timeout = 0
    return events


def _positions(consumer: KafkaConsumer, partitions: Iterable[TopicPartition]) -> Offsets:
    return {each.partition: consumer.position(each) for each in partitions}


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
