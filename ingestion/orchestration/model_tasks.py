"""The dbt project as Cosmos renders it: one task for each seed, model and test."""

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, BaseOperator, TaskGroup
from cosmos import ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
from cosmos.operators.watcher import DbtProducerWatcherOperator, DbtRunWatcherOperator, DbtTestWatcherOperator
from filelock import FileLock

from ingestion.addresses import reached_at
from ingestion.processes.files import replace_text
from ingestion.settings import DBT_PROJECT, GoldSettings, PathSettings, SparkSettings, load
from ingestion.silver.run_results import remember_of_cosmos
from ingestion.silver.slices import GOLD, HOT_PATH_EXCLUDED, NEVER_RUN, OUTSIDE_SLICES, Silver, last_edit


@dataclass(frozen=True)
class Part:
    """A part of the project that is run, tested and published at once: its schema, ledger and dbt's selection."""

    schema: str
    ledger: str
    select: tuple[str, ...]
    exclude: tuple[str, ...]


SLICE = Part("silver", "bilan_ingestion", (), tuple(HOT_PATH_EXCLUDED))
MARTS = Part("gold", "bilan_gold", (GOLD,), tuple(NEVER_RUN))


# what the first task of the DAG has found out
ARRIVED_UNTIL = "{{ ti.xcom_pull(task_ids='wait_until_gold_is_due') or '' }}"


def current_manifest(part: Part = SLICE) -> Path:
    """The path of a manifest of what the part runs, rewritten when the project has changed, so new models appear."""
    whole: Path = load(PathSettings).project_docs
    path, edited = whole / f"{part.schema}.json", last_edit()
    if _is_of(path, edited):
        return path
    whole.mkdir(parents=True, exist_ok=True)
    with FileLock(whole / ".lock"):
        if not _is_of(path, edited):
            Silver().write_manifest(whole)
            manifest = json.loads((whole / "manifest.json").read_text())
            for each in (SLICE, MARTS):
                replace_text(whole / f"{each.schema}.json", json.dumps(_of_part(manifest, each)))
                os.utime(whole / f"{each.schema}.json", (edited, edited))
    return path


def _is_of(path: Path, edited: float) -> bool:
    return path.exists() and abs(path.stat().st_mtime - edited) < 1e-3


def _of_part(whole: dict[str, Any], part: Part) -> dict[str, Any]:
    """The manifest without what the part leaves out: Cosmos makes tasks for such tests even if told to exclude them."""
    nodes = {
        name: node
        for name, node in whole["nodes"].items()
        if node["resource_type"] in ("seed", "model", "test")
        and OUTSIDE_SLICES not in node["tags"]
        and (MARTS.schema in node["tags"]) == (part is MARTS)
    }
    return whole | {"nodes": nodes, "exposures": {}}


def asset(table: str) -> Asset:
    """The asset for a table, given by its name in SQL, so that other DAGs can be scheduled on it."""
    spark = load(SparkSettings)
    return Asset(name=table, uri=f"spark://{reached_at(spark.host, spark.thrift_port)}/{table.replace('.', '/')}")


def cosmos_options(part: Part = SLICE, mode: ExecutionMode = ExecutionMode.WATCHER) -> dict[str, Any]:
    """The arguments of a DbtTaskGroup.

    In watcher mode, one `dbt build` runs everything, and a sensor for each node reports that node's result;
    docs/performance.md compares this mode with the others.
    """
    watched = mode == ExecutionMode.WATCHER
    return {
        "project_config": ProjectConfig(
            dbt_project_path=DBT_PROJECT,
            manifest_path=current_manifest(part),
            project_name="dbt_sales",
            install_dbt_deps=False,
        ),
        "profile_config": profile(),
        "execution_config": ExecutionConfig(
            execution_mode=mode,
            invocation_mode=InvocationMode.DBT_RUNNER,
        ),
        "render_config": RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            # tests of several models become separate tasks, too
            test_behavior=TestBehavior.AFTER_EACH,
            should_detach_multiple_parents_tests=True,
            select=list(part.select),
            exclude=list(part.exclude),
            # Cosmos would announce a table before its tests have passed; see `link_ledger`
            emit_datasets=False,
        ),
        "operator_args": {
            "execution_timeout": timedelta(minutes=10),
            "env": {
                "SALES_HOLDER": "{{ holder() }}",
                "SALES_COMMITS": "{{ slice_commits() }}",
                **({"ARRIVED_UNTIL": ARRIVED_UNTIL} if part is MARTS else {}),
                "FUSEAU_RAPPORT": load(GoldSettings).fuseau_rapport,
            },
            "append_env": True,
            "callback": remember_of_cosmos,
        }
        # A deferred sensor whose node ends at once is resumed before the scheduler has seen it deferred, and fails.
        | ({"deferrable": False, "poke_interval": 1.0} if watched else {}),
    }


def profile() -> ProfileConfig:
    return ProfileConfig(
        profile_name="dbt_sales",
        target_name="gateway",
        profiles_yml_filepath=DBT_PROJECT / "profiles.yml",
    )


def link_ledger(group: TaskGroup, part: Part = SLICE) -> None:
    """Add what Cosmos leaves out: the part's ledger, which publishes, waits for the tests and announces every table.

    So clearing a task does not bypass a test, and no table is announced that is not published.
    """
    tasks = [task for task in group.iter_tasks() if isinstance(task, BaseOperator)]
    (dbt,) = [task for task in tasks if isinstance(task, DbtProducerWatcherOperator)]
    models = {task.model_unique_id.split(".")[-1]: task for task in tasks if isinstance(task, DbtRunWatcherOperator)}
    ledger = models[part.ledger]
    ledger.outlets = [asset(f"{part.schema}.{name}") for name in sorted(models)]
    for test in tasks:
        if isinstance(test, DbtTestWatcherOperator):
            test >> ledger
            # Cosmos 1.15 reports a test's outcome only with that of its one model, which a test of several lacks
            dbt.tests_per_model[test.model_unique_id] = [test.model_unique_id]
