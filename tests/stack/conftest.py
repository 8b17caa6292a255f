"""A full stack of the tests' own: other names, volumes and ports; it never meets one that runs."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from infra.docker import stack as commands
from ingestion.bench.stack import until

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "sales-test"
RECOVERIES: list[tuple[str, str, float]] = []


class FullStack:
    """The stack, used as its user would: by commands and HTTP."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.settings = commands.read_env() | environment
        self.page = f"http://127.0.0.1:{environment['HTTP_PORT']}"
        self.airflow = f"http://127.0.0.1:{environment['AIRFLOW_HTTP_PORT']}"
        self.prometheus = f"http://127.0.0.1:{environment['PROMETHEUS_PORT']}"
        self.brokers = ",".join(f"127.0.0.1:{environment[f'KAFKA_PORT_{n}']}" for n in (1, 2, 3))

    def up(self) -> str:
        command = [sys.executable, "-m", "infra.docker.stack", "up"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.compose('ps', '--all', check=False)}"
        return done.stdout

    def compose(self, *arguments: str, check: bool = True) -> str:
        command = ["docker", "compose", "--profile", "*", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"{' '.join(arguments)}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout + ("" if check else done.stderr)

    def sales(self, *arguments: str, check: bool = True) -> str:
        """A verb of the command line, inside."""
        return self.compose("exec", "-T", "airflow-worker", "sales", *arguments, check=check)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The same, in the background."""
        command = ["docker", "compose", "exec", "-T", "airflow-worker", "sales", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def crash(self, service: str) -> None:
        """kill -9 of everything in the container but its init, which then ends: Docker starts it again."""
        self.compose("exec", "-T", service, "sh", "-c", "kill -9 -1", check=False)

    def health(self) -> dict[str, str]:
        """By service: `healthy`, or what it is instead."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {each["Service"]: commands._state(each) for each in map(json.loads, lines)}

    def wait_healthy(self, seconds: float = 240.0) -> None:
        until(lambda: set(self.health().values()) == {"healthy"}, "everything is healthy", seconds)

    def verified(self) -> str:
        """What `sales verify` says, once everything is published; fails where anything differs."""
        self.sales("silver")
        said = self.sales("verify")
        assert "everything agrees" in said, said
        return said

    def api(self, path: str) -> Any:
        answer = httpx.get(f"{self.page}/api/{path}", timeout=10)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def measured(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus answers to a query."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": query}, timeout=10).json()
        assert answer["status"] == "success", f"{query}: {answer.get('error')}"
        results: list[dict[str, Any]] = answer["data"]["result"]
        return results

    def run_dag(self, **conf: Any) -> dict[str, Any]:
        """Start the pipeline by REST and wait for its end; Airflow's words on it."""
        user = {"username": "admin", "password": self.settings["AIRFLOW_ADMIN_PASSWORD"]}
        token = httpx.post(f"{self.airflow}/auth/token", json=user, timeout=30).json()["access_token"]
        with httpx.Client(
            base_url=f"{self.airflow}/api/v2/dags/unified_sales_pipeline",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ) as airflow:
            started = airflow.post("/dagRuns", json={"logical_date": None, "conf": conf})
            assert started.status_code == 200, started.text
            run = started.json()["dag_run_id"]

            def ended() -> dict[str, Any] | None:
                said: dict[str, Any] = airflow.get(f"/dagRuns/{run}").json()
                return said if said["state"] in ("success", "failed") else None

            return until(ended, f"the run {run} has ended", 400)


def listening() -> set[int]:
    """Ports on which this machine listens for others."""
    return {
        each.laddr.port
        for each in psutil.net_connections("inet")
        if each.status == psutil.CONN_LISTEN and not each.laddr.ip.startswith(("127.", "::1"))
    }


@pytest.fixture(scope="session")
def opened_ports() -> Callable[[], set[int]]:
    """The ports open to others that were not before the stack."""
    before = listening()
    return lambda: listening() - before


@pytest.fixture(scope="session")
def stack(opened_ports: Callable[[], set[int]]) -> Iterator[FullStack]:
    engine = subprocess.run(["docker", "info"], capture_output=True)
    if engine.returncode:
        pytest.skip("no Docker engine answers")
    commands.write_env()
    names = [name for name in commands.read_env() if commands.PORT.match(name)]
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in names]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = {name: str(each.getsockname()[1]) for name, each in zip(names, sockets, strict=True)}
    # runs are started by hand, one at a time
    own = {"STACK_NAME": PROJECT, "AIRFLOW_SCHEDULE": "", "COMPOSE_PROFILES": "monitoring", "API_REPLICAS": "2"}
    stack = FullStack(os.environ | ports | own)
    # for whoever writes these tests: a start takes minutes
    keep = bool(os.environ.get("KEEP_STACK"))
    if not keep:
        stack.compose("down", "--volumes", "--remove-orphans")
    started = time.monotonic()
    stack.up()
    RECOVERIES.append(("start", "images (built or not) to everything healthy", time.monotonic() - started))
    yield stack
    if not keep:
        stack.compose("down", "--volumes", "--remove-orphans")


@pytest.fixture
def recovered(request: pytest.FixtureRequest) -> Callable[[str, float], None]:
    """Note how long something took to heal, since that moment."""

    def note(what: str, since: float) -> None:
        RECOVERIES.append((request.node.name, what, time.monotonic() - since))

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if RECOVERIES:
        terminalreporter.section("recovery times")
        for test, what, seconds in RECOVERIES:
            terminalreporter.write_line(f"{seconds:6.1f} s  {test}: {what}")
