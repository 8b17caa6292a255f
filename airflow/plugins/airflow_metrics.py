"""Airflow's own figures for Prometheus, at /sales/metrics, counted in its database on each request."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Annotated, Any, ClassVar

from airflow.jobs.job import Job
from airflow.models import DagModel, DagRun, Pool, TaskInstance
from airflow.models.errors import ParseImportError
from airflow.plugins_manager import AirflowPlugin
from airflow.utils.session import create_session
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ingestion.settings import AirflowSettings, load

COMPONENTS = {"SchedulerJob": "scheduler", "DagProcessorJob": "dag_processor", "TriggererJob": "triggerer"}
RUN_STATES = ("queued", "running")
TASK_STATES = ("scheduled", "queued", "running", "deferred", "up_for_retry")


class AirflowCollector(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing, because collecting at registration would query the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        with create_session() as session:
            yield _heartbeats(session)
            yield from _dags(session)
            yield _tasks(session)
            errors = session.scalar(select(func.count()).select_from(ParseImportError))
            yield GaugeMetricFamily(
                "airflow_dag_import_errors", "DAG files that Airflow cannot read", value=errors or 0
            )
            yield _pools(session)


def _heartbeats(session: Session) -> Metric:
    ages = GaugeMetricFamily(
        "airflow_component_heartbeat_age_seconds",
        "Time since the last heartbeat of a component of Airflow",
        labels=("component",),
    )
    newest = select(Job.job_type, func.max(Job.latest_heartbeat)).group_by(Job.job_type)
    for kind, at in session.execute(newest):
        if kind in COMPONENTS:
            ages.add_metric((COMPONENTS[kind],), max((datetime.now(UTC) - _utc(at)).total_seconds(), 0.0))
    return ages


def _dags(session: Session) -> Iterator[Metric]:
    paused = GaugeMetricFamily("airflow_dag_paused", "1 when a DAG is paused, so that no run starts", labels=("dag",))
    runs = GaugeMetricFamily("airflow_dag_runs", "Runs of a DAG that have not ended", labels=("dag", "state"))
    counted = select(DagRun.dag_id, DagRun.state, func.count()).where(DagRun.state.in_(RUN_STATES))
    counts = {(dag, str(state)): n for dag, state, n in session.execute(counted.group_by(DagRun.dag_id, DagRun.state))}
    for dag, is_paused in session.execute(select(DagModel.dag_id, DagModel.is_paused).where(~DagModel.is_stale)):
        paused.add_metric((dag,), is_paused)
        for state in RUN_STATES:
            runs.add_metric((dag, state), counts.get((dag, state), 0))
    yield from (paused, runs, _last_durations(session), _last_successes(session))


def _last_durations(session: Session) -> Metric:
    seconds = GaugeMetricFamily(
        "airflow_dag_last_run_seconds", "Duration of the newest run of a DAG that has ended", labels=("dag",)
    )
    newest = select(DagRun.dag_id, func.max(DagRun.end_date).label("at")).group_by(DagRun.dag_id).subquery()
    of_newest = (DagRun.dag_id == newest.c.dag_id) & (DagRun.end_date == newest.c.at)
    for dag, start, end in session.execute(
        select(DagRun.dag_id, DagRun.start_date, DagRun.end_date).join(newest, of_newest)
    ):
        if start:
            seconds.add_metric((dag,), max((end - start).total_seconds(), 0.0))
    return seconds


def _last_successes(session: Session) -> Metric:
    at = GaugeMetricFamily(
        "airflow_dag_last_success_timestamp_seconds", "When a run of a DAG last succeeded", labels=("dag",)
    )
    newest = select(DagRun.dag_id, func.max(DagRun.end_date)).where(DagRun.state == "success").group_by(DagRun.dag_id)
    for dag, end in session.execute(newest):
        at.add_metric((dag,), _utc(end).timestamp())
    return at


def _tasks(session: Session) -> Metric:
    tasks = GaugeMetricFamily(
        "airflow_task_instances", "Task instances in Airflow that have not ended", labels=("state",)
    )
    counted = select(TaskInstance.state, func.count()).where(TaskInstance.state.in_(TASK_STATES))
    counts: dict[str, int] = {str(state): n for state, n in session.execute(counted.group_by(TaskInstance.state))}
    for state in TASK_STATES:
        tasks.add_metric((state,), counts.get(state, 0))
    return tasks


def _pools(session: Session) -> Metric:
    slots = GaugeMetricFamily(
        "airflow_pool_slots", "Slots of a pool of Airflow, open or occupied", labels=("pool", "state")
    )
    for pool, counts in Pool.slots_stats(session=session).items():
        slots.add_metric((pool, "open"), counts["open"])
        slots.add_metric((pool, "occupied"), counts["running"] + counts["queued"])
    return slots


def _utc(moment: datetime) -> datetime:
    # SQLite stores no zone
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _with_token(sent: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]) -> None:
    """Check the token: Airflow's port may be open to everybody, and its log-in does not cover this address."""
    wanted = load(AirflowSettings).metrics_token
    if wanted and not (sent and compare_digest(sent.credentials, wanted)):
        raise HTTPException(401, "the token of AIRFLOW_METRICS_TOKEN is needed", {"WWW-Authenticate": "Bearer"})


registry = CollectorRegistry()
registry.register(AirflowCollector())
app = FastAPI(title="Figures for Prometheus", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/metrics", dependencies=[Depends(_with_token)])
def metrics() -> Response:
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class SalesFigures(AirflowPlugin):
    name = "sales_figures"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [{"app": app, "url_prefix": "/sales", "name": "Figures"}]
