"""Checks before the full stack starts: engine, memory, disk, ports.  Standard library only."""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

from infra.docker.env import PORT, ROOT, monitored
from ingestion.errors import SalesError

GIB = 1 << 30
# what an idle stack uses plus room for its work, with and without monitoring
MEMORY = {True: 12 * GIB, False: 10 * GIB}
# room for images, build cache and the first sales; later, room to continue
DISK, DISK_LATER = 20 * GIB, 2 * GIB
COMPOSE_AT_LEAST = (2, 23)
MONITORING_PORTS = ("GRAFANA_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT")


def refuse_without_docker() -> None:
    if not shutil.which("docker"):
        raise SalesError("docker is not on PATH; install Docker Engine with the Compose plugin (docs/full-stack.md)")
    engine = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True)
    if engine.returncode:
        reason = (engine.stderr.strip().splitlines() or ["no answer"])[-1]
        raise SalesError(f"the Docker engine does not answer ({reason}); start it, or join its group")
    answer = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True)
    version = re.match(r"v?(\d+)\.(\d+)", answer.stdout)
    if version is None or (int(version[1]), int(version[2])) < COMPOSE_AT_LEAST:
        least = ".".join(map(str, COMPOSE_AT_LEAST))
        raise SalesError(f"Docker Compose must be {least} or later, got {answer.stdout.strip() or 'none'}; update it")


def refuse_what_does_not_fit(settings: dict[str, str], ours: Collection[int]) -> None:
    """Raises SalesError with every fault.  `ours`: ports of the running stack, which has its memory and disk."""
    faults = taken_ports(settings, ours)
    if not ours:
        faults = [*_machine_faults(settings), *faults]
    if faults:
        raise SalesError("\n  ".join(["this machine cannot run the stack:", *faults]))


def _machine_faults(settings: dict[str, str]) -> list[str]:
    answer = subprocess.run(["docker", "info", "--format", "{{json .}}"], check=True, stdout=subprocess.PIPE, text=True)
    engine = json.loads(answer.stdout)
    return [fault for fault in (_memory(engine, settings), _disk(engine, _installed(settings))) if fault]


def _installed(settings: dict[str, str]) -> bool:
    """Whether the stack has been started here before, which its lake volume shows."""
    # the template does not contain this name
    name = os.environ.get("STACK_NAME") or settings.get("STACK_NAME") or "sales"
    return subprocess.run(["docker", "volume", "inspect", f"{name}_lake"], capture_output=True).returncode == 0


def _memory(engine: dict[str, Any], settings: dict[str, str]) -> str | None:
    least, there = MEMORY[monitored(settings)], int(engine["MemTotal"])
    # a machine, or Docker Desktop, reports slightly less memory than it was given
    if there >= 0.95 * least:
        return None
    out = "; without monitoring (COMPOSE_PROFILES= in .env) it needs less" if monitored(settings) else ""
    return f"Docker must have {least // GIB} GiB of memory, got {there / GIB:.1f}; give it more{out}"


def _disk(engine: dict[str, Any], installed: bool) -> str | None:
    folder, least = Path(engine["DockerRootDir"]), DISK_LATER if installed else DISK
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        # Docker Desktop's folder is inside its virtual machine; elsewhere this user may not be allowed to read it
        free = shutil.disk_usage(ROOT).free
    if free >= least:
        return None
    return f"{least // GIB} GiB of disk must be free, got {free / GIB:.1f} at {folder}; free some"


def refuse_wrong_ports(settings: dict[str, str]) -> None:
    """Raises SalesError with every fault; with such ports Compose could not even list what runs."""
    if faults := port_faults(settings):
        raise SalesError("\n  ".join([".env has settings that cannot work:", *faults]))


def _ports(settings: dict[str, str]) -> dict[str, str]:
    unwanted = () if monitored(settings) else MONITORING_PORTS
    return {name: value for name, value in settings.items() if PORT.match(name) and name not in unwanted}


def port_faults(settings: dict[str, str]) -> list[str]:
    """Invalid ports, and ports that are assigned twice; one line each."""
    ports = _ports(settings)
    owners: dict[str, str] = {}
    twice = [
        f"{name} and {owner} must differ, got {value} for both"
        for name, value in ports.items()
        if (owner := owners.setdefault(value, name)) != name
    ]
    wrong = [f"{name} must be a port, got {value!r}" for name, value in ports.items() if not _is_port(value)]
    return wrong + twice


def taken_ports(settings: dict[str, str], ours: Collection[int]) -> list[str]:
    """Ports that another program uses, one line each."""
    return [
        f"port {value} is taken; free it, or set another {name} in .env"
        for name, value in _ports(settings).items()
        if int(value) not in ours and _listens(int(value))
    ]


def _is_port(value: str) -> bool:
    return value.isdecimal() and 0 < int(value) < 65536


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
