"""A full stack for one measurement or test: separate names, volumes and ports, so it never touches a running one."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from infra.docker.compose import states_of
from infra.docker.env import PORT, read_env, write_env
from infra.docker.preflight import refuse_without_docker
from infra.local.airflow_process import USER
from infra.testbed.dags import Airflow
from infra.testbed.embedded import until
from ingestion.errors import SalesError
from ingestion.settings import PROJECT

HEALTHY_SECONDS = 240.0
DAG = "unified_sales_pipeline"


class FullStack:
    """The stack, used as a user would: through commands and HTTP.  Raises SalesError when a command fails."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.page = f"http://127.0.0.1:{environment['HTTP_PORT']}"
        self.airflow_page = f"http://127.0.0.1:{environment['AIRFLOW_HTTP_PORT']}"
        self.prometheus = f"http://127.0.0.1:{environment['PROMETHEUS_PORT']}"
        self.brokers = ",".join(f"127.0.0.1:{environment[f'KAFKA_PORT_{n}']}" for n in (1, 2, 3))

    def up(self) -> None:
        self._done([sys.executable, "-m", "infra.docker.compose", "up"])

    def compose(self, *arguments: str, check: bool = True) -> str:
        return self._done(["docker", "compose", "--profile", "*", *arguments], check)

    def sales(self, *arguments: str, check: bool = True) -> str:
        """Run a verb of the `sales` command inside the stack."""
        return self.compose("exec", "-T", "airflow-worker", "sales", *arguments, check=check)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start such a verb in the background."""
        command = ["docker", "compose", "exec", "-T", "airflow-worker", "sales", *arguments]
        return subprocess.Popen(
            command, cwd=PROJECT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def crash(self, service: str) -> None:
        """Run kill -9 on everything in the container but its init, which then ends; Docker restarts the container."""
        self.compose("exec", "-T", service, "sh", "-c", "kill -9 -1", check=False)

    def health(self) -> dict[str, str]:
        """State by service: `healthy`, or what it is instead."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return states_of([json.loads(line) for line in lines])

    def wait_healthy(self) -> None:
        until(lambda: set(self.health().values()) == {"healthy"}, "everything is healthy", HEALTHY_SECONDS)

    def verified(self) -> None:
        """Publish everything that was sent.  Raises SalesError if `sales verify` finds a difference."""
        self.publish()
        self.sales("verify")

    def publish(self) -> None:
        self.sales("drain", "--timeout", "180")
        self.sales("silver")

    def api(self, path: str) -> Any:
        return httpx.get(f"{self.page}/api/{path}", timeout=10, trust_env=False).raise_for_status().json()

    def measured(self, query: str) -> list[dict[str, Any]]:
        """Prometheus's answer to a query."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": query}, timeout=10, trust_env=False)
        results: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return results

    def open_slice_seconds(self) -> float:
        """Seconds for which a slice has been open, as the dashboard reports it now; 0 when none is."""
        told = httpx.get(f"http://127.0.0.1:{self.environment['APP_PORT']}/metrics", timeout=10, trust_env=False).text
        age = re.search(r"^sales_open_slice_age_seconds (\S+)$", told, re.MULTILINE)
        return float(age[1]) if age else 0.0

    @contextmanager
    def airflow(self) -> Iterator[Airflow]:
        """The pipeline's DAG, through Airflow's REST API."""
        user = {"username": USER, "password": read_env()["AIRFLOW_ADMIN_PASSWORD"]}
        with httpx.Client(base_url=f"{self.airflow_page}/api/v2", timeout=30, trust_env=False) as api:
            token = api.post(f"{self.airflow_page}/auth/token", json=user).raise_for_status().json()["access_token"]
            api.headers["Authorization"] = f"Bearer {token}"
            until(lambda: api.get(f"dags/{DAG}").status_code == 200, f"Airflow has read the DAG {DAG}", HEALTHY_SECONDS)
            yield Airflow(api, DAG)

    def _done(self, command: list[str], check: bool = True) -> str:
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True)
        if check and done.returncode:
            raise SalesError(
                f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout + ("" if check else done.stderr)


@contextmanager
def isolated_containers(name: str, **settings: str) -> Iterator[FullStack]:
    """A stack that is not started yet; at the end it is deleted with all its data, unless PYTEST_KEEP is set.

    Raises SalesError if no Docker engine answers.
    """
    refuse_without_docker()
    write_env()
    ports = [variable for variable in read_env() if PORT.match(variable)]
    # no schedule: runs are triggered one at a time
    own = {"STACK_NAME": name, "AIRFLOW_SCHEDULE": "", "COMPOSE_PROFILES": "monitoring", **settings}
    stack = FullStack(os.environ | dict(zip(ports, _free_ports(len(ports)), strict=True)) | own)
    # for writing a test, because a start takes minutes
    keep = bool(os.environ.get("PYTEST_KEEP"))
    if not keep:
        stack.compose("down", "--volumes", "--remove-orphans")
    try:
        yield stack
    finally:
        if not keep:
            stack.compose("down", "--volumes", "--remove-orphans")


def _free_ports(count: int) -> list[str]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [str(each.getsockname()[1]) for each in sockets]
