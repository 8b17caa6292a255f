"""A separate stack for a measurement, deleted at the end; the end-to-end tests use it for theirs, too."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from infra.local.separate_stack import isolated_environment
from ingestion.errors import SalesError
from ingestion.settings import DBT_PROJECT, PROJECT, KafkaSettings, load

BIN = Path(sys.executable).parent
COMMAND_SECONDS = 900.0
LAST_WORDS = 4000
IDLE_SECONDS = 180.0
T = TypeVar("T")


@dataclass(frozen=True)
class Stack:
    """A stack used as a user would, by commands and files, but whose processes can also be stopped and suspended."""

    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['APP_PORT']}"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def bronze(self) -> Path:
        return self.lake / "bronze" / "ventes_raw"

    @property
    def silver(self) -> Path:
        return self.lake / "silver"

    @property
    def kafka(self) -> KafkaSettings:
        address = f"127.0.0.1:{self.environment['KAFKA_PORT']}"
        settings: KafkaSettings = load(KafkaSettings).model_copy(update={"bootstrap_servers": address})
        return settings

    def start(self, *command: str, quiet: bool = False) -> "subprocess.Popen[str]":
        """Start a command of this Python environment; `quiet` discards its output, and Ctrl-C does not reach it."""
        return subprocess.Popen(
            [BIN / command[0], *command[1:]],
            cwd=DBT_PROJECT if command[0] == "dbt" else PROJECT,
            env=self.environment,
            stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> str:
        """Run a command to its end and return its output.  Raises SalesError with the end of the output if it fails."""
        code, said = self.attempt(*command)
        if code:
            raise SalesError(f"{' '.join(command)} ended with {code}: {said.strip()[-LAST_WORDS:]}")
        return said

    def attempt(self, *command: str) -> tuple[int, str]:
        """Run a command to its end and return its exit code and output.  Raises SalesError if it takes too long."""
        process = self.start(*command)
        try:
            said, _ = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise SalesError(f"{' '.join(command)} took more than {COMMAND_SECONDS:g} s") from error
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        return process.returncode, said

    def state(self, name: str) -> dict[str, Any]:
        """The state file of one of the stack's processes; empty if it has not written one."""
        try:
            content: dict[str, Any] = json.loads((self.folder / "var" / "run" / f"{name}.json").read_text())
        except FileNotFoundError:
            return {}
        return content

    @contextmanager
    def supervisor(self) -> Iterator[Any]:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.folder / 'var' / 'run' / 'supervisor.sock'}")
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
        finally:
            transport.close()

    def stop_stream(self) -> None:
        """Stop the bronze process, and the stream inside the gateway, which would survive it."""
        with self.supervisor() as supervisor:
            supervisor.stopProcess("bronze")
        self.run("python", "-m", "infra.testbed.stop_stream")

    def start_stream(self) -> None:
        with self.supervisor() as supervisor:
            supervisor.startProcess("bronze", False)

    @contextmanager
    def follower_held(self) -> Iterator[None]:
        """Suspend the Silver follower between two slices: it then holds no lock and runs no slice."""
        held = self._hold_follower()
        try:
            yield
        finally:
            with suppress(psutil.NoSuchProcess):
                held.resume()

    def _hold_follower(self) -> psutil.Process:
        def between_slices() -> psutil.Process | None:
            if self.state("silver").get("state") != "idle":
                return None
            follower = psutil.Process(self.state("silver")["pid"])
            follower.suspend()
            # it may have started a slice before the signal reached it
            if self.state("silver")["state"] == "idle":
                return follower
            follower.resume()
            return None

        return until(between_slices, "the follower is idle", IDLE_SECONDS)


def until(condition: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Wait for the first true answer and return it.  Raises SalesError at the timeout."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SalesError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(0.1)
    return found


@contextmanager
def isolated(
    *, keep: bool = False, with_gold: bool = False, prefix: str = "sales-", **settings: str
) -> Iterator[Stack]:
    """A stack that is not started yet; whatever is running of it is stopped at the end, even on Ctrl-C.

    `settings`: additional environment variables; `keep`: do not delete its folder; `prefix`: of the folder's name.
    `with_gold`: make Gold as users' stacks do; otherwise, it is made only when somebody asks.
    """
    # not below the project: a socket's path must be short
    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    environment = isolated_environment(folder)
    if with_gold:
        del environment["GOLD_INTERVAL_SECONDS"]
    stack = Stack(folder, environment | settings)
    try:
        yield stack
    finally:
        with _uninterrupted():
            stack.attempt("sales", "stop")
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(*, with_gold: bool = False) -> Iterator[Stack]:
    """A running stack that answers."""
    with isolated(with_gold=with_gold) as stack:
        stack.run("sales", "start")
        yield stack


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore a second Ctrl-C, which must not leave the stack running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
