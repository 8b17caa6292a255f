"""Read by every Airflow process at its start.

The scheduler (or Celery's worker) forks each task, so modules that it has imported by then cost the task nothing (4 s
of imports otherwise).
"""

import sys
from importlib import import_module
from pathlib import Path

from ingestion.environment import forget_foreign

# must happen before a task calls dbt
forget_foreign()

if "scheduler" in sys.argv or "worker" in sys.argv:
    for module in (
        "cosmos",
        "cosmos.operators.watcher",
        "dbt.adapters.spark.impl",
        "dbt.cli.main",
        "ingestion.silver.slices",
        "ingestion.verify",
        "pyhive.hive",
    ):
        import_module(module)

if "worker" in sys.argv:
    from celery.signals import heartbeat_sent

    # the health check looks at this file: asking through Celery would take a second of CPU every few seconds
    @heartbeat_sent.connect(weak=False)
    def _tell(**_: object) -> None:
        Path("/tmp/celery-heartbeat").touch()
