"""The published figures: how fresh and how complete they are."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.queries import Lake, LakeUnreadableError, Snapshot, clean_count, newest_vente_at, rejected_by_raison
from ingestion.settings import GoldSettings, load
from streamlit_app.api.answers import age_seconds
from streamlit_app.singletons import Sampler, utc_now


class FiguresCollector(Collector):
    def __init__(self, lake: Lake, sampler: Sampler) -> None:
        self._lake, self._sampler = lake, sampler

    def collect(self) -> Iterable[Metric]:
        yield from self._freshness()
        try:
            published, readable = list(self._of_lake()), True
        except LakeUnreadableError:
            # our own requests must still be scraped, now more than ever
            published, readable = [], False
        yield GaugeMetricFamily("sales_lake_readable", "0 when a published table cannot be read", value=readable)
        yield from published

    def _freshness(self) -> Iterable[Metric]:
        now = utc_now()
        freshness = self._sampler.current(now)
        stale = self._sampler.cause(now) is not None
        yield GaugeMetricFamily(
            "sales_stale", "1 when the figures are stale: an event waits too long, or the stream is down", value=stale
        )
        if freshness is None or freshness.lag is None:
            return
        yield GaugeMetricFamily("sales_lag_events", "Events in Kafka that are not published", value=freshness.lag)
        oldest = freshness.oldest_unpublished_at
        yield GaugeMetricFamily(
            "sales_oldest_unpublished_seconds",
            "How long the oldest unpublished event has been in Kafka",
            value=max((now - oldest).total_seconds(), 0.0) if oldest else 0.0,
        )
        opened = freshness.open_transaction_at
        yield GaugeMetricFamily(
            "sales_open_transaction_seconds",
            "How long a transaction has been open that holds back what was sent after it; 0 without one",
            value=max((now - opened).total_seconds(), 0.0) if opened else 0.0,
        )

    def _of_lake(self) -> Iterable[Metric]:
        snapshot = self._lake.current()
        yield GaugeMetricFamily(
            "sales_open_slice_age_seconds",
            "Time since the open slice was opened; 0 when no slice is open",
            value=age_seconds(opened.opened_at) if (opened := self._lake.open_slice()) else 0.0,
        )
        if snapshot.publication is None:
            return
        yield GaugeMetricFamily(
            "sales_published_tranche", "Number of the newest closed slice", value=snapshot.publication.tranche
        )
        age = age_seconds(snapshot.publication.closed_at)
        yield GaugeMetricFamily("sales_data_age_seconds", "Time since the newest slice closed", value=age)
        if newest := newest_vente_at(snapshot):
            yield GaugeMetricFamily(
                "sales_newest_vente_age_seconds",
                "Age of the newest published sale; 0 when it is dated ahead of now",
                value=age_seconds(newest),
            )
        yield from _ledger(snapshot)
        yield from self._of_gold()

    def _of_gold(self) -> Iterable[Metric]:
        """Nothing while Gold is made by hand only: then nobody expects it to be new."""
        interval = load(GoldSettings).gold_interval_seconds
        if not interval:
            return
        gold = self._lake.gold().publication
        tranche = gold.tranche if gold else 0
        missing = self._lake.ledger.first_after(tranche)
        yield GaugeMetricFamily(
            "sales_gold_tranche",
            "The slice that the marts of Gold stand on; 0 before the first",
            value=tranche,
        )
        yield GaugeMetricFamily(
            "sales_gold_overdue_seconds",
            "How much longer than the interval of Gold published sales have been waiting for it",
            value=max(0.0, age_seconds(missing.closed_at) - interval) if missing else 0.0,
        )


def _ledger(snapshot: Snapshot) -> Iterable[Metric]:
    totals = snapshot.totals
    yield CounterMetricFamily("sales_ledger_read_events", "Events of every closed slice", value=totals.rows_read)
    verdicts = {"clean": totals.rows_clean, "rejected": totals.rows_rejected, "duplicate": totals.rows_duplicates}
    events = CounterMetricFamily("sales_ledger_events", "Events of every closed slice by verdict", labels=("verdict",))
    for verdict, count in verdicts.items():
        events.add_metric((verdict,), count)
    yield events
    by_raison = rejected_by_raison(snapshot)
    # a slice that does not balance never closes, so only the tables could be wrong: count them again
    stored = clean_count(snapshot) + sum(by_raison.values()) + totals.rows_duplicates
    yield GaugeMetricFamily(
        "sales_ledger_unbalanced_events",
        "Events of every closed slice, less those that the published tables hold",
        value=totals.rows_read - stored,
    )
    rejected = CounterMetricFamily(
        "ventes_rejected", "Rejected events of every closed slice by reason", labels=("raison",)
    )
    for raison, count in by_raison.items():
        rejected.add_metric((raison,), count)
    yield rejected
