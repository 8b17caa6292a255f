"""Whose the lake is: one gateway's, for as long as it lives, and nobody else opens it."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local import stack
from infra.local.doctor import _owner
from ingestion.gateway.catalogue_filler import fault, runs
from ingestion.lake import ownership
from ingestion.lake.ownership import LakeOwnedError, own_lake, owner, refuse_owned, refuse_strangers
from ingestion.processes.states import GatewayState, read_state
from ingestion.settings import PathSettings, load

HOLD = "from ingestion.lake.ownership import own_lake; own_lake(); print(flush=True); import os, time;"
# as the JVM takes the place of the process that took the lake
GATEWAY = "os.execlp('sleep', 'sleep', '60')"
Hold = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def folders(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ownership, "PATIENCE_SECONDS", 0.3)
    return own_folders


@pytest.fixture
def hold(folders: Path) -> Iterator[Hold]:
    """Starts a process that holds the lake for the stack of that folder."""
    started = []

    def start(var: str = "var", then: str = GATEWAY) -> "subprocess.Popen[str]":
        environment = os.environ | {"VAR_DIR": str(folders / var)}
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD + then], env=environment, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_lake_is_held_through_exec_until_its_gateway_is_killed(hold: Hold, folders: Path) -> None:
    assert owner() is None
    gateway = hold()
    held = owner()
    assert held is not None
    assert (held.var_dir, held.host) == (str(folders / "var"), os.uname().nodename)
    gateway.kill()
    # before it is collected: supervisor may be dead, too
    os.waitid(os.P_PID, gateway.pid, os.WEXITED | os.WNOWAIT)
    assert owner() is None
    own_lake()


def test_a_child_that_outlives_its_gateway_does_not_hold_the_lake(hold: Hold) -> None:
    parent = hold(then="os.fork() and os._exit(0); time.sleep(2)")
    parent.wait()
    assert owner() is None


def test_whoever_asks_neither_takes_the_lake_nor_frees_it(hold: Hold) -> None:
    hold()
    assert all(owner() is not None for _ in range(3))
    with pytest.raises(LakeOwnedError):
        refuse_owned()


def test_a_second_gateway_is_refused_by_name(hold: Hold, folders: Path) -> None:
    hold("other")
    with pytest.raises(LakeOwnedError) as refused:
        own_lake()
    assert str(refused.value) == (
        f"LAKE_DIR={folders / 'lake'} is held by the gateway of VAR_DIR={folders / 'other'} on {os.uname().nodename}; "
        f"stop that stack, or set another LAKE_DIR"
    )


def test_a_gateway_waits_for_a_moment_for_its_predecessor(hold: Hold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "PATIENCE_SECONDS", 10)
    hold(then="time.sleep(0.5)")
    own_lake()


def test_only_the_stack_of_the_gateway_may_write_through_it(hold: Hold) -> None:
    refuse_strangers()
    hold().kill()
    hold("var")
    refuse_strangers()


def test_another_stack_may_not_write(hold: Hold, folders: Path) -> None:
    hold("other")
    with pytest.raises(
        LakeOwnedError, match=f"VAR_DIR={folders}/other on .*, and VAR_DIR is {folders}/var; set VAR_DIR="
    ):
        refuse_strangers()


def test_a_start_is_refused_before_anything_runs(hold: Hold, folders: Path) -> None:
    hold("other")
    with pytest.raises(LakeOwnedError, match="stop that stack, or set another LAKE_DIR"):
        stack.start()
    assert not (folders / "var" / "run" / "supervisord.conf").exists()


def test_a_gateway_refuses_by_itself_and_its_stack_says_why(hold: Hold) -> None:
    hold("other")
    ended = subprocess.run([sys.executable, "-m", "infra.spark.gateway"], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "is held by the gateway of VAR_DIR=" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not runs()
    assert "is held by the gateway of" in (fault() or "")
    assert not (load(PathSettings).var_dir / "spark").exists()


def test_a_second_gateway_of_the_same_stack_leaves_the_first_ones_words(hold: Hold) -> None:
    hold(
        then="from ingestion.processes.states import *; write_state(GatewayState(state='started', session_id='one')); "
        "print(flush=True); " + GATEWAY
    )
    while not runs():
        pass
    assert subprocess.run([sys.executable, "-m", "infra.spark.gateway"], capture_output=True).returncode == 1
    assert (gateway := read_state(GatewayState)) is not None
    assert gateway.session_id == "one"


def test_doctor_shows_whose_it_is(hold: Hold) -> None:
    assert _owner().remedy is None
    hold("other")
    assert "VAR_DIR" in (_owner().remedy or "")


def test_a_lake_that_a_gateway_holds_is_not_deleted(hold: Hold) -> None:
    free = [sys.executable, "-m", "infra.local.refuse_owned_lake"]
    assert subprocess.run(free).returncode == 0
    hold("other")
    refused = subprocess.run(free, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: LAKE_DIR=")


def test_a_file_system_without_locks_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(ownership.fcntl, "lockf", no_locks)
    with pytest.raises(
        LakeOwnedError, match=r"LAKE_DIR must be on a file system that supports locks, got .* \(No locks available"
    ):
        own_lake()


def test_a_lake_that_cannot_be_written_is_one_line(folders: Path) -> None:
    (folders / "lake").touch()
    with pytest.raises(LakeOwnedError, match=r"LAKE_DIR must be a folder that can be written, got .* \(File exists\)"):
        own_lake()


def test_a_lake_whose_owner_has_not_said_its_name_is_held_all_the_same(hold: Hold, folders: Path) -> None:
    hold()
    (folders / "lake" / ownership.FILE).write_text("")
    with pytest.raises(LakeOwnedError, match=r"held by the gateway of VAR_DIR=\(unknown\)"):
        refuse_owned()
