"""# Gold, from published sales to marts

Runs when a slice has been published, at most once in GOLD_INTERVAL_SECONDS: makes the marts from the tables of that
slice, tests them, and publishes them together.

* **Waiting**: the last run was too short ago. A run that is started by hand does not wait.
* **Skipped**: the marts stand on the newest slice already, and five minutes ago, somebody looked for anomalies.
* **A red model or test**: readers keep the marts of the last run. The next run makes them from what is newest then.
"""

from datetime import timedelta

from airflow.exceptions import AirflowSkipException
from airflow.sdk import PokeReturnValue, dag, get_current_context, task
from cosmos import DbtTaskGroup

from ingestion.orchestration import dag_reports, model_tasks, runs
from ingestion.settings import GoldSettings, load
from ingestion.silver.arrivals import arrived_until
from ingestion.silver.gold_runs import Marts
from ingestion.silver.slices import Silver, holder, slice_commits

INTERVAL = load(GoldSettings).gold_interval_seconds
LONGEST_WAIT = INTERVAL + 300


@dag(
    schedule=[model_tasks.asset("silver.bilan_ingestion")],
    catchup=False,
    max_active_runs=1,
    allowed_run_types=runs.OF_THE_PRESENT,
    dagrun_timeout=timedelta(seconds=LONGEST_WAIT) + timedelta(minutes=15),
    default_args={"owner": "sales", "retries": 0, "on_failure_callback": dag_reports.task_failed},
    tags=["sales", "dbt", "delta"],
    doc_md=__doc__,
    on_success_callback=dag_reports.run_succeeded,
    on_failure_callback=dag_reports.run_failed,
    # what dbt is told of the process that runs it, and of the tables
    user_defined_macros={"holder": holder, "slice_commits": slice_commits},
)
def gold_marts() -> None:
    # between two looks it is no process; a run that waits for its turn holds up nothing
    @task.sensor(
        mode="reschedule",
        poke_interval=60,
        timeout=LONGEST_WAIT,
        execution_timeout=timedelta(minutes=1),
        doc_md=Marts.are_due.__doc__,
    )
    def wait_until_gold_is_due() -> PokeReturnValue:
        marts, is_by_hand = Marts(Silver()), get_current_context()["dag_run"].run_type == "manual"
        if not INTERVAL and not is_by_hand:
            raise AirflowSkipException("GOLD_INTERVAL_SECONDS is 0: Gold is made by hand only")
        if not (marts.are_outdated() or marts.have_not_looked()):
            raise AirflowSkipException("the marts stand on the newest slice, and there are no five minutes to look at")
        is_due = is_by_hand or marts.seconds_to_wait() == 0.0
        # asked here, once, and not by each task
        return PokeReturnValue(is_due, xcom_value=arrived_until() if is_due else None)

    run_gold_processing = DbtTaskGroup(group_id="run_gold_processing", **model_tasks.cosmos_options(model_tasks.MARTS))
    model_tasks.link_ledger(run_gold_processing, model_tasks.MARTS)
    wait_until_gold_is_due() >> run_gold_processing


gold_marts()
