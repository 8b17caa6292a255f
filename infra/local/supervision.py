"""Talk to supervisor: its configuration, its socket, its processes."""

import http.client
import os
import shlex
import sys
import xmlrpc.client
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.airflow_process import COMMANDS
from ingestion.errors import SalesError
from ingestion.settings import PROJECT, PathSettings, load

# in start order; they are stopped in reverse order
PROGRAMS = {
    "kafka": "infra.local.broker",
    "gateway": "infra.spark.gateway",
    "bronze": "ingestion.bronze.stream",
    "silver": "ingestion.silver.follower",
    "app": "streamlit_app.serve",
}
# started on demand, by `sales airflow`
AIRFLOW = dict.fromkeys(COMMANDS, "infra.local.airflow_process")
# the system limits a socket's path to about this many bytes
SOCKET_PATH_LIMIT = 100


class StackError(SalesError):
    """The stack cannot start or does not answer; the message gives the rule, the value and the way out."""


def socket_path() -> Path:
    path: Path = load(PathSettings).run_dir / "supervisor.sock"
    # counted in bytes, because an accented letter takes two
    if (length := len(os.fsencode(path))) > SOCKET_PATH_LIMIT:
        raise StackError(
            f"a socket's path may have at most {SOCKET_PATH_LIMIT} bytes, {path} has {length}; set a shorter VAR_DIR"
        )
    return path


@contextmanager
def supervisor() -> Iterator[Any]:
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{socket_path()}")
    try:
        yield xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
    finally:
        transport.close()


def answers() -> dict[str, dict[str, Any]]:
    """What supervisor reports for each program; empty when no supervisor answers."""
    if not socket_path().exists():
        return {}
    try:
        with supervisor() as running:
            return {answer["name"]: answer for answer in running.getAllProcessInfo()}
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return {}


def stopped(names: Iterable[str]) -> list[str]:
    """Those of the programs that are not running."""
    states = {name: answer["statename"] for name, answer in answers().items()}
    return [name for name in names if states.get(name) not in ("RUNNING", "STARTING")]


def start(names: Iterable[str]) -> None:
    """Start these programs.  Raises StackError if the stack is going down, or if an older version started it."""
    try:
        with supervisor() as running:
            for name in names:
                running.startProcess(name, False)
    except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
        raise StackError(
            f"supervisor does not start it ({error}); stop the stack (sales stop), and try again"
        ) from error


def shut_down() -> None:
    """Ask supervisor to stop everything and then itself; it may already be stopping, or gone."""
    try:
        with supervisor() as running:
            running.shutdown()
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return


def write_config(paths: PathSettings) -> Path:
    sections = [
        "[supervisord]",
        f"logfile = {paths.log_dir}/supervisor.log",
        "logfile_maxbytes = 1MB",
        "logfile_backups = 1",
        f"pidfile = {paths.run_dir}/supervisor.pid",
        "[unix_http_server]",
        f"file = {socket_path()}",
        "chmod = 0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for rank, (name, module) in enumerate((PROGRAMS | AIRFLOW).items()):
        sections += _program(name, module, rank, paths)
    config = paths.run_dir / "supervisord.conf"
    # supervisor expands %(...)s in its values
    config.write_text("\n".join(line.replace("%", "%%") for line in sections) + "\n", encoding="utf-8")
    return config


def _program(name: str, module: str, rank: int, paths: PathSettings) -> list[str]:
    return [
        f"[program:{name}]",
        f"command = {shlex.quote(sys.executable)} -m infra.local.launch {name} {module}",
        f"directory = {PROJECT}",
        f"priority = {rank}",
        f"autostart = {str(name in PROGRAMS).lower()}",
        # restarted whenever it ends; infra/local/launch.py delays a program that keeps dying
        "autorestart = true",
        "startsecs = 0",
        # on TERM it and its child would wait ten seconds for each other; it has nothing to lose
        f"stopsignal = {'KILL' if name == 'airflow-triggerer' else 'TERM'}",
        "stopwaitsecs = 20",
        "stopasgroup = true",
        "killasgroup = true",
        "redirect_stderr = true",
        # supervisor expands this value twice
        f"stdout_logfile = {str(paths.log_dir).replace('%', '%%')}/{name}.log",
        "stdout_logfile_maxbytes = 10MB",
        "stdout_logfile_backups = 1",
    ]
