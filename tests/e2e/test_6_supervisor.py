"""The last test costs a start of the whole stack: the supervisor is killed, and the catalogue is lost with it."""

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


def test_supervisor_killed(stack):
    """What it leaves behind is found and stopped, and the next start is a clean one: it knows every table again."""
    stack.publish_all()
    before = {table: stack.rows(table) for table in stack.versions()}
    pid = int((stack.folder / "var" / "run" / "supervisor.pid").read_text())
    psutil.Process(pid).kill()
    stack.sales("stop")
    left = [process.pid for process in psutil.process_iter() if mark_of(process) == stack.environment["VAR_DIR"]]
    assert left == []
    stack.wait_ready()
    assert "Completed successfully" in stack.dbt("run")
    assert {table: stack.rows(table) for table in stack.versions()} == before
    stack.verify()
