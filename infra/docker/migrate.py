"""Bring Airflow's database to this version and write its user's password.  Run: python -m infra.docker.migrate"""

import json
import os
from pathlib import Path

from infra.local.airflow import USER


def main() -> None:
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({USER: os.environ["AIRFLOW_ADMIN_PASSWORD"]}))
    os.execlp("airflow", "airflow", "db", "migrate")


if __name__ == "__main__":
    main()
