"""Airflow beside a stack, driven through its REST API."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt

from infra.local.airflow_process import USER
from infra.testbed.embedded import Stack, until
from ingestion.errors import SalesError

PARSED_SECONDS = 90.0
RUN_SECONDS = 300.0


def _database_was_locked(error: BaseException) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and "Database error" in error.response.text


@dataclass(frozen=True)
class TaskRun:
    """The newest try of a task; `state` as Airflow names it, None before the task is scheduled."""

    state: str | None
    started: datetime | None
    ended: datetime | None
    tries: int


@dataclass(frozen=True)
class DagRun:
    state: str
    queued: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Airflow:
    """One DAG of a running Airflow.  Every method raises httpx.HTTPStatusError when Airflow refuses."""

    api: httpx.Client
    dag: str

    def get(self, path: str, **parameters: Any) -> Any:
        """GET a path below the DAG's own address; use `api` for other addresses."""
        return self.api.get(f"dags/{self.dag}{path}", params=parameters).raise_for_status().json()

    # Airflow on SQLite refuses a request, before it does anything, that comes in the moment in which a task starts:
    # docs/airflow.md
    @retry(retry=retry_if_exception(_database_was_locked), stop=stop_after_attempt(3), reraise=True)
    def trigger(self, **parameters: Any) -> str:
        """Start a run, as the trigger form does; return its id."""
        wanted = {"logical_date": None, "conf": parameters}
        answer = self.api.post(f"dags/{self.dag}/dagRuns", json=wanted).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def run(self, run_id: str) -> DagRun:
        found = self.get(f"/dagRuns/{run_id}")
        return DagRun(found["state"], _moment(found["queued_at"]), found["end_date"] and _moment(found["end_date"]))

    def wait(self, run_id: str, seconds: float = RUN_SECONDS) -> DagRun:
        """Wait until the run has ended, successfully or not, and return it.  Raises SalesError at the timeout."""
        deadline = time.monotonic() + seconds
        while (run := self.run(run_id)).state not in ("success", "failed"):
            if time.monotonic() > deadline:
                raise SalesError(f"the run {run_id} has not ended after {seconds:g} s: {self.states(run_id)}")
            time.sleep(0.3)
        return run

    def tasks(self, run_id: str) -> dict[str, TaskRun]:
        """The newest try of every task, by its id."""
        found = self.get(f"/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
        return {
            each["task_id"]: TaskRun(
                each["state"],
                each["start_date"] and _moment(each["start_date"]),
                each["end_date"] and _moment(each["end_date"]),
                each["try_number"],
            )
            for each in found
        }

    def states(self, run_id: str) -> dict[str, str | None]:
        return {name: task.state for name, task in self.tasks(run_id).items()}

    def returned(self, run_id: str, task_id: str) -> Any:
        """The value that a task of the run returned."""
        answer = self.get(f"/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value")["value"]
        return json.loads(answer) if isinstance(answer, str) else answer


@contextmanager
def opened(stack: Stack, dag: str) -> Iterator[Airflow]:
    """One DAG of the stack's Airflow, which must already run; waits until Airflow has read the DAG's file."""
    base = f"http://127.0.0.1:{stack.environment['AIRFLOW_PORT']}"
    with httpx.Client(base_url=f"{base}/api/v2", timeout=30, trust_env=False) as api:
        user = {"username": USER, "password": password(stack)}
        token = api.post(f"{base}/auth/token", json=user).raise_for_status().json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        until(lambda: api.get(f"dags/{dag}").status_code == 200, f"Airflow has read the DAG {dag}", PARSED_SECONDS)
        yield Airflow(api, dag)


def passwords_file(stack: Stack) -> Path:
    return stack.folder / "var" / "airflow" / "passwords.json"


def password(stack: Stack) -> str:
    return str(json.loads(passwords_file(stack).read_text())[USER])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
