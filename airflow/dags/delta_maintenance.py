"""# The daily upkeep of the lake

Compacts small files and deletes those that no reader can ask for any more, seven days after the last slice that needs
them. Everything goes through the gateway, alongside the stream and a Silver run.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from ingestion.orchestration import dag_reports, runs
from ingestion.silver.maintenance import maintain

EVERY_NIGHT_AT_THREE = "0 3 * * *"


# no start date, so that a new installation waits for its first night
@dag(
    schedule=EVERY_NIGHT_AT_THREE,
    catchup=False,
    max_active_runs=1,
    allowed_run_types=runs.OF_THE_PRESENT,
    dagrun_timeout=timedelta(hours=2),
    default_args={"owner": "sales", "on_failure_callback": dag_reports.task_failed},
    tags=["sales", "delta"],
    doc_md=__doc__,
    on_success_callback=dag_reports.run_succeeded,
    on_failure_callback=dag_reports.run_failed,
)
def delta_maintenance() -> None:
    # both statements can safely be repeated
    @task(
        retries=2,
        retry_delay=timedelta(minutes=1),
        execution_timeout=timedelta(minutes=45),
        doc_md=maintain.__doc__,
    )
    def compact_and_vacuum() -> list[dict[str, Any]]:
        return [asdict(table) for table in maintain()]

    compact_and_vacuum()


delta_maintenance()
