"""What Prometheus scrapes: our own requests, and the state of the published figures at the scrape."""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestion.orchestration.alerts import dag_states
from ingestion.state import read_state
from streamlit_app.api.answers import age_seconds
from streamlit_app.live import Sampler, utc_now
from streamlit_app.queries import Lake, LakeUnreadable, newest_vente_at, rejected_by_raison

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The registry of one app."""

    def __init__(self, lake: Lake, sampler: Sampler) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "sales_api_request_seconds",
            "Time to answer a request",
            ("route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.cache_hits = Counter("sales_api_cache_hits", "Answers from the cache", registry=self.registry)
        self.cache_misses = Counter("sales_api_cache_misses", "Answers from the lake", registry=self.registry)
        self.registry.register(_Published(lake, sampler))
        self.registry.register(_Orchestrated())


class _Published(Collector):
    def __init__(self, lake: Lake, sampler: Sampler) -> None:
        self._lake, self._sampler = lake, sampler

    def collect(self) -> Iterable[Metric]:
        freshness, stale = self._sampler.latest(), self._sampler.cause(utc_now()) is not None
        yield GaugeMetricFamily("sales_stale", "1 when an event waits too long or the stream is down", value=stale)
        if freshness is not None and freshness.lag is not None:
            yield GaugeMetricFamily("sales_lag_events", "Events in Kafka that are not published", value=freshness.lag)
        try:
            published, readable = list(self._of_lake()), True
        except LakeUnreadable:
            # our own requests are still to be scraped, now above all
            published, readable = [], False
        yield GaugeMetricFamily("sales_lake_readable", "0 when a published table cannot be read", value=readable)
        yield from published

    def _of_lake(self) -> Iterable[Metric]:
        snapshot = self._lake.current()
        if snapshot.publication is None:
            return
        yield GaugeMetricFamily("sales_published_tranche", "Newest closed slice", value=snapshot.publication.tranche)
        age = age_seconds(snapshot.publication.closed_at)
        yield GaugeMetricFamily("sales_data_age_seconds", "Time since the newest slice closed", value=age)
        if newest := newest_vente_at(snapshot):
            yield GaugeMetricFamily(
                "sales_newest_vente_age_seconds",
                "Age of the newest sale",
                value=age_seconds(newest),
            )
        rejected = GaugeMetricFamily("ventes_rejected", "Rejected events by reason", labels=("raison",))
        for raison, count in rejected_by_raison(snapshot).items():
            rejected.add_metric((raison,), count)
        yield rejected


class _Orchestrated(Collector):
    """What the DAGs have left in their state files; nothing where they have never run."""

    def collect(self) -> Iterable[Metric]:
        if states := dag_states():
            yield from _of_dags(states)
        if upkeep := read_state("maintenance"):
            yield GaugeMetricFamily("sales_maintenance_timestamp_seconds", "When it ended", value=_at(upkeep))
            for unit, what in (("files", "Data files"), ("bytes", "Size of the data files")):
                sizes = GaugeMetricFamily(
                    f"sales_maintenance_{unit}",
                    f"{what} of a table, those of old versions too, before and after the last upkeep",
                    labels=("table", "moment"),
                )
                for table in upkeep["tables"]:
                    for moment in ("before", "after"):
                        sizes.add_metric((table["table"], moment), table[f"{unit}_{moment}"])
                yield sizes


def _of_dags(states: dict[str, dict[str, Any]]) -> Iterable[Metric]:
    failures = CounterMetricFamily("sales_dag_task_failures", "Tasks that have failed", labels=("dag",))
    late = CounterMetricFamily("sales_dag_late_runs", "Runs that missed their deadline", labels=("dag",))
    succeeded = GaugeMetricFamily(
        "sales_dag_last_run_succeeded",
        "0 after a failed task or a missed deadline, until a run succeeds",
        labels=("dag",),
    )
    ended = GaugeMetricFamily("sales_dag_last_run_timestamp_seconds", "When that was told", labels=("dag",))
    for dag, state in states.items():
        failures.add_metric((dag,), state["failures"])
        late.add_metric((dag,), state["late_runs"])
        succeeded.add_metric((dag,), state["state"] == "succeeded")
        ended.add_metric((dag,), _at(state))
    yield from (failures, late, succeeded, ended)


def _at(state: dict[str, Any]) -> float:
    return datetime.fromisoformat(state["at"]).timestamp()


class MeasureRequests:
    """Times every request under its route's template, so that no address of a visitor becomes a label."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(route, str(status)).observe(time.perf_counter() - started)
