"""Whether the process that reported something is still running, even if it runs in another container.

A PID means nothing outside its container.  So each process draws a number and locks the byte at that position in a file
that all of them share.  It never releases the lock; the kernel does, however the process ends.
"""

import fcntl
import os
import secrets
from functools import cache
from pathlib import Path

from ingestion.settings import PathSettings, load

# so many that two processes are unlikely to draw the same one, in which case one could die and still seem alive
NUMBERS = 2**48


def claim_life() -> int:
    """This process's number, which the first call claims.

    Its lock survives `exec`, and a forked child does not inherit it.
    """
    return _take(_file(load(PathSettings).run_dir), os.getpid())


def alive(life: int) -> bool:
    """Whether the process with that number is still running."""
    # a process cannot detect its own lock
    if life == claim_life():
        return True
    file = _file(load(PathSettings).run_dir)
    try:
        # a shared lock, so that two processes that ask at once do not take each other for the one asked about
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, life)
    except OSError:
        return True
    fcntl.lockf(file, fcntl.LOCK_UN, 1, life)
    return False


@cache
def _take(file: int, process: int) -> int:
    number = secrets.randbelow(NUMBERS)
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
    return number


@cache
def _file(folder: Path) -> int:
    """The shared file, never closed: closing any descriptor of it would release every lock the process has in it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".living", os.O_RDWR | os.O_CREAT, 0o666)
    os.set_inheritable(descriptor, True)
    return descriptor
