"""Whether this container's service does its work; exit code 1 and the reason where not.  Run: health.py WHAT

Standard library only: it runs every few seconds in each container.
"""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

AIRFLOW = "http://airflow-api:8080/api/v2/monitor/health"
# the Bronze process says every second that its stream runs
SILENT_SECONDS = 15.0


def main() -> None:
    what = sys.argv[1]
    checks = {"catalogue": _catalogue, "bronze": _bronze, "celery": _celery}
    fault = checks[what]() if what in checks else _http(what) if "://" in what else _airflow(what)
    sys.exit(fault)


def _http(url: str) -> str | None:
    try:
        urllib.request.urlopen(url, timeout=3).close()
    except OSError as error:
        return f"{url}: {error}"
    return None


def _airflow(component: str) -> str | None:
    try:
        with urllib.request.urlopen(AIRFLOW, timeout=5) as answer:
            said = json.load(answer)[component]["status"]
    except OSError as error:
        return f"{AIRFLOW}: {error}"
    return None if said == "healthy" else f"{component} is {said}"


def _catalogue() -> str | None:
    gateway, catalogue = _state("gateway"), _state("catalogue")
    if not catalogue or catalogue.get("session_id") != gateway.get("session_id"):
        return "the catalogue is not filled yet"
    return None if catalogue["state"] == "ready" else str(catalogue.get("error"))


def _bronze() -> str | None:
    state = _state("bronze")
    if state.get("state") != "running":
        return str(state.get("error") or f"{state.get('state', 'starts')}")
    silent = (datetime.now(UTC) - datetime.fromisoformat(state["at"])).total_seconds()
    return None if silent < SILENT_SECONDS else f"has said nothing for {silent:.0f} s"


def _celery() -> str | None:
    """Without Airflow's application: importing that would take seconds, every time."""
    broker = os.environ["AIRFLOW__CELERY__BROKER_URL"]
    command = [
        "celery",
        "--broker",
        broker,
        "inspect",
        "--timeout",
        "5",
        "--destination",
        "worker@airflow-worker",
        "ping",
    ]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if answer.returncode == 0 else (answer.stdout.strip().splitlines() or ["no answer"])[-1]


def _state(name: str) -> dict[str, Any]:
    file = Path(os.environ["VAR_DIR"], "run", f"{name}.json")
    content: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return content


if __name__ == "__main__":
    main()
