"""One slice of 50 sales by a dbt that stays loaded, as the follower runs it: seconds, processor time, Spark jobs.

`calm`: the 50 sales are in Bronze before the slice begins, and nothing else arrives.  `busy`: 2 sales/s keep arriving,
so the stream commits meanwhile, and a slice holds what has arrived since the last one.  The processor time is that of
the whole gateway, and therefore includes the stream.  A gateway needs some ten slices until their time is steady.
`large`: one slice of 300 000 sales.  After the last slice, `sales verify` must agree, or there are no figures.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil

from infra.bench.bronze_commits import commits
from infra.bench.resident_dbt import SLICE, TOLD
from infra.bench.results import Figure, Measured, Tell, by_name
from infra.bench.traffic import send
from infra.testbed.embedded import Stack, started, until
from ingestion.errors import SalesError
from ingestion.settings import PROJECT

COUNT = 50
LARGE = 300_000
WARM_UP_SLICES = 10
RATE = 2.0
# until the stream has told of its last batch and is quiet
SETTLE_SECONDS = 2.0
END_SECONDS = 60.0


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with started() as stack, stack.follower_held(), dbt(stack) as worker:
        gateway = Gateway(stack)
        for number in range(1, WARM_UP_SLICES + 1):
            tell(f"warm-up {number} of {WARM_UP_SLICES}")
            calm_slice(stack, worker, gateway)
        calm, busy, large = [], [], []
        for number in range(1, runs + 1):
            tell(f"calm, slice {number} of {runs}")
            calm.append(calm_slice(stack, worker, gateway))
        with _arrivals(stack):
            for number in range(1, runs + 1):
                tell(f"busy, slice {number} of {runs}")
                busy.append(_slice(worker, gateway))
        stack.run("sales", "drain")
        _slice(worker, gateway)
        for number in range(1, runs + 1):
            tell(f"{LARGE} events, slice {number} of {runs}")
            large.append(calm_slice(stack, worker, gateway, LARGE))
        tell("verifying")
        stack.run("sales", "verify")
    return Measured([*_figures("calm", calm), *_figures("busy", busy), *_figures("large", large)])


class Gateway:
    """What the gateway has used so far: seconds of processor time, and Spark jobs."""

    def __init__(self, stack: Stack) -> None:
        with stack.supervisor() as supervisor:
            self._process = psutil.Process(supervisor.getProcessInfo("gateway")["pid"])
        self._api = f"http://127.0.0.1:{stack.environment['SPARK_UI_PORT']}/api/v1/applications"
        self._application = self._get("")[0]["id"]

    def used(self) -> tuple[float, int]:
        times = [each.cpu_times() for each in (self._process, *self._process.children(recursive=True))]
        jobs = max((job["jobId"] for job in self._get(f"/{self._application}/jobs")), default=-1) + 1
        return sum(each.user + each.system for each in times), jobs

    def _get(self, path: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = (
            httpx.get(self._api + path, timeout=30, trust_env=False).raise_for_status().json()
        )
        return answer


@contextmanager
def dbt(stack: Stack) -> "Iterator[subprocess.Popen[str]]":
    """A dbt that stays loaded, for this stack."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "infra.bench.resident_dbt"],
        cwd=PROJECT,
        env=stack.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield worker
    finally:
        try:
            # the end of its input ends it, after the slice that it is in
            worker.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.communicate()


def _slice(worker: "subprocess.Popen[str]", gateway: Gateway) -> dict[str, float]:
    """What one slice has cost.  Raises SalesError when it has failed."""
    return run_of(worker, gateway, SLICE)


def run_of(worker: "subprocess.Popen[str]", gateway: Gateway, what: str) -> dict[str, float]:
    """What one run of the resident dbt has cost.  Raises SalesError when it has failed."""
    assert worker.stdin
    assert worker.stdout
    seconds_before, jobs_before = gateway.used()
    worker.stdin.write(f"{what}\n")
    worker.stdin.flush()
    # dbt may tell of itself, too
    for line in worker.stdout:
        if line.startswith(TOLD):
            seconds, jobs = gateway.used()
            told: dict[str, float] = json.loads(line.removeprefix(TOLD))
            return told | {"processor": seconds - seconds_before, "jobs": jobs - jobs_before}
    raise SalesError(f"the {what} failed, and dbt ended with {worker.wait()}")


def calm_slice(stack: Stack, worker: "subprocess.Popen[str]", gateway: Gateway, count: int = COUNT) -> dict[str, float]:
    """Send, wait until Bronze has everything and the stream is quiet, run one slice; return what it has cost."""
    send(stack, count)
    stack.run("sales", "drain")
    time.sleep(SETTLE_SECONDS)
    used = _slice(worker, gateway)
    if used["events"] != count:
        raise SalesError(f"a slice must hold its {count} events, got {used['events']}")
    return used


@contextmanager
def _arrivals(stack: Stack) -> Iterator[None]:
    """Sales that keep arriving."""
    known = len(commits(stack.bronze))
    producer = stack.start("sales", "produce", "--forever", "--rate", str(RATE), quiet=True)
    try:
        until(lambda: len(commits(stack.bronze)) > known, "the first of them is in Bronze")
        yield
    finally:
        producer.terminate()
        producer.wait()


def _figures(label: str, slices: list[dict[str, float]]) -> list[Figure]:
    return [
        *by_name("s", [{label: each["seconds"], f"{label}, processor time": each["processor"]} for each in slices]),
        *by_name("jobs", [{f"{label}, Spark jobs": each["jobs"]} for each in slices]),
        *by_name("events", [{f"{label}, events of a slice": each["events"]} for each in slices]),
    ]
