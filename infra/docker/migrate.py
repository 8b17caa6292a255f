"""Bring what Airflow keeps to this version: database, password, dbt manifest.  Run: python -m infra.docker.migrate"""

import json
import os
import shutil
from pathlib import Path

from infra.local.airflow import USER
from ingestion.settings import PathSettings, load

BAKED = Path("/opt/state/dbt/project")


def main() -> None:
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({USER: os.environ["AIRFLOW_ADMIN_PASSWORD"]}))
    # made with the image; a copy keeps its time, by which it is known to be of this project
    shutil.copytree(BAKED, load(PathSettings).project_docs, dirs_exist_ok=True)
    os.execlp("airflow", "airflow", "db", "migrate")


if __name__ == "__main__":
    main()
