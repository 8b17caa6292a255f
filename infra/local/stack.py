"""Start and stop the embedded stack: five processes under supervisor, plus Airflow's four on demand."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
from filelock import FileLock, Timeout

from infra.local import supervision
from infra.local.ports import port_faults, ports
from infra.local.stack_marker import MARK, marked_processes
from infra.local.supervision import AIRFLOW, PROGRAMS, StackError
from infra.spark.java import java_version, refuse_nameless_user
from ingestion import catalogue
from ingestion.addresses import without_proxy
from ingestion.environment import own_environment
from ingestion.lake.ownership import refuse_owned
from ingestion.processes.states import StartedWith, read_state, write_state
from ingestion.settings import (
    PROJECT,
    BronzeSettings,
    KafkaSettings,
    PathSettings,
    SilverSettings,
    load,
)

LEAST_FREE_BYTES = 1 << 30
STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Process:
    """One supervised process; `state` as supervisor reports it, `memory` in resident bytes, children included."""

    name: str
    state: str
    pid: int
    uptime: float
    memory: int


@dataclass(frozen=True)
class Stopped:
    """What a stop found: the supervised programs by name, and how many processes a dead supervisor had left behind."""

    programs: list[str]
    left_behind: int


def start() -> bool:
    """Start supervisor with all programs; return False if they are running already.  Raises StackError in one line."""
    paths = load(PathSettings)
    supervision.socket_path()
    _prepare_folders(paths)
    with _one_at_a_time(paths):
        if supervision.answers():
            return False
        _stop_left_behind()
        _refuse_what_cannot_run(paths)
        _forget_last_run(paths)
        write_state(StartedWith(state="wanted", settings=_moved_by_variables()))
        hosts = tuple({port.host for port in ports()})
        environment = without_proxy(own_environment(), hosts) | {
            MARK: str(paths.var_dir),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
        }
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(supervision.write_config(paths))]
        result = subprocess.run(
            command, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if result.returncode:
            raise StackError(f"supervisord did not start: {result.stdout.strip() or result.returncode}")
    return True


def stop(on_progress: Callable[[int], None] = lambda left: None) -> Stopped:
    """Stop every process of the stack, supervised or left behind; `on_progress` receives the number still running."""
    paths = load(PathSettings)
    if not paths.run_dir.exists():
        return Stopped([], 0)
    with _one_at_a_time(paths):
        supervised = [process.name for process in processes()]
        marked = marked_processes()
        if supervision.answers():
            supervision.shut_down()
            _wait(marked, on_progress)
        left = _stop_left_behind()
        _forget_last_run(paths)
    return Stopped(supervised, 0 if supervised else left)


def other_settings() -> list[str]:
    """One line for each variable that differs from what the running stack was started with; empty if none runs."""
    started = read_state(StartedWith)
    before = started.settings if started else {}
    now = _moved_by_variables()
    changed = [f"{name}={before[name]}, not {now[name]}" for name in now if before.get(name, now[name]) != now[name]]
    return changed if changed and supervision.answers() else []


def refuse_other_settings() -> None:
    """Raise StackError if the running stack has another lake or port: a command would do half of its work elsewhere."""
    if changed := other_settings():
        raise StackError(
            f"the stack of VAR_DIR={load(PathSettings).var_dir} runs with {'; '.join(changed)}; "
            f"set the variables as they were, or stop it first (sales stop)"
        )


def _moved_by_variables() -> dict[str, str]:
    # not Airflow's ports: it may start later, with the variables of the command that starts it
    moved = {port.variable: str(port.port) for port in ports() if port.process in PROGRAMS}
    return {"LAKE_DIR": str(load(PathSettings).lake_dir)} | moved


def processes() -> list[Process]:
    """The supervised processes, in the order of PROGRAMS and AIRFLOW; empty when no supervisor runs."""
    answers = supervision.answers()
    started = [name for name in AIRFLOW if answers.get(name, {}).get("statename") not in (None, "STOPPED")]
    return [_process(answers[name]) for name in (*PROGRAMS, *started) if name in answers]


def _process(answer: dict[str, Any]) -> Process:
    running = answer["statename"] == "RUNNING"
    return Process(
        name=answer["name"],
        state=answer["statename"],
        pid=answer["pid"],
        uptime=max(0.0, float(answer["now"] - answer["start"])) if running else 0.0,
        memory=_memory(answer["pid"]) if running else 0,
    )


def _memory(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def _prepare_folders(paths: PathSettings) -> None:
    for variable, folder in (("LAKE_DIR", paths.lake_dir), ("VAR_DIR", paths.var_dir)):
        try:
            for each in (folder, *((paths.run_dir, paths.log_dir) if variable == "VAR_DIR" else ())):
                each.mkdir(parents=True, exist_ok=True)
                probe = each / f".writable.{os.getpid()}"
                probe.touch()
                probe.unlink()
        except OSError as error:
            raise StackError(
                f"{variable} must be a folder that can be written, got {folder} ({error.strerror}); "
                f"set another {variable}"
            ) from error
        if (free := shutil.disk_usage(folder).free) < LEAST_FREE_BYTES:
            raise StackError(
                f"{variable} needs 1 GiB of free disk, {folder} has {free >> 20} MiB; free some, "
                f"or set another {variable}"
            )


@contextmanager
def _one_at_a_time(paths: PathSettings) -> Iterator[None]:
    try:
        with FileLock(paths.run_dir / ".start.lock", timeout=0):
            yield
    except Timeout as error:
        raise StackError("another start or stop of this stack is under way; wait for it (sales status)") from error


def _refuse_what_cannot_run(paths: PathSettings) -> None:
    from infra.jars.fetch import refuse_missing

    for settings in (KafkaSettings, BronzeSettings, SilverSettings):
        load(settings)
    refuse_owned()
    catalogue.check()
    java_version()
    refuse_nameless_user(os.getuid())
    refuse_missing(paths.jars_dir)
    refuse_taken_ports(PROGRAMS)


def start_airflow() -> bool:
    """Start Airflow's processes in a running stack; False if they are running.  Raises StackError, SalesError."""
    from infra.local import airflow_process

    with _one_at_a_time(load(PathSettings)):
        if not (wanted := supervision.stopped(AIRFLOW)):
            return False
        if len(wanted) == len(AIRFLOW):
            airflow_process.prepare()
        supervision.start(wanted)
    return True


def refuse_taken_ports(programs: Collection[str]) -> None:
    """Raise StackError for ports that these programs cannot listen on; call it while they are not running."""
    if faults := port_faults(programs):
        raise StackError("; ".join(faults))


def _forget_last_run(paths: PathSettings) -> None:
    """Delete what a run leaves in its folders that would mislead the next one; call it while nothing is running."""
    for pattern in ("*.json", "*.starts", "supervisor*"):
        for file in paths.run_dir.glob(pattern):
            file.unlink(missing_ok=True)
    shutil.rmtree(paths.var_dir / "spark", ignore_errors=True)


def _wait(left: list[psutil.Process], on_progress: Callable[[int], None]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while left and time.monotonic() < deadline:
        on_progress(len(left))
        _, left = psutil.wait_procs(left, timeout=0.2)


def _stop_left_behind() -> int:
    left = marked_processes()
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=15)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return len(left)
