"""Which runs a DAG may have, in the words of Airflow's DagRunType."""

# All but backfills: a run works on what there is now, so one for the past would do today's work once more; and
# backfills obey a limit of their own instead of the DAG's `max_active_runs`: ten at once.
OF_THE_PRESENT = ("scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization")
