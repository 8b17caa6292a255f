"""Airflow's own folder and database, and the deletion of old runs from both."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.errors import SalesError
from ingestion.settings import AirflowSettings, PathSettings, load

AIRFLOW = Path(sys.executable).with_name("airflow")


def airflow_home() -> Path:
    folder: Path = load(PathSettings).var_dir / "airflow"
    return folder


def airflow_database() -> str:
    """The address of Airflow's database for SQLAlchemy."""
    return load(AirflowSettings).database or f"sqlite:///{airflow_home() / 'airflow.db'}"


def forget_old_runs(kept: timedelta = timedelta(days=3)) -> int:
    """Delete older runs from Airflow's database, with their logs; return how many had logs.  Raises SalesError."""
    until = datetime.now(UTC) - kept
    # in small transactions, because SQLite lets no other process write meanwhile
    command = ["clean", "--clean-before-timestamp", until.isoformat(), "--skip-archive", "--yes", "--batch-size", "500"]
    # Airflow does not tell a task where the database is
    run_db_command(*command, env=os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_database()})
    logs = [run for run in (airflow_home() / "logs").glob("*/*") if run.is_dir() and not run.is_symlink()]
    runs = [run for run in logs if run.stat().st_mtime < until.timestamp()]
    for run in runs:
        shutil.rmtree(run)
    return len(runs)


def run_db_command(*command: str, env: dict[str, str]) -> None:
    """Run `airflow db …`.  Raises SalesError."""
    result = subprocess.run(
        [AIRFLOW, "db", *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode:
        last = (result.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise SalesError(f"airflow db {command[0]} failed on the database of {airflow_home()}: {last}")
