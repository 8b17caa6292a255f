"""Who lives, told by the kernel and not by a process number."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from ingestion.processes.liveness import NUMBERS, alive, claim_life

SAY = "from ingestion.processes.liveness import claim_life; print(claim_life(), flush=True);"
Start = Callable[[str], tuple["subprocess.Popen[str]", int]]


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Start:
    def start_process(then: str) -> tuple["subprocess.Popen[str]", int]:
        process = subprocess.Popen([sys.executable, "-c", SAY + then], stdout=subprocess.PIPE, text=True)
        request.addfinalizer(process.wait)
        request.addfinalizer(process.kill)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    return start_process


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_lives_until_it_ends_however_that_comes(start: Start, end: signal.Signals) -> None:
    process, life = start("import time; time.sleep(60)")
    assert all(alive(life) for _ in range(3))
    process.send_signal(end)
    # before it is collected: a zombie is dead
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(life)


def test_a_process_keeps_its_life_through_exec(start: Start) -> None:
    process, life = start("import os; os.execlp('sleep', 'sleep', '60')")
    assert alive(life)
    process.kill()
    process.wait()
    assert not alive(life)


def test_a_child_has_a_life_of_its_own(start: Start) -> None:
    fork = "import os; os.fork() and os._exit(0); print(claim_life(), flush=True); import time; time.sleep(60)"
    parent, life = start(fork)
    parent.wait()
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert child != life
    assert (alive(life), alive(child)) == (False, True)


def test_asking_takes_nobodys_life() -> None:
    own = claim_life()
    assert alive(own)
    ask = f"from ingestion.processes.liveness import alive; print(alive({own}), alive({NUMBERS + 1}))"
    for _ in range(2):
        answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
        assert answer.stdout.split() == ["True", "False"]
