"""What is told of a run: the first failure is its reason, and only a run that still runs is late."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingestion.orchestration import dag_reports
from ingestion.processes.states import DagState

pytestmark = pytest.mark.usefixtures("own_folders")


def context(run: str, task: str = "t", reason: str | None = None) -> dict[str, Any]:
    ran = SimpleNamespace(dag_id="ventes", run_id=run)
    return {"dag_run": ran, "task_instance": SimpleNamespace(task_id=task), "exception": reason}


def deadline(run: str, state: str) -> Mapping[str, Any]:
    return {"dag_run": {"dag_id": "ventes", "dag_run_id": run, "state": state}}


def told() -> DagState:
    return dag_reports.dag_states()["ventes"]


def test_the_first_failure_of_a_run_is_its_reason() -> None:
    dag_reports.task_failed(context("r1", "dbt", "the gateway went away"))
    dag_reports.task_failed(context("r1", "sensor", "see the log of dbt"))
    dag_reports.run_failed(context("r1"))
    assert (told().task, told().reason, told().failures) == ("dbt", "the gateway went away", 2)
    dag_reports.task_failed(context("r2", "produce", "no broker"))
    assert (told().run, told().reason, told().failures) == ("r2", "no broker", 3)


def test_a_run_that_took_too_long_has_no_task_to_blame() -> None:
    dag_reports.run_failed(context("r1") | {"reason": "timed_out"})
    assert (told().state, told().task, told().reason) == ("failed", "the run", "timed_out")


@pytest.mark.parametrize(("state", "late"), [("running", 1), ("queued", 1), ("failed", 0), ("success", 0)])
def test_only_a_run_that_has_not_ended_is_late(state: str, late: int) -> None:
    dag_reports.run_succeeded(context("r1"))
    asyncio.run(dag_reports.run_is_late(deadline("r2", state)))
    assert told().late_runs == late
    assert told().state == ("late" if late else "succeeded")


def test_each_dag_has_its_own_state(own_folders: Path) -> None:
    dag_reports.run_succeeded(context("r1"))
    dag_reports.task_failed(context("n1") | {"dag_run": SimpleNamespace(dag_id="nightly", run_id="n1")})
    assert {dag: state.state for dag, state in dag_reports.dag_states().items()} == {
        "ventes": "succeeded",
        "nightly": "failed",
    }
