"""Which types of run a DAG may have, as values of Airflow's DagRunType."""

# All types except backfills.  A run works on what there is now, so a run for the past would only repeat today's work;
# and backfills have a separate limit of ten at once instead of the DAG's `max_active_runs`.
OF_THE_PRESENT = ("scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization")
