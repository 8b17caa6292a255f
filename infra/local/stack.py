"""Start and stop the embedded stack: five processes under supervisor.

Every process of a stack carries `SALES_STACK=<its var folder>` in its environment, so that whatever a killed
supervisor leaves behind is found again, and nothing else ever is.
"""

import os
import shlex
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from ingestion.settings import PROJECT, AppSettings, BrokerSettings, PathSettings, SparkSettings, load

PROGRAMS = {
    "kafka": "infra.local.kafka",
    "gateway": "infra.local.gateway",
    "bronze": "ingestion.bronze",
    "silver": "ingestion.follower",
    "app": "infra.local.app",
}
MARK = "SALES_STACK"


class StackError(Exception):
    """The stack cannot start; the message names the rule, the value and the way out."""


@dataclass(frozen=True)
class Process:
    """One supervised process; `state` is supervisor's word, `memory` the resident bytes with its children's."""

    name: str
    state: str
    pid: int
    uptime: float
    memory: int


def start() -> bool:
    """Start supervisor with all programs; False when they run already.  Raises StackError in one line."""
    paths = load(PathSettings)
    paths.run_dir.mkdir(parents=True, exist_ok=True)
    paths.log_dir.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(paths):
        if processes():
            return False
        _stop_left_behind()
        _refuse_taken_ports()
        config = _write_supervisor_config(paths)
        for state in paths.run_dir.glob("*.json"):
            state.unlink()
        environment = os.environ | {MARK: str(paths.var_dir), "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        supervisord = Path(sys.executable).parent / "supervisord"
        subprocess.run([supervisord, "-c", config], check=True, env=environment, cwd=PROJECT)
    return True


def stop() -> int:
    """Stop every process of the stack, supervised or left behind; return how many there were."""
    paths = load(PathSettings)
    paths.run_dir.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(paths):
        marked = _marked_processes()
        if processes():
            with _supervisor() as supervisor:
                supervisor.shutdown()
            psutil.wait_procs(marked, timeout=30)
        _stop_left_behind()
        for state in paths.run_dir.glob("*.json"):
            state.unlink()
    return len(marked)


def processes() -> list[Process]:
    """The supervised processes, in their order; empty when no supervisor runs."""
    try:
        with _supervisor() as supervisor:
            answers = {answer["name"]: answer for answer in supervisor.getAllProcessInfo()}
    except (OSError, xmlrpc.client.Error):
        return []
    return [_process(answers[name]) for name in PROGRAMS]


def _process(answer: dict[str, Any]) -> Process:
    running = answer["statename"] == "RUNNING"
    return Process(
        name=answer["name"],
        state=answer["statename"],
        pid=answer["pid"],
        uptime=float(answer["now"] - answer["start"]) if running else 0.0,
        memory=_memory(answer["pid"]) if running else 0,
    )


def _memory(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def _supervisor() -> Iterator[Any]:
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{_socket()}")
    try:
        yield xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
    finally:
        transport.close()


def _socket() -> Path:
    path = load(PathSettings).run_dir / "supervisor.sock"
    if len(str(path)) > 100:
        raise StackError(f"a socket's path may have 100 characters, {path} has {len(str(path))}; set a shorter VAR_DIR")
    return path


@contextmanager
def _one_at_a_time(paths: PathSettings) -> Iterator[None]:
    try:
        with FileLock(paths.run_dir / ".start.lock", timeout=0):
            yield
    except Timeout as error:
        raise StackError("another start or stop of this stack is under way; wait for it (sales status)") from error


def _marked_processes() -> list[psutil.Process]:
    """Every living process of this stack, but for this one and its parents."""
    mark = str(load(PathSettings).var_dir)
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in ours and process.environ().get(MARK) == mark:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def _stop_left_behind() -> None:
    left = _marked_processes()
    for process in left:
        with _gone_is_fine():
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=15)
    for process in stubborn:
        with _gone_is_fine():
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


def ports() -> dict[str, int]:
    """The variable that moves it, and the port, of everything that listens."""
    broker, spark, app = load(BrokerSettings), load(SparkSettings), load(AppSettings)
    return {
        "KAFKA_PORT": broker.port,
        "KAFKA_CONTROLLER_PORT": broker.controller_port,
        "SPARK_THRIFT_PORT": spark.thrift_port,
        "SPARK_CONNECT_PORT": spark.connect_port,
        "SPARK_UI_PORT": spark.ui_port,
        "APP_PORT": app.port,
    }


def taken_ports() -> list[str]:
    """One line for each port that somebody else listens on."""
    found = []
    for variable, port in ports().items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                found.append(f"port {port} is taken by another program; free it, or move ours with {variable}")
    return found


def _refuse_taken_ports() -> None:
    if taken := taken_ports():
        raise StackError("; ".join(taken))


def _write_supervisor_config(paths: PathSettings) -> Path:
    sections = [
        "[supervisord]",
        f"logfile = {paths.log_dir}/supervisor.log",
        "logfile_maxbytes = 1MB",
        "logfile_backups = 1",
        f"pidfile = {paths.run_dir}/supervisor.pid",
        "[unix_http_server]",
        f"file = {_socket()}",
        "chmod = 0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for name, module in PROGRAMS.items():
        sections += [
            f"[program:{name}]",
            f"command = {shlex.quote(sys.executable)} -m {module}",
            f"directory = {PROJECT}",
            "autorestart = true",
            "startretries = 1000000",
            "stopwaitsecs = 20",
            "stopasgroup = true",
            "killasgroup = true",
            "redirect_stderr = true",
            f"stdout_logfile = {paths.log_dir}/{name}.log",
            "stdout_logfile_maxbytes = 10MB",
            "stdout_logfile_backups = 1",
        ]
    config = paths.run_dir / "supervisord.conf"
    # supervisor expands %(...)s in its values
    config.write_text("\n".join(line.replace("%", "%%") for line in sections) + "\n")
    return config
