"""Bring Airflow's data to this version: database, password, dbt manifest; forget how its last runs ended.

Run: python -m infra.docker.migrate
"""

import json
import os
import shutil
from pathlib import Path

from infra.local.airflow_process import USER
from ingestion.orchestration.dag_reports import PREFIX
from ingestion.processes.states import DbtState, TailState
from ingestion.settings import PathSettings, load

BAKED = Path("/opt/state/dbt/project")


def main() -> None:
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({USER: os.environ["AIRFLOW_ADMIN_PASSWORD"]}))
    # built with the image; the copy keeps its modification time, which shows that it belongs to this project
    shutil.copytree(BAKED, load(PathSettings).project_docs, dirs_exist_ok=True)
    # otherwise nodes and DAGs of an earlier version would be reported as failed indefinitely
    for file in (
        load(PathSettings).run_dir / f"{DbtState.FILE}.json",
        load(PathSettings).run_dir / f"{TailState.FILE}.json",
        *load(PathSettings).run_dir.glob(f"{PREFIX}*.json"),
    ):
        file.unlink(missing_ok=True)
    os.execlp("airflow", "airflow", "db", "migrate")


if __name__ == "__main__":
    main()
