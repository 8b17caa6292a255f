"""Read by every Airflow process at its start.

The scheduler (or Celery's worker) forks each task: what it has imported by then costs the task nothing (4 s of imports
otherwise).
"""

import sys
from importlib import import_module

if "scheduler" in sys.argv or "worker" in sys.argv:
    for module in (
        "cosmos",
        "cosmos.operators.watcher",
        "dbt.adapters.spark.impl",
        "dbt.cli.main",
        "ingestion.silver",
        "ingestion.verify",
        "pyhive.hive",
    ):
        import_module(module)
