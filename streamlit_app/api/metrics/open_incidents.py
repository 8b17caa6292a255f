"""What is out of the ordinary and still open, and how far the watch is behind."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.detectors import severity
from ingestion.queries import CAUSES, LakeUnreadableError
from ingestion.reading.incidents import ACKNOWLEDGED, CLOSED, Watch
from ingestion.settings import GoldSettings, load
from streamlit_app.api.answers import age_seconds


class OpenIncidents(Collector):
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        try:
            seen, unreadable = self._watch.seen(), self._watch.acknowledgements.known().unreadable
        except LakeUnreadableError:
            # the absence of these figures alerts
            return
        # every cause has a figure, or an alert could not tell none from unknown
        counts = Counter(dict.fromkeys(((cause, severity(cause, Decimal(0)), "false") for cause in CAUSES), 0))
        counts.update(
            (each.cause, each.severite, str(each.statut == ACKNOWLEDGED).lower())
            for each in seen.incidents
            if each.statut != CLOSED
        )
        incidents = GaugeMetricFamily(
            "sales_anomalies_open",
            "Incidents that are open, by cause, severity, and whether somebody has acknowledged them",
            labels=("cause", "severity", "acknowledged"),
        )
        for labels, count in counts.items():
            incidents.add_metric(labels, count)
        yield incidents
        yield GaugeMetricFamily(
            "sales_acknowledgements_unreadable",
            "Lines in the record of acknowledgements that cannot be read",
            value=unreadable,
        )
        # nobody expects Gold to be new while it is made by hand only
        interval = load(GoldSettings).gold_interval_seconds
        if seen.state and seen.state.complet_jusque and interval:
            yield GaugeMetricFamily(
                "sales_watch_overdue_seconds",
                "How much longer than the interval of Gold what arrived has been waiting to be searched for anomalies",
                value=max(0.0, age_seconds(seen.state.complet_jusque) - interval),
            )
