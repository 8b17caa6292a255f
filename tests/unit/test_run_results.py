"""What dbt said of its runs is kept, node by node, and added up."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.processes.states import DbtState, NodeResult, read_state
from ingestion.silver.run_results import remember, remember_of_cosmos

pytestmark = pytest.mark.usefixtures("own_folders")


def known() -> DbtState:
    state = read_state(DbtState)
    assert state is not None
    return state


def results(folder: Path, *nodes: tuple[str, str, float]) -> Path:
    """A `run_results.json` as dbt 1.11 writes it, cut down to what is read."""
    file = folder / "target" / "run_results.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    run: dict[str, Any] = {
        "metadata": {"generated_at": "2026-01-02T03:04:05.678901Z"},
        "elapsed_time": 12.5,
        "results": [
            {"unique_id": unique_id, "status": status, "execution_time": seconds}
            for unique_id, status, seconds in nodes
        ],
    }
    file.write_text(json.dumps(run))
    return file


def test_nodes_are_remembered_with_their_last_result(tmp_path: Path) -> None:
    good = results(tmp_path, ("model.dbt_sales.tranches", "success", 1.5), ("test.dbt_sales.assert_x.abc", "pass", 0.5))
    remember(good)
    assert known().nodes == {
        "tranches": NodeResult(resource="model", seconds=1.5, succeeded=True),
        "assert_x": NodeResult(resource="test", seconds=0.5, succeeded=True),
    }
    remember(results(tmp_path, ("test.dbt_sales.assert_x.abc", "fail", 0.7)))
    state = known()
    assert state.nodes["tranches"].succeeded
    assert state.nodes["assert_x"] == NodeResult(resource="test", seconds=0.7, succeeded=False)
    assert state.runs == {"success": 1, "error": 1}
    assert state.seconds == 12.5


def test_what_did_not_run_keeps_its_last_result(tmp_path: Path) -> None:
    remember(results(tmp_path, ("model.dbt_sales.cube_horaire", "success", 2.0)))
    failed = ("model.dbt_sales.tranches", "error", 0.1)
    skipped = ("model.dbt_sales.cube_horaire", "skipped", 0.0)
    remember(results(tmp_path, failed, skipped, ("exposure.dbt_sales.page", "no-op", 0.0)))
    nodes = known().nodes
    assert nodes["cube_horaire"].succeeded
    assert not nodes["tranches"].succeeded
    assert "page" not in nodes


def test_a_run_that_left_no_results_changes_nothing(tmp_path: Path) -> None:
    remember_of_cosmos(str(tmp_path), context={})
    assert read_state(DbtState) is None
    results(tmp_path, ("model.dbt_sales.tranches", "success", 1.0))
    remember_of_cosmos(str(tmp_path), context={})
    assert known().runs == {"success": 1, "error": 0}
