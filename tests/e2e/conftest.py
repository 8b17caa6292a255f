"""An embedded stack of the tests' own: own folders, free ports; it never meets a running demo."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx
import psutil
import pytest
from deltalake import DeltaTable

from ingestion.lake import table_exists
from ingestion.producer import Message, produce
from ingestion.settings import KafkaSettings, load

BIN = Path(sys.executable).parent
PROJECT = Path(__file__).resolve().parents[2]
PORT_VARIABLES = (
    "KAFKA_PORT",
    "KAFKA_CONTROLLER_PORT",
    "SPARK_THRIFT_PORT",
    "SPARK_CONNECT_PORT",
    "SPARK_UI_PORT",
    "APP_PORT",
)


@dataclass
class Stack:
    """The stack under test, used as its user would: by commands, files and HTTP."""

    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['APP_PORT']}"

    def run(self, *command: str, check: bool = True, cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands; its words come with the failure."""
        done = subprocess.run(
            [BIN / command[0], *command[1:]],
            cwd=cwd,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
        if check and done.returncode != 0:
            pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done

    def sales(self, *arguments: str, check: bool = True) -> str:
        return self.run("sales", *arguments, check=check).stdout

    def dbt(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A `dbt` typed by hand, in the dbt project's folder."""
        return self.run("dbt", "--no-use-colors", *arguments, check=check, cwd=PROJECT / "dbt_sales")

    def get(self, path: str) -> Any:
        answer = httpx.get(self.url + path, timeout=10)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def state(self, name: str) -> dict[str, Any]:
        file = self.folder / "var" / "run" / f"{name}.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def kill(self, name: str) -> None:
        """kill -9, and wait until it is gone."""
        process = psutil.Process(self.state(name)["pid"])
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    def wait_ready(self) -> None:
        self.sales("up")

    def rows(self, table: str, version: int | None = None) -> list[tuple[Any, ...]]:
        """A Silver table's rows, sorted, at the version that readers see."""
        version = self.versions()[table] if version is None else version
        dataset = DeltaTable(str(self.folder / "delta" / "silver" / table), version=version).to_pyarrow_dataset()
        return sorted(duckdb.from_arrow(dataset).fetchall(), key=str)

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """The newest version of a table; its name carries its layer: bronze/ventes_raw."""
        return duckdb.from_arrow(DeltaTable(str(self.folder / "delta" / name)).to_pyarrow_dataset())

    def value(self, name: str, expression: str) -> Any:
        """An aggregate over the newest version of a table."""
        ((value,),) = self.table(name).aggregate(expression).fetchall()
        return value

    def versions(self) -> dict[str, int]:
        return json.loads(self.value("silver/bilan_ingestion", "max_by(versions, tranche)"))

    def published(self) -> int:
        """How many events the ledger accounts for."""
        if not table_exists(self.folder / "delta" / "silver" / "bilan_ingestion"):
            return 0
        return int(self.value("silver/bilan_ingestion", "coalesce(sum(rows_read), 0)"))

    def publish_all(self) -> None:
        """Drain, then wait for the follower."""
        self.sales("drain")
        arrived = self.value("bronze/ventes_raw", "count(*)")
        self.until(lambda: self.published() >= arrived, "the follower publishes what is in Bronze", 180)

    def verify(self) -> str:
        return self.sales("verify")

    @staticmethod
    def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {seconds} s in vain: {what}")
            time.sleep(0.2)


def make_stack(folder: Path) -> Stack:
    with ExitStack() as sockets:
        free = [sockets.enter_context(socket.socket()) for _ in PORT_VARIABLES]
        for each in free:
            each.bind(("127.0.0.1", 0))
        ports = {name: str(each.getsockname()[1]) for name, each in zip(PORT_VARIABLES, free, strict=True)}
    environment = os.environ | ports
    environment |= {"LAKE_DIR": str(folder / "delta"), "VAR_DIR": str(folder / "var")}
    environment |= {"SILVER_INTERVAL_SECONDS": "1", "COLUMNS": "200", "DBT_TARGET_PATH": str(folder / "dbt")}
    return Stack(folder, environment)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # not pytest's own folder: a socket's path must be short
    folder = Path(tempfile.mkdtemp(prefix="sales-"))
    under_test = make_stack(folder)
    try:
        under_test.sales("up")
        yield under_test
    finally:
        under_test.sales("down", check=False)
        if "PYTEST_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def send(stack: Stack) -> Callable[[dict[bytes, bytes | None]], None]:
    """Sends raw records, by key, to the stack's topic."""
    address = f"127.0.0.1:{stack.environment['KAFKA_PORT']}"
    settings = load(KafkaSettings).model_copy(update={"bootstrap_servers": address})

    def send_all(records: dict[bytes, bytes | None]) -> None:
        report = produce(settings, [Message("brut", key, value) for key, value in records.items()])
        assert report.acknowledged == len(records)

    return send_all
