"""Run unified_sales_pipeline in this one process (`dag.test`), on the stack that the environment names.

Exits with 0 when the run succeeds.  A process of its own: Airflow reads its environment when imported.
"""

import os
import sys

from infra.local import airflow_process

airflow_process.prepare()
os.environ.update(airflow_process.environment())

from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.sdk import BaseSensorOperator  # noqa: E402

dag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags["unified_sales_pipeline"]
# dag.test() of Airflow 3.3 looks for a deadline by an id that it has not got
dag.deadline = None
for task in dag.tasks:
    if isinstance(task, BaseSensorOperator):
        # one that waited in its place would never let the task begin that it waits for
        task.mode = "reschedule"
run = dag.test(run_conf={"count": int(sys.argv[1])})
sys.exit(str(run.state) != "success")
