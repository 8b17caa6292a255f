"""What dbt reported about its last runs, kept for monitoring: duration and result of each node, and how runs ended."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.processes.states import DbtState, NodeResult, update_state

GOOD = ("success", "pass", "warn")
# a node that did not run, or has nothing to run, has no result of interest
SKIPPED = ("skipped", "no-op")


def remember(results: Path) -> None:
    """Record dbt's `run_results.json`; a run that ended before its first node has left none."""
    try:
        run = json.loads(results.read_text())
    except FileNotFoundError:
        return
    nodes = {node["unique_id"].split(".")[2]: _node(node) for node in run["results"] if node["status"] not in SKIPPED}
    outcome = "success" if all(node["status"] in (*GOOD, *SKIPPED) for node in run["results"]) else "error"
    ended_at = datetime.fromisoformat(run["metadata"]["generated_at"])

    def added(known: DbtState | None) -> DbtState:
        # nodes that are no longer in the project disappear when a start of the stack deletes the state file
        runs = known.runs if known else {"success": 0, "error": 0}
        return DbtState(
            state=outcome,
            ended_at=ended_at,
            seconds=run["elapsed_time"],
            runs=runs | {outcome: runs[outcome] + 1},
            nodes=(known.nodes if known else {}) | nodes,
        )

    update_state(DbtState, added)


def remember_of_cosmos(project_dir: str, **_: Any) -> None:
    """Record the results when called by Cosmos, with the scratch copy of the project in which dbt has run."""
    remember(Path(project_dir) / "target" / "run_results.json")


def _node(result: dict[str, Any]) -> NodeResult:
    return NodeResult(
        resource=result["unique_id"].split(".")[0],
        seconds=result["execution_time"],
        succeeded=result["status"] in GOOD,
    )
