"""What producers, dbt and the DAGs have written to their state files; no metrics where they have never run."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.orchestration.dag_reports import dag_states
from ingestion.processes.states import DagState, DbtState, MaintenanceState, SentTotals, read_state


class Producers(Collector):
    def collect(self) -> Iterable[Metric]:
        sent = read_state(SentTotals) or SentTotals(state="sending")
        events = CounterMetricFamily(
            "sales_producer_events",
            "Events of this project's producer that a broker has acknowledged",
            labels=("kind",),
        )
        for kind, count in (sent.kinds or {"vente": 0}).items():
            events.add_metric((kind,), count)
        yield events
        yield CounterMetricFamily(
            "sales_producer_unacknowledged",
            "Events of this project's producer that no broker has acknowledged",
            value=sent.unacknowledged,
        )
        if sent.acknowledged_at:
            yield GaugeMetricFamily(
                "sales_producer_last_acknowledged_timestamp_seconds",
                "When a broker last acknowledged an event of this project's producer",
                value=sent.acknowledged_at.timestamp(),
            )


class DbtRuns(Collector):
    def collect(self) -> Iterable[Metric]:
        if (dbt := read_state(DbtState)) is None:
            return
        runs = CounterMetricFamily("sales_dbt_runs", "Runs of dbt by how they ended", labels=("outcome",))
        for outcome, count in dbt.runs.items():
            runs.add_metric((outcome,), count)
        yield runs
        yield GaugeMetricFamily(
            "sales_dbt_run_timestamp_seconds", "End of the last dbt run", value=dbt.ended_at.timestamp()
        )
        yield GaugeMetricFamily("sales_dbt_run_seconds", "Duration of the last dbt run", value=dbt.seconds)
        labels = ("node", "resource")
        seconds = GaugeMetricFamily("sales_dbt_node_seconds", "Duration of the last run of a dbt node", labels=labels)
        succeeded = GaugeMetricFamily(
            "sales_dbt_node_succeeded", "0 when the last run of a dbt node failed", labels=labels
        )
        for name, node in dbt.nodes.items():
            seconds.add_metric((name, node.resource), node.seconds)
            succeeded.add_metric((name, node.resource), node.succeeded)
        yield from (seconds, succeeded)


class Dags(Collector):
    def collect(self) -> Iterable[Metric]:
        if states := dag_states():
            yield from _of_dags(states)


class Upkeeps(Collector):
    def collect(self) -> Iterable[Metric]:
        if (upkeep := read_state(MaintenanceState)) is None:
            return
        yield GaugeMetricFamily(
            "sales_maintenance_timestamp_seconds",
            "When the last upkeep of the lake ended",
            value=upkeep.at.timestamp(),
        )
        for unit, what in (("files", "Data files"), ("bytes", "Size of the data files")):
            sizes = GaugeMetricFamily(
                f"sales_maintenance_{unit}",
                f"{what} of a table, with those of old versions, before and after the last upkeep of the lake",
                labels=("table", "moment"),
            )
            for table in upkeep.tables:
                for moment in ("before", "after"):
                    sizes.add_metric((table.table, moment), getattr(table, f"{unit}_{moment}"))
            yield sizes


def _of_dags(states: dict[str, DagState]) -> Iterable[Metric]:
    failures = CounterMetricFamily("sales_dag_task_failures", "Tasks of a DAG that have failed", labels=("dag",))
    late = CounterMetricFamily("sales_dag_late_runs", "Runs of a DAG that missed their deadline", labels=("dag",))
    succeeded = GaugeMetricFamily(
        "sales_dag_last_run_succeeded",
        "0 after a failed task or a missed deadline of a DAG, until a run succeeds",
        labels=("dag",),
    )
    ended = GaugeMetricFamily(
        "sales_dag_last_run_timestamp_seconds",
        "When a run of a DAG last succeeded, failed or missed its deadline",
        labels=("dag",),
    )
    for dag, state in states.items():
        failures.add_metric((dag,), state.failures)
        late.add_metric((dag,), state.late_runs)
        succeeded.add_metric((dag,), state.state == "succeeded")
        ended.add_metric((dag,), state.at.timestamp())
    yield from (failures, late, succeeded, ended)
