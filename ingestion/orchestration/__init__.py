"""What the DAGs in airflow/dags call, how their runs ended, and Airflow's own upkeep.

Only `model_tasks` imports Airflow.
"""
