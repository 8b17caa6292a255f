"""One slice in three ways, for `sales bench modes`: watched, node by node, and as one task."""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, BaseOperator
from cosmos import DbtTaskGroup, ExecutionMode
from cosmos.operators.local import DbtBuildLocalOperator

from ingestion.orchestration import model_tasks
from ingestion.settings import DBT_PROJECT
from ingestion.silver.slices import HOT_PATH_EXCLUDED, holder

COMMON: dict[str, Any] = {
    "schedule": None,
    "start_date": datetime(2025, 1, 1, tzinfo=UTC),
    "default_args": {"owner": "sales", "retries": 0},
    "user_defined_macros": {"holder": holder},
}

with DAG("watcher", **COMMON):
    model_tasks.link_ledger(DbtTaskGroup(group_id="silver", **model_tasks.cosmos_options()))

with DAG("local", **COMMON):
    options = model_tasks.cosmos_options(mode=ExecutionMode.LOCAL)
    # each node is a separate run, and the order below takes care of the ledger
    options["operator_args"]["vars"] = {"whole_slices": False}
    by_node = DbtTaskGroup(group_id="silver", **options)
    nodes = {task.task_id.split(".")[-1]: task for task in by_node.iter_tasks() if isinstance(task, BaseOperator)}
    # the ledger publishes, so it comes after every test
    for name, task in nodes.items():
        if name.endswith("_test"):
            task >> nodes["bilan_ingestion_run"]

with DAG("build", **COMMON):
    DbtBuildLocalOperator(
        task_id="silver",
        project_dir=DBT_PROJECT,
        profile_config=model_tasks.profile(),
        exclude=HOT_PATH_EXCLUDED,
        **model_tasks.cosmos_options(mode=ExecutionMode.LOCAL)["operator_args"],
    )
