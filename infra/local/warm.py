"""Make the JVM's start-up cache: run the whole chain once in a separate gateway, which writes the cache as it ends.

The training run has its own folders and free ports, so it never touches a running stack.  `make_cache` starts it as a
separate process, because a process reads its settings only once: python -m infra.local.warm.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from infra.local.separate_stack import isolated_environment
from infra.local.stack_marker import MARK
from infra.spark.java import java_version
from ingestion.environment import own_environment
from ingestion.errors import SalesError
from ingestion.settings import PROJECT, PathSettings, load

# the cache takes 340 MB, and is written twice while it is made
NEEDED_BYTES = 2 << 30
FIRST_JAVA = 25
READY_SECONDS = 180.0
WRITING_SECONDS = 300.0


def make_cache(on_progress: Callable[[str], None]) -> str:
    """Write `gateway.aot` beside the jars, completely or not at all; return what was done.  Raises SalesError."""
    jars = load(PathSettings).jars_dir
    if java_version() < FIRST_JAVA:
        return f"no start-up cache was made: it needs Java {FIRST_JAVA} or later, this is {java_version()}"
    if (free := shutil.disk_usage(jars).free) < NEEDED_BYTES:
        raise SalesError(f"the start-up cache needs 2 GiB of free disk at {jars}, there are {free >> 20} MiB")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sales-warm-") as scratch:
        # in the same folder, so that a single rename can move it into place
        cache = jars / f".gateway.aot.{os.getpid()}"
        try:
            _train(Path(scratch), cache, on_progress)
            size = cache.stat().st_size
            cache.replace(jars / "gateway.aot")
        finally:
            for leftover in jars.glob(f"{cache.name}*"):
                leftover.unlink()
    return f"start-up cache of {size >> 20} MiB made in {time.monotonic() - started:.0f} s; the next start uses it"


def _train(scratch: Path, cache: Path, on_progress: Callable[[str], None]) -> None:
    environment = own_environment(isolated_environment(scratch)) | {
        "SALES_AOT_TRAINING": str(cache),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "infra.local.warm"]
    run = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = ["no output"]
    try:
        for line in run.stdout or ():
            if line.startswith("step: "):
                on_progress(line.removeprefix("step: ").strip())
            elif line.strip():
                said.append(line.strip())
    finally:
        _stop_all(environment[MARK])
    if run.wait() or not cache.exists():
        raise SalesError(f"the training run failed; everything works without the cache: {said[-1]}")


def _stop_all(mark: str) -> None:
    """Kill whatever is left of the training run, which Ctrl-C may have cut short."""
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                process.kill()
        except psutil.Error:
            continue


def main() -> None:
    """Do the training run itself, in the environment that `make_cache` has set up."""
    log_dir = load(PathSettings).log_dir
    log_dir.mkdir(parents=True)
    _step("starting a broker and a gateway")
    modules = {"kafka": "infra.local.broker", "gateway": "infra.spark.gateway", "bronze": "ingestion.bronze.stream"}
    running = {name: _start(module, log_dir / f"{name}.log") for name, module in modules.items()}
    for name, process in running.items():
        _wait_until_ready(name, process, log_dir)
    _run_chain()
    _step("writing the cache (up to a minute)")
    running["bronze"].terminate()
    running["gateway"].send_signal(signal.SIGTERM)
    running["gateway"].wait(WRITING_SECONDS)
    running["kafka"].terminate()


def _start(module: str, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen([sys.executable, "-m", module], stdout=output, stderr=subprocess.STDOUT)


def _wait_until_ready(name: str, process: "subprocess.Popen[bytes]", log_dir: Path) -> None:
    from infra.local.readiness import PROBES, last_lines

    deadline = time.monotonic() + READY_SECONDS
    while (fault := PROBES[name]()) is not None:
        if process.poll() is not None or time.monotonic() > deadline:
            _step_failed(f"{name} {fault}: {' '.join(last_lines(name, 3)) or f'no log in {log_dir}'}")
        time.sleep(0.2)


def _run_chain() -> None:
    from ingestion.bronze.drain import drain
    from ingestion.settings import KafkaSettings
    from ingestion.silver.slices import run_until_published
    from ingestion.source.messages import feed
    from ingestion.source.producer import produce

    for dirty in (True, False):
        _step("sending sales through the whole chain")
        drain(produce(load(KafkaSettings), feed(seed=1, count=50, dirty=dirty)).to_offsets, timeout=READY_SECONDS)
        run_until_published(lambda detail: None)


def _step(what: str) -> None:
    sys.stdout.write(f"step: {what}\n")
    sys.stdout.flush()


def _step_failed(why: str) -> None:
    raise SystemExit(why)


if __name__ == "__main__":
    main()
