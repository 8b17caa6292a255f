"""Airflow in the embedded size: its folder, its secrets, its processes.  Run: python -m infra.local.airflow NAME"""

import json
import os
import secrets
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from ingestion.settings import DBT_PROJECT, PROJECT, AirflowSettings, PathSettings, load
from ingestion.state import replace_text, write_state

COMMANDS = {
    "airflow-api": "api-server",
    "airflow-scheduler": "scheduler",
    "airflow-processor": "dag-processor",
    "airflow-triggerer": "triggerer",
}
USER = "admin"
AIRFLOW = Path(sys.executable).with_name("airflow")


class AirflowError(Exception):
    """Airflow cannot be prepared; the message is its own last line."""


def main() -> None:
    name = sys.argv[1]
    # the process keeps its number: whoever wants to know whether it lives can look
    write_state(name, "running")
    os.execve(AIRFLOW, ["airflow", COMMANDS[name]], environment())


def prepare() -> None:
    """Make the folder, the secrets and the database, where they are missing or of an older Airflow."""
    home = _home()
    home.mkdir(parents=True, exist_ok=True)
    _secrets()
    stamp, wanted = home / ".migrated", version("apache-airflow")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    result = subprocess.run(
        [AIRFLOW, "db", "migrate"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode:
        last = (result.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise AirflowError(f"Airflow's database cannot be made in {home}: {last}")
    stamp.write_text(wanted)


def address() -> str:
    settings = load(AirflowSettings)
    return f"http://{settings.host}:{settings.port}"


def password() -> str:
    return _secrets()["password"]


def passwords_file() -> Path:
    return _home() / "passwords.json"


def environment() -> dict[str, str]:
    """This process's environment with what Airflow's processes share."""
    settings, own = load(AirflowSettings), _secrets()
    home = _home()
    return os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(PROJECT / "airflow" / "config" / "airflow.cfg"),
        # for airflow_local_settings.py
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(PROJECT / "airflow" / "config"), os.environ.get("PYTHONPATH")])
        ),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.dags_dir),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": own["fernet_key"],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file()),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address()}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__API__HOST": settings.host,
        "AIRFLOW__API__PORT": str(settings.port),
        "AIRFLOW__API__BASE_URL": address(),
        "AIRFLOW__API__SECRET_KEY": own["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": own["jwt_secret"],
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(home / "logs" / "dag_processor"),
        "AIRFLOW__COSMOS__DBT_DOCS_PROJECTS": json.dumps(
            {"dbt_sales": {"dir": str(DBT_PROJECT / "target"), "index": "static_index.html", "name": "Lineage"}}
        ),
    }


def _home() -> Path:
    folder: Path = load(PathSettings).var_dir / "airflow"
    return folder


def _secrets() -> dict[str, str]:
    """Made at random once; every process reads the same ones, and nobody but this user can."""
    file = _home() / "secrets.json"
    if file.exists():
        known: dict[str, str] = json.loads(file.read_text())
        return known
    from cryptography.fernet import Fernet

    made = {
        "password": secrets.token_urlsafe(12),
        "jwt_secret": secrets.token_urlsafe(64),
        "secret_key": secrets.token_urlsafe(32),
        "fernet_key": Fernet.generate_key().decode(),
    }
    before = os.umask(0o077)
    try:
        replace_text(passwords_file(), json.dumps({USER: made["password"]}))
        replace_text(file, json.dumps(made))
    finally:
        os.umask(before)
    return made


if __name__ == "__main__":
    main()
