"""# Sales, from Kafka to published figures

Sends sales, waits for the Bronze stream, runs one Silver slice with dbt, and verifies everything.

* **A red model or test**: the slice stays open and none of it is published; the page keeps showing the figures of the
  slice before. Fix the rule or the catalogue; the next run finishes the open slice first.
* **A red `produce_sales_data`** is not retried automatically, because it would send more sales. What it sent is not
  lost.
* The Silver follower pauses while Airflow is running: this DAG publishes.

How to read a failure: docs/airflow.md.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference, Param, dag, get_current_context, task
from cosmos import DbtTaskGroup

from ingestion.orchestration import dag_reports, model_tasks, runs, stages
from ingestion.settings import AirflowSettings, load
from ingestion.silver.slices import holder, slice_commits

# every two minutes, unless the environment says otherwise
SCHEDULE = load(AirflowSettings).schedule or None
# what may recover by itself is tried again after 5, 10 and 20 seconds, to which Airflow adds up to as much
RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=5), "retry_exponential_backoff": 2.0}


@dag(
    schedule=SCHEDULE,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=runs.OF_THE_PRESENT,
    dagrun_timeout=timedelta(minutes=30),
    default_args={"owner": "sales", "retries": 0, "on_failure_callback": dag_reports.task_failed},
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=5),
        callback=AsyncCallback(dag_reports.run_is_late),
    ),
    params={
        "count": Param(50, type="integer", minimum=1, maximum=100_000, title="Sales to send"),
        "seed": Param(
            None,
            type=["null", "integer"],
            title="Seed",
            description="The same seed sends the same sales, except for ids and times.",
        ),
        "dirty": Param(False, type="boolean", title="Also send one event of every odd or faulty kind per 1000 sales"),
    },
    tags=["sales", "dbt", "delta"],
    doc_md=__doc__,
    on_success_callback=dag_reports.run_succeeded,
    on_failure_callback=dag_reports.run_failed,
    # what dbt is told of the process that runs it, and of the tables
    user_defined_macros={"holder": holder, "slice_commits": slice_commits},
)
def unified_sales_pipeline() -> None:
    # long enough for a slice, because it finishes one that is open
    @task(**RETRIES, execution_timeout=timedelta(minutes=10), doc_md=stages.check_infrastructure.__doc__)
    def check_infrastructure() -> dict[str, Any]:
        return stages.check_infrastructure()

    # no retry: it would send the same number of sales again
    @task(execution_timeout=timedelta(minutes=2), doc_md=stages.produce_sales.__doc__)
    def produce_sales_data() -> dict[str, Any]:
        return stages.produce_sales(**get_current_context()["params"])

    @task(
        **RETRIES,
        execution_timeout=timedelta(minutes=2),
        outlets=[model_tasks.asset("bronze.ventes_raw")],
        doc_md=stages.drain_to.__doc__,
    )
    def run_bronze_processing(sent: dict[str, Any]) -> None:
        stages.drain_to(sent)

    @task(execution_timeout=timedelta(minutes=1), doc_md=stages.check_bronze.__doc__)
    def check_bronze_data_ready(sent: dict[str, Any]) -> dict[str, int]:
        return stages.check_bronze(sent)

    @task(execution_timeout=timedelta(minutes=3), doc_md=stages.verify_output.__doc__)
    def verify_final_output(sent: dict[str, Any]) -> dict[str, Any]:
        return stages.verify_output(sent)

    run_silver_processing = DbtTaskGroup(group_id="run_silver_processing", **model_tasks.cosmos_options())
    model_tasks.link_ledger(run_silver_processing)
    sent = produce_sales_data()
    check_infrastructure() >> sent
    bronze = run_bronze_processing(sent)
    bronze >> check_bronze_data_ready(sent) >> run_silver_processing >> verify_final_output(sent)


unified_sales_pipeline()
