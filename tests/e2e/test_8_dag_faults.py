"""Faults in the middle of a DAG run: it ends in a clear state, the next run heals, nothing is lost, nothing twice."""

import signal

import psutil
import pytest
from deltalake import DeltaTable

from infra.local.airflow_process import WORKER
from infra.local.stack_marker import MARK
from infra.testbed.embedded import until

pytestmark = [pytest.mark.e2e, pytest.mark.airflow]
DBT = "run_silver_processing.dbt_producer_watcher"


def healed(stack, airflow, *runs):
    """The next run, or these, publish everything that is in Kafka, once."""
    for run in runs or [airflow.trigger(count=5)]:
        assert airflow.wait(run).state == "success", airflow.states(run)
    assert stack.published() == stack.value("bronze/ventes_raw", "count(*)")
    assert stack.value("silver/ventes_clean", "count(*) - count(distinct vente_id)") == 0
    assert "everything agrees" in stack.verify()


def test_broker_down_then_two_runs_at_once(stack, airflow):
    with stack.supervisor() as supervisor:
        supervisor.stopProcess("kafka")
        run = airflow.trigger()
        assert airflow.wait(run).state == "failed"
        supervisor.startProcess("kafka")
    tasks = airflow.tasks(run)
    assert tasks["check_infrastructure"].state == "failed"
    assert tasks["check_infrastructure"].tries == 4
    assert tasks["produce_sales_data"].state == "upstream_failed"
    assert "in check_infrastructure: no Kafka broker answers" in stack.sales("status")

    first, second = (airflow.trigger(count=5) for _ in range(2))
    healed(stack, airflow, first, second)
    starts = [task.started for task in airflow.tasks(second).values() if task.started]
    assert min(starts) > airflow.run(first).ended


def test_gateway_killed_in_a_slice(stack, airflow):
    run = airflow.trigger()
    during(airflow, run, "run_silver_processing.tranches_run")
    before = stack.versions()
    stack.kill("gateway")
    assert airflow.wait(run).state == "failed"
    assert airflow.states(run)[DBT] == "failed"
    assert stack.versions() == before
    healed(stack, airflow)


def test_dbt_test_fails(stack, airflow):
    """A client stands twice in the catalogue, which no rule foresees: each of his sales would count twice."""
    clients = DeltaTable(str(stack.silver / "clients")).version()
    stack.sales("sql", "insert into silver.clients select * from silver.clients where client_id = 1")
    before = stack.versions()
    run = airflow.trigger(count=50)
    ended = airflow.wait(run)
    stack.sales("sql", f"restore table silver.clients to version as of {clients}")
    assert ended.state == "failed"
    states = airflow.states(run)
    assert states["run_silver_processing.ventes_clean_run"] == "success"
    assert states["run_silver_processing.assert_slice_holds_test"] == "failed"
    assert states["run_silver_processing.bilan_ingestion_run"] != "success"
    assert stack.versions() == before
    healed(stack, airflow)


def test_task_killed(stack, airflow):
    """With the process that watches over it: only the missing heartbeat tells."""
    run = airflow.trigger()
    during(airflow, run, "run_silver_processing.tranches_run")
    task = psutil.Process(airflow.get(f"/dagRuns/{run}/taskInstances/{DBT}")["pid"])
    for process in (task.parent(), task):
        process.send_signal(signal.SIGKILL)
    assert airflow.wait(run).state == "failed"
    assert airflow.states(run)[DBT] == "failed"
    healed(stack, airflow)


def test_scheduler_killed(stack, airflow):
    """What runs fails, for nobody reads its log, or is given to the next scheduler: the run ends either way."""
    run = airflow.trigger()
    during(airflow, run, "run_silver_processing.tranches_run")
    stack.kill("airflow-scheduler")
    assert airflow.wait(run).state in ("failed", "success")
    healed(stack, airflow)
    until(lambda: len(executors(stack)) == 1, "no worker is left of the killed scheduler")


def during(airflow, run, task):
    """Until that task has ended well."""
    until(lambda: airflow.states(run).get(task) == "success", f"{task} has ended", 120)


def executors(stack):
    """The processes that LocalExecutor's workers belong to."""
    found = set()
    for process in psutil.process_iter():
        try:
            if WORKER in " ".join(process.cmdline()) and process.environ().get(MARK) == str(stack.folder / "var"):
                found.add(process.ppid())
        except psutil.Error:
            continue
    return found
