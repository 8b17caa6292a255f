"""The machine that the figures were measured on."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.stack_marker import MARK
from infra.spark.java import java_version
from ingestion.settings import PathSettings, load


@dataclass(frozen=True)
class Machine:
    """`cores`: those that this process may use; `memory`: in bytes; `start_up_cache`: whether `make warm` was run."""

    cpu: str
    cores: int
    memory: int
    kernel: str
    python: str
    java: int
    start_up_cache: bool


def describe() -> Machine:
    return Machine(
        cpu=_cpu_model(),
        cores=len(psutil.Process().cpu_affinity() or []) if hasattr(psutil.Process, "cpu_affinity") else _all_cores(),
        memory=psutil.virtual_memory().total,
        kernel=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        java=java_version(),
        start_up_cache=(load(PathSettings).jars_dir / "gateway.aot").exists(),
    )


def running_stacks() -> set[str]:
    """VAR_DIR of every stack that runs on this machine: this user's, and those of others as far as they can be seen."""
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return {_mark(process) for process in psutil.process_iter() if process.pid not in ours} - {""}


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except psutil.Error:
        return ""


def _cpu_model() -> str:
    """The model from /proc on Linux; elsewhere whatever the standard library knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _all_cores() -> int:
    return psutil.cpu_count() or 1
