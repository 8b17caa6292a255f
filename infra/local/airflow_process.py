"""Airflow in the embedded stack: its folder, its secrets, its processes.

Run: python -m infra.local.airflow_process NAME
"""

import json
import os
import secrets
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psutil

from infra.local.stack_marker import marked_processes
from ingestion.addresses import reached_at
from ingestion.environment import own_environment
from ingestion.orchestration.airflow_upkeep import AIRFLOW, airflow_database, airflow_home, run_db_command
from ingestion.processes.files import replace_text
from ingestion.processes.states import AirflowState, AirflowVariables, read_state, write_state
from ingestion.settings import PROJECT, AirflowSettings, PathSettings, load

# the API server reads the logs as files, so no log server is needed
COMMANDS = {
    "airflow-api": ["api-server"],
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
    "airflow-processor": ["dag-processor"],
    "airflow-triggerer": ["triggerer", "--skip-serve-logs"],
}
USER = "admin"
WORKER = "airflow worker -- LocalExecutor:"


def main() -> None:
    name = sys.argv[1]
    # supervisor passes on the environment in which the stack was started, perhaps long ago
    if variables := read_state(AirflowVariables):
        os.environ.update(variables.environment)
    # Airflow keeps this process ID, so the state file shows whether the process is alive
    write_state(AirflowState(state="running"), name)
    if name == "airflow-scheduler" and (left := _workers()):
        subprocess.run([sys.executable, "-m", "infra.local.orphans", *map(str, left)], check=True)
    os.execve(AIRFLOW, ["airflow", *COMMANDS[name]], environment())


def _workers() -> list[int]:
    """Process IDs of the workers of a killed scheduler; LocalExecutor's workers outlive it."""
    found = []
    for process in marked_processes():
        with suppress(psutil.Error):
            if WORKER in " ".join(process.cmdline()):
                found.append(process.pid)
    return found


def prepare() -> None:
    """Create the folder and the secrets if they are missing, and migrate the database once for each Airflow version."""
    home = airflow_home()
    home.mkdir(parents=True, exist_ok=True)
    _secrets()
    # only these settings: the caller's environment may hold secrets of another Airflow
    settings = {f"AIRFLOW_{name}".upper(): str(value) for name, value in load(AirflowSettings)}
    write_state(AirflowVariables(state="wanted", environment=settings))
    stamp, wanted = home / ".migrated", version("apache-airflow")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    run_db_command("migrate", env=environment())
    stamp.write_text(wanted)


def address() -> str:
    settings = load(AirflowSettings)
    return f"http://{reached_at(settings.host, settings.port)}"


def password() -> str:
    return str(json.loads(passwords_file().read_text())[USER])


def passwords_file() -> Path:
    return airflow_home() / "passwords.json"


def environment() -> dict[str, str]:
    """This process's environment, plus what Airflow's processes share."""
    settings, own = load(AirflowSettings), _secrets()
    home, docs = airflow_home(), load(PathSettings).project_docs
    return own_environment() | {
        # keeps the process titles from overwriting the environment, by which `sales stop` recognises the processes
        "SPT_NOENV": "1",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(PROJECT / "airflow" / "config" / "airflow.cfg"),
        # for airflow_local_settings.py
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(PROJECT / "airflow" / "config"), os.environ.get("PYTHONPATH")])
        ),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.dags_dir),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "airflow" / "plugins"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": own["fernet_key"],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file()),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address()}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_database(),
        "AIRFLOW__API__HOST": settings.host,
        "AIRFLOW__API__PORT": str(settings.port),
        "AIRFLOW__API__BASE_URL": address(),
        "AIRFLOW__API__SECRET_KEY": own["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": own["jwt_secret"],
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(home / "logs" / "dag_processor"),
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
        "AIRFLOW__COSMOS__DBT_DOCS_PROJECTS": json.dumps(
            {"dbt_sales": {"dir": str(docs), "index": "static_index.html", "name": "Lineage"}}
        ),
    }


def _secrets() -> dict[str, str]:
    """Secrets generated once at random; every process reads the same ones, and no other user can read them."""
    from cryptography.fernet import Fernet

    if not passwords_file().exists():
        _write_secret(passwords_file(), {USER: secrets.token_urlsafe(12)})
    file = airflow_home() / "secrets.json"
    if not file.exists():
        keys = {"jwt_secret": secrets.token_urlsafe(64), "secret_key": secrets.token_urlsafe(32)}
        _write_secret(file, keys | {"fernet_key": Fernet.generate_key().decode()})
    known: dict[str, str] = json.loads(file.read_text())
    return known


def _write_secret(file: Path, content: dict[str, str]) -> None:
    before = os.umask(0o077)
    try:
        replace_text(file, json.dumps(content))
    finally:
        os.umask(before)


if __name__ == "__main__":
    main()
