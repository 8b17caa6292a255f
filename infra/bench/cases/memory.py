"""Memory of the whole stack, idle after turns of the pipeline, by process and in total.

Resident memory counts a page that several processes share once for each of them; PSS (Linux) divides it among them, so
the sum of PSS is what the stack uses.  A JVM keeps the heap that it once needed, so these figures are not the least
that the stack can run with, but what it holds after work.
"""

import time
from collections import defaultdict
from pathlib import Path

import psutil

from infra.bench.cases.pipeline import turn
from infra.bench.results import Measured, Tell, by_name
from infra.local.stack_marker import MARK
from infra.testbed.embedded import Stack, started

TURNS = 3
SETTLE_SECONDS = 15.0
MIB = 1 << 20


def measure(runs: int, tell: Tell) -> Measured:
    return Measured(by_name("MiB", [_run(number, tell) for number in range(1, runs + 1)]))


def _run(number: int, tell: Tell) -> dict[str, float]:
    tell(f"run {number}: starting a stack")
    with started(with_gold=True) as stack:
        with stack.follower_held():
            for each in range(1, TURNS + 1):
                tell(f"run {number}: turn {each} of the pipeline")
                turn(stack)
        tell(f"run {number}: {SETTLE_SECONDS:g} s of idleness")
        time.sleep(SETTLE_SECONDS)
        return of_stack(stack)


def of_stack(stack: Stack) -> dict[str, float]:
    """MiB by program with its children, and in total: resident, and PSS where it can be read."""
    with stack.supervisor() as supervisor:
        programs = {answer["pid"]: answer["name"] for answer in supervisor.getAllProcessInfo()}
    resident: dict[str, float] = defaultdict(float)
    shared: dict[str, float] = defaultdict(float)
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) != stack.environment["VAR_DIR"]:
                continue
            ancestry = (process.pid, *(parent.pid for parent in process.parents()))
            name = next((programs[pid] for pid in ancestry if pid in programs), "supervisor")
            resident[name] += process.memory_info().rss / MIB
            shared[name] += pss(process.pid) / MIB
        except psutil.Error:
            continue
    return _named("resident", resident) | (_named("PSS", shared) if all(shared.values()) else {})


def _named(kind: str, sizes: dict[str, float]) -> dict[str, float]:
    return {f"{kind}, all": sum(sizes.values()), **{f"{kind}, {name}": size for name, size in sorted(sizes.items())}}


def pss(pid: int) -> int:
    """PSS in bytes; 0 where the system does not report it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
