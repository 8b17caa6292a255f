"""What the DAGs in airflow/dags call, how their runs ended, and Airflow's own upkeep.

Only `silver_tasks` imports Airflow.
"""
