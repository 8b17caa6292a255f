"""Stop the workers that a killed scheduler has left, which would wait indefinitely for tasks that never come.

A worker that is still running a task may finish it and report the result to Airflow.
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
    # continue in a child process: the caller, which becomes the new scheduler, must not wait
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
