"""End the workers that a killed scheduler has left: they would wait for ever for tasks that nobody sends them.

One that is still at work may end its task first, and tell Airflow how it went.
Run: python -m infra.local.orphans PID...
"""

import os
import sys
import time
from contextlib import suppress

import psutil

from infra.local.airflow_process import WORKER

SECONDS = 1.0


def main() -> None:
    left = []
    for pid in sys.argv[1:]:
        with suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(int(pid)))
    # nobody waits for this process: its parent becomes the new scheduler
    if os.fork():
        return
    while left := [worker for worker in left if _lives(worker)]:
        for worker in left:
            with suppress(psutil.NoSuchProcess):
                if f"{WORKER} <idle>" in " ".join(worker.cmdline()):
                    worker.kill()
        time.sleep(SECONDS)


def _lives(worker: psutil.Process) -> bool:
    try:
        return worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    main()
