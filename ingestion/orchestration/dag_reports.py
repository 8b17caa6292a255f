"""How the runs of each DAG end: one state file per DAG, shown by `sales status` and on `/metrics`."""

import logging
from collections.abc import Mapping
from typing import Any

from ingestion.printable import printable
from ingestion.processes.states import DagState, read_state, update_state
from ingestion.settings import PathSettings, load

PREFIX = "dag-"
logger = logging.getLogger(__name__)


def dag_states() -> dict[str, DagState]:
    """The last state reported for each DAG, by its id; empty if none has reported since the stack was started."""
    names = sorted(file.stem for file in load(PathSettings).run_dir.glob(f"{PREFIX}*.json"))
    # a stack that stops meanwhile deletes the files
    return {name.removeprefix(PREFIX): state for name in names if (state := read_state(DagState, name))}


def task_failed(context: Mapping[str, Any]) -> None:
    task = context["task_instance"].task_id
    reason = printable(" ".join(str(context.get("exception") or "it was stopped").split()))
    logger.error("%s failed: %s", task, reason)
    _tell(context, "failed", failed=1, task=task, reason=reason)


def run_failed(context: Mapping[str, Any]) -> None:
    """Called after the callbacks of the run's tasks; what they reported stays.

    If none of them reported anything, the run took too long.
    """
    _tell(context, "failed", task="the run", reason=str(context.get("reason") or "it took too long"))


def run_succeeded(context: Mapping[str, Any]) -> None:
    _tell(context, "succeeded")


async def run_is_late(context: Mapping[str, Any], **_: Any) -> None:
    """Called by the triggerer when the deadline has passed, even if the run failed long before and is not late."""
    if context["dag_run"]["state"] in ("queued", "running"):
        _tell(context, "late", late=1)


def _tell(
    context: Mapping[str, Any],
    state: str,
    *,
    failed: int = 0,
    late: int = 0,
    task: str | None = None,
    reason: str | None = None,
) -> None:
    run = context["dag_run"]
    dag, run_id = (run["dag_id"], run["dag_run_id"]) if isinstance(run, Mapping) else (run.dag_id, run.run_id)

    def told(known: DagState | None) -> DagState:
        before = known or DagState(state="none", run="")
        # if several tasks of a run fail, the first failure is the cause of the others
        is_effect = before.state == state == "failed" and before.run == run_id
        return DagState(
            state=state,
            run=run_id,
            failures=before.failures + failed,
            late_runs=before.late_runs + late,
            task=before.task if is_effect else task,
            reason=before.reason if is_effect else reason,
        )

    update_state(DagState, told, PREFIX + dag)
