"""What becomes of a run: one readable line in `sales status`."""

import logging
from collections.abc import Mapping
from typing import Any

from ingestion.state import read_state, write_state

NAME = "pipeline"
logger = logging.getLogger(__name__)


def task_failed(context: Mapping[str, Any]) -> None:
    task = context["task_instance"].task_id
    reason = " ".join(str(context.get("exception") or "it was stopped").split())
    logger.error("%s failed: %s", task, reason)
    _tell(context, "failed", failed=1, task=task, reason=reason)


def run_succeeded(context: Mapping[str, Any]) -> None:
    _tell(context, "succeeded")


async def run_is_late(context: Mapping[str, Any], **_: Any) -> None:
    """Told by the triggerer, five minutes after a run was queued."""
    _tell(context, "late", late=1)


def _tell(context: Mapping[str, Any], state: str, *, failed: int = 0, late: int = 0, **facts: Any) -> None:
    known = read_state(NAME)
    write_state(
        NAME,
        state,
        run=_run_id(context),
        failures=known.get("failures", 0) + failed,
        late_runs=known.get("late_runs", 0) + late,
        **facts,
    )


def _run_id(context: Mapping[str, Any]) -> str:
    run = context["dag_run"]
    return str(run["dag_run_id"] if isinstance(run, Mapping) else run.run_id)
