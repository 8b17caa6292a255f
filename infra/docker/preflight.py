"""What is looked at before the full stack starts: engine, memory, disk, ports.  Standard library only."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

from infra.docker.env import PORT, ROOT, monitored

GIB = 1 << 30
# what an idle stack takes, and room for its work
MEMORY = {True: 12 * GIB, False: 10 * GIB}
DISK = 20 * GIB
COMPOSE_AT_LEAST = (2, 23)
MONITORING_PORTS = ("GRAFANA_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT")


class StackError(Exception):
    """The stack cannot start; the message names the rule, the value and the way out."""


def refuse_without_docker() -> None:
    if not shutil.which("docker"):
        raise StackError("docker is not on PATH; install Docker Engine with the Compose plugin (docs/full-stack.md)")
    engine = subprocess.run(["docker", "info"], capture_output=True, text=True)
    if engine.returncode:
        reason = (engine.stderr.strip().splitlines() or ["no answer"])[-1]
        raise StackError(f"the Docker engine does not answer ({reason}); start it, or join its group")
    answer = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True)
    version = re.match(r"v?(\d+)\.(\d+)", answer.stdout)
    if version is None or (int(version[1]), int(version[2])) < COMPOSE_AT_LEAST:
        least = ".".join(map(str, COMPOSE_AT_LEAST))
        raise StackError(f"Docker Compose must be {least} or later, got {answer.stdout.strip() or 'none'}; update it")


def refuse_what_does_not_fit(settings: dict[str, str], ours: Collection[int]) -> None:
    """Raises StackError with every fault; `ours`: ports of the stack that runs, which has its memory and disk."""
    unwanted = () if monitored(settings) else MONITORING_PORTS
    faults = port_faults({name: value for name, value in settings.items() if name not in unwanted}, ours)
    if not ours:
        faults = [*_machine_faults(settings), *faults]
    if faults:
        raise StackError("\n  ".join(["this machine cannot run the stack:", *faults]))


def _machine_faults(settings: dict[str, str]) -> list[str]:
    answer = subprocess.run(["docker", "info", "--format", "{{json .}}"], check=True, stdout=subprocess.PIPE, text=True)
    engine = json.loads(answer.stdout)
    return [fault for fault in (_memory(engine, settings), _disk(engine)) if fault]


def _memory(engine: dict[str, Any], settings: dict[str, str]) -> str | None:
    least, there = MEMORY[monitored(settings)], int(engine["MemTotal"])
    if there >= least:
        return None
    out = "; without monitoring (COMPOSE_PROFILES= in .env) it needs less" if monitored(settings) else ""
    return f"Docker must have {least // GIB} GiB of memory, got {there / GIB:.1f}; give it more{out}"


def _disk(engine: dict[str, Any]) -> str | None:
    folder = Path(engine["DockerRootDir"])
    # Docker Desktop's folder is inside its own machine
    free = shutil.disk_usage(folder if folder.exists() else ROOT).free
    return (
        None if free >= DISK else f"{DISK // GIB} GiB of disk must be free, got {free / GIB:.1f} at {folder}; free some"
    )


def port_faults(settings: dict[str, str], ours: Collection[int] = ()) -> list[str]:
    """Ports that are none or are asked for twice, one line each; where there are none, those that somebody else has."""
    ports = {name: value for name, value in settings.items() if PORT.match(name)}
    owners: dict[str, str] = {}
    twice = [
        f"{name} and {owner} must differ, got {value} for both"
        for name, value in ports.items()
        if (owner := owners.setdefault(value, name)) != name
    ]
    wrong = [f"{name} must be a port, got {value!r}" for name, value in ports.items() if not _is_port(value)]
    # with such a setting Compose cannot say which ports are ours
    return wrong + twice or [
        f"port {value} is taken; free it, or set another {name} in .env"
        for name, value in ports.items()
        if int(value) not in ours and _listens(int(value))
    ]


def _is_port(value: str) -> bool:
    return value.isdecimal() and 0 < int(value) < 65536


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
