"""Whether the process that said something still lives, also where it runs in another container.

A process number means nothing outside its container.  So each process locks one byte, of its own number, in a file
that all of them share, and never lets go: the kernel does, however the process ends.
"""

import fcntl
import os
import secrets
from functools import cache
from pathlib import Path

from ingestion.settings import PathSettings, load

# two processes that draw the same number would take each other for alive
NUMBERS = 2**48


def own_life() -> int:
    """This process's number; its lock outlives `exec`, and no child of a fork has it."""
    return _take(_file(load(PathSettings).run_dir), os.getpid())


def alive(life: int) -> bool:
    """Whether the process with that number lives."""
    # nobody meets a lock of his own
    if life == own_life():
        return True
    file = _file(load(PathSettings).run_dir)
    try:
        # shared: two that ask at once do not meet each other
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
    """Open for good: closing any descriptor of the file would give back every lock that the process has in it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".living", os.O_RDWR | os.O_CREAT, 0o666)
    os.set_inheritable(descriptor, True)
    return descriptor
