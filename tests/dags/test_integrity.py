"""The DAGs as Airflow loads them: their tasks, their order, and what each promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.settings import DBT_PROJECT, PROJECT

STAGES = (
    "check_infrastructure",
    "produce_sales_data",
    "run_bronze_processing",
    "check_bronze_data_ready",
    "verify_final_output",
)
GROUP = "run_silver_processing"
GOLD = "run_gold_processing"
MODELS, MARTS = ({path.stem for path in (DBT_PROJECT / "models" / part).rglob("*.sql")} for part in ("silver", "gold"))
SEEDS = {path.stem for path in (DBT_PROJECT / "seeds").glob("*.csv")}
TESTS, GOLD_TESTS = (
    {path.stem for path in (DBT_PROJECT / "tests" / part).glob("*.sql") if "'outside_slices'" not in path.read_text()}
    for part in ("silver", "gold")
)
WATCHED = {f"{GROUP}.{name}_run" for name in MODELS} | {f"{GROUP}.{name}_seed" for name in SEEDS}
TESTED = {f"{GROUP}.{name}_test" for name in TESTS}
DBT = {f"{GROUP}.dbt_producer_watcher", f"{GROUP}.dbt_producer_watcher_done"}
DAGS = {"unified_sales_pipeline", "gold_marts", "delta_maintenance", "airflow_maintenance"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> dict:
    result = subprocess.run(
        [sys.executable, Path(__file__).with_name("describe.py")],
        env=os.environ | {"VAR_DIR": str(tmp_path_factory.mktemp("var"))},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def dag(loaded) -> dict:
    return loaded["dags"]["unified_sales_pipeline"]


def test_the_dags_load(loaded):
    assert loaded["errors"] == {}
    assert set(loaded["dags"]) == DAGS


def test_the_tasks_are_the_stages_and_what_a_slice_runs(dag):
    assert TESTS
    assert set(dag["tasks"]) == {*STAGES, *WATCHED, *TESTED, *DBT}


def test_the_stages_follow_each_other(dag):
    def downstream(task):
        return set(dag["tasks"][task]["downstream"])

    assert downstream("check_infrastructure") == {"produce_sales_data"}
    assert "run_bronze_processing" in downstream("produce_sales_data")
    assert downstream("run_bronze_processing") == {"check_bronze_data_ready"}
    assert downstream("check_bronze_data_ready") >= {f"{GROUP}.dbt_producer_watcher", f"{GROUP}.tranches_run"}
    assert downstream("check_bronze_data_ready") <= WATCHED | DBT
    assert downstream(f"{GROUP}.bilan_ingestion_run") == {"verify_final_output"}
    assert downstream("verify_final_output") == set()


def test_nothing_is_published_before_its_tests(dag):
    for test in TESTED:
        assert f"{GROUP}.bilan_ingestion_run" in dag["tasks"][test]["downstream"], test


def test_models_stand_in_the_order_of_their_references(dag):
    tasks = dag["tasks"]
    assert f"{GROUP}.ventes_clean_run" in tasks[f"{GROUP}.ventes_evaluees_run"]["downstream"]
    assert f"{GROUP}.cube_horaire_run" in tasks[f"{GROUP}.ventes_clean_run"]["downstream"]


def test_only_what_can_heal_is_tried_again(dag):
    retried = {name for name, task in dag["tasks"].items() if task["retries"]}
    assert retried == {"check_infrastructure", "run_bronze_processing"}


def test_every_task_has_an_owner_an_end_and_a_voice(loaded):
    for dag in loaded["dags"].values():
        assert dag["doc"]
        assert dag["timeout"]
        assert "sales" in dag["tags"]
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
        for name, task in dag["tasks"].items():
            assert task["owner"] == "sales", name
            assert task["tells"], name
            # an empty task that only marks the end of another
            assert task["timeout"] or name.endswith("_done"), name


def test_no_dag_has_runs_for_the_past(loaded):
    """Backfills run ten at a time, whatever `max_active_runs` says, and would send the sales of now."""
    assert [dag["refused_runs"] for dag in loaded["dags"].values()] == [["backfill"]] * len(DAGS)


def test_every_stage_says_what_it_does(dag):
    for stage in STAGES:
        assert dag["tasks"][stage]["doc"], stage


def test_every_table_is_an_asset_told_when_it_is_published(dag):
    told = {name: task["outlets"] for name, task in dag["tasks"].items() if task["outlets"]}
    published = [f"silver.{name}" for name in sorted(MODELS)]
    assert told == {"run_bronze_processing": ["bronze.ventes_raw"], f"{GROUP}.bilan_ingestion_run": published}


def test_gold_is_made_after_a_slice_and_published_after_its_tests(loaded):
    dag = loaded["dags"]["gold_marts"]
    tasks = dag["tasks"]
    assert "silver/bilan_ingestion" in str(dag["schedule"])
    models, tests = (
        {f"{GOLD}.{name}_{kind}" for name in names} for kind, names in (("run", MARTS), ("test", GOLD_TESTS))
    )
    producer = {f"{GOLD}.dbt_producer_watcher", f"{GOLD}.dbt_producer_watcher_done"}
    assert GOLD_TESTS
    assert set(tasks) == {"wait_until_gold_is_due", *models, *tests, *producer}
    assert all(f"{GOLD}.bilan_gold_run" in tasks[test]["downstream"] for test in tests)
    assert tasks[f"{GOLD}.bilan_gold_run"]["outlets"] == [f"gold.{name}" for name in sorted(MARTS)]


def test_a_run_can_be_told_what_to_send(dag):
    assert dag["params"] == {"count": 50, "seed": None, "dirty": False}


def test_a_late_run_is_told(dag):
    assert dag["deadlines"] == 1
    assert dag["schedule"] == "*/2 * * * *"
