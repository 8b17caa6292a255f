"""The full stack: from nothing to healthy, runs of the DAG, its use at rest, and the API through nginx.

The images are built beforehand.  Memory is Docker's own figure for each container, without the page cache.
"""

import re
import subprocess
import time

import httpx
import psutil

from infra.bench.cases.dag import timed
from infra.bench.results import Figure, Measured, Tell, by_name, percentile
from infra.docker.compose import MONITORING
from infra.testbed.containers import FullStack, isolated_containers

# stays below nginx's limit for one visitor
REQUESTS, REQUESTS_PER_SECOND = 400, 40
UNITS = {"B": 2**-20, "KiB": 2**-10, "MiB": 1.0, "GiB": 2.0**10}


def measure(runs: int, tell: Tell) -> Measured:
    with isolated_containers("sales-bench") as stack:
        tell("building the images")
        stack.compose("build")
        tell("starting everything")
        began = time.monotonic()
        stack.up()
        healthy = time.monotonic() - began
        with stack.airflow() as airflow:
            tell("first run")
            first = timed(airflow)["run"]
            tell("warm-up")
            timed(airflow)
            seconds = []
            for number in range(1, runs + 1):
                tell(f"run {number}")
                seconds.append({"a run": timed(airflow)["run"]})
        tell("resting")
        time.sleep(30)
        busy = psutil.cpu_percent(interval=60)
        memory = _memory(stack)
        tell("asking the API")
        latencies = _ask(stack)
    without = sum(size for name, size in memory.items() if name not in MONITORING)
    figures = [
        Figure("images built, to everything healthy", "s", (healthy,)),
        Figure("the first run after that", "s", (first,)),
        *by_name("s", seconds),
        Figure("processors in use at rest", "%", (busy,)),
        Figure("memory, everything", "MiB", (sum(memory.values()),)),
        Figure("memory, without monitoring", "MiB", (without,)),
        *by_name("MiB", [{f"memory, {name}": size for name, size in sorted(memory.items())}]),
        Figure("API through nginx, cached, p50", "ms", (percentile(latencies, 0.5),)),
        Figure("API through nginx, cached, p99", "ms", (percentile(latencies, 0.99),)),
    ]
    return Measured(figures)


def _memory(stack: FullStack) -> dict[str, float]:
    """Memory in MiB, by service."""
    project = stack.environment["STACK_NAME"]
    lines = subprocess.run(
        ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.splitlines()
    found: dict[str, float] = {}
    for line in lines:
        if match := re.match(rf"{project}-(.+)-\d+ ([\d.]+)([KMG]?i?B) /", line):
            found[match[1]] = found.get(match[1], 0.0) + float(match[2]) * UNITS[match[3]]
    return found


def _ask(stack: FullStack) -> list[float]:
    """Milliseconds of each request for a cached answer, one after another."""
    latencies = []
    with httpx.Client(base_url=stack.page, trust_env=False) as client:
        client.get("/api/top_products").raise_for_status()
        for _ in range(REQUESTS):
            began = time.perf_counter()
            client.get("/api/top_products").raise_for_status()
            took = time.perf_counter() - began
            latencies.append(1000 * took)
            time.sleep(max(0.0, 1 / REQUESTS_PER_SECOND - took))
    return latencies
