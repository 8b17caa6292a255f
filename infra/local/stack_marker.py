"""Which stack a process belongs to: its environment carries SALES_STACK=<the stack's var folder>.

This finds everything that a killed supervisor left behind, and nothing else.
"""

import os
from contextlib import suppress

import psutil

from ingestion.settings import PathSettings, load

MARK = "SALES_STACK"


def marked_processes() -> list[psutil.Process]:
    """Every living process of this stack, except this process and its parents."""
    mark = str(load(PathSettings).var_dir)
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid not in ours and process.environ().get(MARK) == mark:
                found.append(process)
    return found
