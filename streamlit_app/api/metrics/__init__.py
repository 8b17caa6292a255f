"""What Prometheus scrapes: our own requests, and the state that is in files, read at each scrape.

infra/prometheus/metrics.py lists the names.
"""

from prometheus_client import CollectorRegistry

from ingestion.queries import Lake
from ingestion.reading.incidents import Watch
from ingestion.tail.watcher import Watcher
from streamlit_app.api.metrics.bronze_stream import Stream
from streamlit_app.api.metrics.http_requests import MeasureRequests, Requests
from streamlit_app.api.metrics.job_runs import Dags, DbtRuns, Producers, Upkeeps
from streamlit_app.api.metrics.open_incidents import OpenIncidents
from streamlit_app.api.metrics.provisional_figures import ProvisionalFigures
from streamlit_app.api.metrics.published_figures import FiguresCollector
from streamlit_app.api.metrics.storage import Disks, Tables
from streamlit_app.singletons import Sampler

__all__ = ["MeasureRequests", "Metrics"]


class Metrics:
    """The metrics registry of one app."""

    def __init__(self, lake: Lake, sampler: Sampler, tail: Watcher, watch: Watch, *, measures_lake: bool) -> None:
        self.registry = CollectorRegistry()
        self.requests = Requests(self.registry)
        if not measures_lake:
            return
        for collector in (
            FiguresCollector(lake, sampler),
            ProvisionalFigures(lake, tail),
            OpenIncidents(watch),
            Stream(lake.bronze, sampler),
            Tables(lake),
            Disks(),
            Producers(),
            DbtRuns(),
            Dags(),
            Upkeeps(),
        ):
            self.registry.register(collector)
