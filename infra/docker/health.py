"""Check that this container's service works; exit with code 1 and the reason if not.  Run: health.py WHAT

It runs every few seconds in each container, so it imports as little as possible: http.client alone would double its
cost.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

AIRFLOW = "airflow-api:8080/api/v2/monitor/health"
# the Bronze process and the Celery worker report every second or two that they are alive
SILENT_SECONDS = 15.0
# touched by airflow/config/airflow_local_settings.py
CELERY_HEARTBEAT = Path("/tmp/celery-heartbeat")


def main() -> None:
    what = sys.argv[1]
    checks = {"catalogue": _catalogue, "bronze": _bronze, "celery": _celery}
    try:
        fault = checks[what]() if what in checks else _page(what) if "/" in what else _airflow(what)
    except OSError as error:
        fault = f"{what}: {error}"
    sys.exit(fault)


def _page(address: str) -> str | None:
    status, _ = _get(address)
    return None if status == "200" else f"{address}: answers with {status}"


def _airflow(component: str) -> str | None:
    status, body = _get(AIRFLOW)
    said = json.loads(body)[component]["status"] if status == "200" else f"not known: Airflow answers with {status}"
    return None if said == "healthy" else f"{component} is {said}"


def _catalogue() -> str | None:
    gateway, catalogue = _state("gateway"), _state("catalogue")
    if not catalogue or catalogue.get("session_id") != gateway.get("session_id"):
        return "the catalogue is not filled yet"
    if catalogue["state"] != "ready":
        return str(catalogue.get("error"))
    # a hung JVM still accepts connections, but answers nothing
    return _page(f"{os.environ['SPARK_HOST']}:{os.environ['SPARK_UI_PORT']}/api/v1/version")


def _bronze() -> str | None:
    state = _state("bronze")
    if state.get("state") != "running":
        return str(state.get("error") or f"{state.get('state', 'is starting')}")
    return _silent(_file("bronze"))


def _celery() -> str | None:
    return _silent(CELERY_HEARTBEAT)


def _silent(file: Path) -> str | None:
    if not file.exists():
        return "has not reported yet"
    silent = time.time() - file.stat().st_mtime
    return None if silent < SILENT_SECONDS else f"has not reported for {silent:.0f} s"


def _get(address: str) -> tuple[str, bytes]:
    """Status and body of http://ADDRESS; raises OSError if nothing answers."""
    place, _, path = address.partition("/")
    host, port = place.split(":")
    with socket.create_connection((host, int(port)), timeout=4) as connection:
        connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: {place}\r\n\r\n".encode())
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    return head.decode().split(" ", 2)[1] if head else "nothing", body


def _state(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_file(name).read_text()) if _file(name).exists() else {}
    return content


def _file(name: str) -> Path:
    return Path(os.environ["VAR_DIR"], "run", f"{name}.json")


if __name__ == "__main__":
    main()
