"""What the DAGs in airflow/dags call; nothing else of the system needs Airflow."""
