"""# Gold, from published sales to marts

Runs when a slice has been published, at most once in GOLD_INTERVAL_SECONDS: makes the marts from the tables of that
slice, tests them, and publishes them together.

* **Skipped**: the last run was too short ago, or it stands on the newest slice already.
* **A red model or test**: readers keep the marts of the last run. The next run makes them from what is newest then.
"""

from datetime import timedelta

from airflow.sdk import dag, task
from cosmos import DbtTaskGroup

from ingestion.orchestration import dag_reports, model_tasks, runs
from ingestion.silver.gold_runs import Marts
from ingestion.silver.slices import Silver, holder, slice_commits


@dag(
    schedule=[model_tasks.asset("silver.bilan_ingestion")],
    catchup=False,
    max_active_runs=1,
    allowed_run_types=runs.OF_THE_PRESENT,
    dagrun_timeout=timedelta(minutes=15),
    default_args={"owner": "sales", "retries": 0, "on_failure_callback": dag_reports.task_failed},
    tags=["sales", "dbt", "delta"],
    doc_md=__doc__,
    on_success_callback=dag_reports.run_succeeded,
    on_failure_callback=dag_reports.run_failed,
    # what dbt is told of the process that runs it, and of the tables
    user_defined_macros={"holder": holder, "slice_commits": slice_commits},
)
def gold_marts() -> None:
    @task.short_circuit(execution_timeout=timedelta(minutes=1), doc_md=Marts.are_due.__doc__)
    def check_gold_is_due() -> bool:
        silver = Silver()
        silver.published = silver.last_publication()
        return Marts(silver).are_due()

    run_gold_processing = DbtTaskGroup(group_id="run_gold_processing", **model_tasks.cosmos_options(model_tasks.MARTS))
    model_tasks.link_ledger(run_gold_processing, model_tasks.MARTS)
    check_gold_is_due() >> run_gold_processing


gold_marts()
