"""Whose a process is: each of a stack carries SALES_STACK=<its var folder> in its environment.

So whatever a killed supervisor leaves behind is found again, and nothing else ever is.
"""

import os
from contextlib import suppress

import psutil

from ingestion.settings import PathSettings, load

MARK = "SALES_STACK"


def marked_processes() -> list[psutil.Process]:
    """Every living process of this stack, but for this one and its parents."""
    mark = str(load(PathSettings).var_dir)
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid not in ours and process.environ().get(MARK) == mark:
                found.append(process)
    return found
