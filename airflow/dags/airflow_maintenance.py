"""# The daily upkeep of Airflow itself

A run every two minutes leaves about 100 KB in Airflow's database and 0.3 MB of logs; everything older than three days
is deleted.
"""

from datetime import timedelta

from airflow.sdk import dag, task

from ingestion.orchestration import dag_reports, runs
from ingestion.orchestration.airflow_upkeep import forget_old_runs

EVERY_NIGHT_AT_FOUR = "0 4 * * *"


# no start date, so that a new installation waits for its first night
@dag(
    schedule=EVERY_NIGHT_AT_FOUR,
    catchup=False,
    max_active_runs=1,
    allowed_run_types=runs.OF_THE_PRESENT,
    dagrun_timeout=timedelta(minutes=30),
    default_args={"owner": "sales", "on_failure_callback": dag_reports.task_failed},
    tags=["sales", "airflow"],
    doc_md=__doc__,
    on_success_callback=dag_reports.run_succeeded,
    on_failure_callback=dag_reports.run_failed,
)
def airflow_maintenance() -> None:
    @task(
        retries=2,
        retry_delay=timedelta(minutes=1),
        execution_timeout=timedelta(minutes=10),
        doc_md=forget_old_runs.__doc__,
    )
    def forget_runs() -> int:
        return forget_old_runs()

    forget_runs()


airflow_maintenance()
