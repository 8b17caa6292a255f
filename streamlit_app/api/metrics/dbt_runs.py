"""What producers, dbt and the DAGs have left in their state files; nothing where they have never run."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.orchestration.alerts import dag_states
from ingestion.processes.state import read_state
from ingestion.silver import run_results
from ingestion.source import sent_totals


class Producers(Collector):
    def collect(self) -> Iterable[Metric]:
        state = read_state(sent_totals.STATE)
        events = CounterMetricFamily("sales_producer_events", "Acknowledged events", labels=("kind",))
        for kind, count in state.get("kinds", {"vente": 0}).items():
            events.add_metric((kind,), count)
        yield events
        yield CounterMetricFamily(
            "sales_producer_unacknowledged",
            "Events sent whose arrival no broker has confirmed",
            value=state.get("unacknowledged", 0),
        )
        if at := state.get("acknowledged_at"):
            yield GaugeMetricFamily(
                "sales_producer_last_acknowledged_timestamp_seconds",
                "When the last of them was",
                value=_unix(at),
            )


class DbtRuns(Collector):
    def collect(self) -> Iterable[Metric]:
        if not (state := read_state(run_results.STATE)):
            return
        runs = CounterMetricFamily("sales_dbt_runs", "Runs by how they ended", labels=("outcome",))
        for outcome, count in state["runs"].items():
            runs.add_metric((outcome,), count)
        yield runs
        yield GaugeMetricFamily(
            "sales_dbt_run_timestamp_seconds", "End of the last one", value=_unix(state["ended_at"])
        )
        yield GaugeMetricFamily("sales_dbt_run_seconds", "Its duration", value=state["seconds"])
        labels = ("node", "resource")
        seconds = GaugeMetricFamily("sales_dbt_node_seconds", "Duration of a node's last run", labels=labels)
        succeeded = GaugeMetricFamily("sales_dbt_node_succeeded", "0 when that failed", labels=labels)
        for name, node in state["nodes"].items():
            seconds.add_metric((name, node["resource"]), node["seconds"])
            succeeded.add_metric((name, node["resource"]), node["succeeded"])
        yield from (seconds, succeeded)


class Dags(Collector):
    def collect(self) -> Iterable[Metric]:
        if states := dag_states():
            yield from _of_dags(states)


class Upkeeps(Collector):
    def collect(self) -> Iterable[Metric]:
        if not (upkeep := read_state("maintenance")):
            return
        yield GaugeMetricFamily("sales_maintenance_timestamp_seconds", "When it ended", value=_unix(upkeep["at"]))
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
        ended.add_metric((dag,), _unix(state["at"]))
    yield from (failures, late, succeeded, ended)


def _unix(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
