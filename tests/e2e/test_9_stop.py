"""Last, because the stack is stopped afterwards: its supervisor is killed, and everything else lives on."""

import psutil
import pytest

from infra.local.stack_marker import MARK

pytestmark = pytest.mark.e2e


def mark_of(process: psutil.Process) -> str | None:
    """The stack that a process belongs to."""
    try:
        return process.environ().get(MARK)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def of_stack(stack) -> list[int]:
    return [process.pid for process in psutil.process_iter() if mark_of(process) == stack.environment["VAR_DIR"]]


def test_stop_finds_what_a_killed_supervisor_leaves(stack):
    psutil.Process(int((stack.folder / "var" / "run" / "supervisor.pid").read_text())).kill()
    assert stack.state("gateway")["pid"] in of_stack(stack)
    stack.sales("stop")
    assert of_stack(stack) == []
