"""Check whether this machine can run the embedded stack: what is there, and what to do about each fault."""

import os
import pwd
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.jars.fetch import SETS, faults, pinned
from infra.local import supervision
from infra.local.ports import port_faults, ports
from infra.local.stack import other_settings, processes
from infra.local.stack_marker import marked_processes
from infra.local.supervision import AIRFLOW, PROGRAMS, SOCKET_PATH_LIMIT, StackError
from infra.spark.java import JavaError, java_binary, java_version, refuse_nameless_user
from ingestion.catalogue import CLIENTS, PRODUITS, SEEDS, CatalogueError, read_clients, read_produits
from ingestion.lake.ownership import owner
from ingestion.settings import PathSettings, load

GIB = 1 << 30
# the stack takes about 3 GiB; the page cache and the commands need the rest
MEMORY = 4 * GIB
DISK = 5 * GIB


@dataclass(frozen=True)
class Check:
    """The result of one check; `remedy` is None when all is well."""

    subject: str
    found: str
    remedy: str | None = None


def diagnose() -> list[Check]:
    checks: tuple[Callable[[], Check], ...] = (
        _python,
        _java,
        _user,
        _jars,
        _start_up_cache,
        _memory,
        _cores,
        lambda: _disk("LAKE_DIR", load(PathSettings).lake_dir),
        lambda: _disk("VAR_DIR", load(PathSettings).var_dir),
        _owner,
        _socket_path,
        _catalogues,
        _ports,
        _stack,
    )
    return [check() for check in checks]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    right = sys.version_info[:2] in ((3, 11), (3, 12))
    return Check("Python", version, None if right else "use 3.11 or 3.12 (make setup PYTHON=/path/to/python3.12)")


def _java() -> Check:
    try:
        return Check("Java", f"{java_version()} ({java_binary()})")
    except JavaError as error:
        return Check("Java", "not usable", str(error))


def _user() -> Check:
    try:
        refuse_nameless_user(os.getuid())
    except JavaError as error:
        return Check("user", "without a name", str(error))
    return Check("user", pwd.getpwuid(os.getuid()).pw_name)


def _jars() -> Check:
    folder = load(PathSettings).jars_dir
    wrong = [fault for jar_set in SETS for fault in faults(pinned(jar_set), folder / jar_set)]
    if not wrong:
        return Check("jars", f"{sum(len(pinned(jar_set)) for jar_set in SETS)}, each as pinned")
    return Check("jars", f"{len(wrong)} wrong, the first: {wrong[0]}", "sales jars")


def _start_up_cache() -> Check:
    cache = load(PathSettings).jars_dir / "gateway.aot"
    return Check(
        "start-up cache", f"{cache.stat().st_size >> 20} MiB" if cache.exists() else "none (sales warm makes it)"
    )


def _memory() -> Check:
    ours = sum(process.memory for process in processes())
    available = psutil.virtual_memory().available + ours
    if (limit := _container_limit()) is not None:
        available = min(available, limit)
    found = f"{available / GIB:.1f} GiB available"
    return Check(
        "memory", found, None if available >= MEMORY else f"{MEMORY // GIB} GiB are needed; close other programs"
    )


def _container_limit() -> int | None:
    """The container's memory limit in bytes, which the machine's own figure does not show; None without one."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return None


def _cores() -> Check:
    cores = psutil.cpu_count() or 1
    return Check("processor", f"{cores} cores", None if cores >= 2 else "2 are needed; with one, starts may time out")


def _disk(variable: str, folder: Path) -> Check:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    found = f"{free / GIB:.1f} GiB free at {folder}"
    return Check(
        variable, found, None if free >= DISK else f"{DISK // GIB} GiB are needed; free some, or move {variable}"
    )


def _owner() -> Check:
    if (held := owner()) is None:
        return Check("lake", "held by no gateway")
    found = f"held by the gateway of VAR_DIR={held.var_dir} on {held.host}"
    return Check("lake", found, None if held.ours() else "set another LAKE_DIR, or that VAR_DIR")


def _socket_path() -> Check:
    try:
        return Check("VAR_DIR's length", f"socket path of {len(os.fsencode(supervision.socket_path()))} bytes")
    except StackError as error:
        return Check("VAR_DIR's length", f"more than {SOCKET_PATH_LIMIT}", str(error))


def _catalogues() -> Check:
    try:
        known = len(read_clients(CLIENTS)), len(read_produits(PRODUITS))
    except CatalogueError as error:
        return Check("catalogues", str(error), f"fix the file in {SEEDS}")
    return Check("catalogues", "{} clients, {} products".format(*known))


def _ports() -> Check:
    listed = " ".join(str(port.port) for port in ports())
    if marked_processes():
        return Check("ports", f"{listed}: the stack's own")
    wrong = port_faults((*PROGRAMS, *AIRFLOW))
    return Check("ports", f"{listed}: {'not all ' if wrong else ''}free", "; ".join(wrong) or None)


def _stack() -> Check:
    if running := processes():
        found = f"running: {', '.join(process.name for process in running)}"
        changed = "; ".join(other_settings())
        return Check("stack", found, f"it was started with {changed}; set the same variables" if changed else None)
    if left := marked_processes():
        return Check(
            "stack", f"{len(left)} processes without a supervisor", "sales stop, or sales start to start again"
        )
    return Check("stack", "not running (sales start)")
