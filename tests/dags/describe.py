"""Write the DAGs as Airflow loads them, as JSON.  A process of its own: Airflow reads its environment when imported."""

import json
import os
import sys
from typing import Any

from infra.local import airflow_process

airflow_process.prepare()
os.environ.update(airflow_process.environment())

from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.utils.types import DagRunType  # noqa: E402


def described(task: Any) -> dict[str, Any]:
    return {
        "downstream": sorted(task.downstream_task_ids),
        "owner": task.owner,
        "retries": task.retries,
        "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else None,
        "doc": task.doc_md,
        "outlets": [asset.name for asset in task.outlets],
        "tells": bool(task.on_failure_callback),
    }


bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
dags = {
    dag.dag_id: {
        "schedule": dag.schedule,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "refused_runs": sorted(kind.value for kind in DagRunType if kind not in dag.allowed_run_types),
        "tags": sorted(dag.tags),
        "doc": dag.doc_md,
        "params": dag.params.dump(),
        "timeout": dag.dagrun_timeout.total_seconds() if dag.dagrun_timeout else None,
        "deadlines": len(dag.deadline or []),
        "tasks": {task.task_id: described(task) for task in dag.tasks},
    }
    for dag in bag.dags.values()
}
sys.stdout.write(json.dumps({"errors": bag.import_errors, "dags": dags}, default=str))
