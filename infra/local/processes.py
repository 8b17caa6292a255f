"""The supervised processes: whether each answers, its ports, its memory and its uptime."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from infra.local.launch import read_starts
from infra.local.ports import ports
from infra.local.readiness import probe
from infra.local.stack import processes


@dataclass(frozen=True)
class ProcessStatus:
    """One process; `fault` is None if it answers, `uptime` is in seconds, `memory` in bytes, children included."""

    name: str
    fault: str | None
    ports: tuple[int, ...]
    memory: int
    uptime: float
    restarts: int


def process_statuses() -> list[ProcessStatus]:
    """One status for each supervised process; empty when no supervisor runs."""
    running = processes()
    if not running:
        return []
    with ThreadPoolExecutor(len(running)) as pool:
        faults = list(pool.map(probe, [process.name for process in running]))
    return [
        ProcessStatus(
            name=process.name,
            fault=fault if process.state == "RUNNING" else process.state.lower(),
            ports=tuple(port.port for port in ports() if port.process == process.name),
            memory=process.memory,
            uptime=process.uptime,
            restarts=starts.restarts if (starts := read_starts(process.name)) else 0,
        )
        for process, fault in zip(running, faults, strict=True)
    ]
