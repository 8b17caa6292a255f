"""An embedded stack of the tests' own; it never meets a running demo."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import duckdb
import httpx
import psutil
import pytest
from deltalake import DeltaTable
from playwright.sync_api import Browser, sync_playwright
from pyhive import hive

from infra.bench.cases.api import CHROMIUM_OPTIONS, chromium
from infra.testbed.dags import Airflow, opened
from infra.testbed.embedded import Stack, isolated, until
from ingestion.event import Message
from ingestion.lake.delta_tables import table_exists
from ingestion.source.producer import produce


class StackUnderTest(Stack):
    """The stack, used as its user would: by commands, files and HTTP."""

    def sales(self, *arguments: str, check: bool = True) -> str:
        return self.run("sales", *arguments) if check else self.attempt("sales", *arguments)[1]

    def dbt(self, *arguments: str) -> str:
        """A `dbt` typed by hand, in the dbt project's folder."""
        return self.run("dbt", "--no-use-colors", *arguments)

    def query(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """The rows that a client of the gateway reads, fetched until nothing comes."""
        port = int(self.environment["SPARK_THRIFT_PORT"])
        with closing(hive.connect(host="127.0.0.1", port=port, username="reader", auth="NONE")) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            while rows := cursor.fetchmany(1000):
                yield from rows

    def get(self, path: str) -> Any:
        answer = httpx.get(self.url + path, timeout=10)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def kill(self, name: str) -> None:
        """kill -9, and wait until it is gone."""
        process = psutil.Process(self.state(name)["pid"])
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    def wait_ready(self) -> None:
        self.sales("start")

    def rows(self, table: str, version: int | None = None) -> list[tuple[Any, ...]]:
        """A Silver table's rows, sorted, at the version that readers see."""
        version = self.versions()[table] if version is None else version
        dataset = DeltaTable(str(self.silver / table), version=version).to_pyarrow_dataset()
        return sorted(duckdb.from_arrow(dataset).fetchall(), key=str)

    def delta(self, name: str) -> DeltaTable:
        """The newest version of a table; its name carries its layer: bronze/ventes_raw."""
        return DeltaTable(str(self.lake / name))

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        return duckdb.from_arrow(self.delta(name).to_pyarrow_dataset())

    def value(self, name: str, expression: str) -> Any:
        """An aggregate over the newest version of a table."""
        ((value,),) = self.table(name).aggregate(expression).fetchall()
        return value

    def versions(self) -> dict[str, int]:
        return json.loads(self.value("silver/bilan_ingestion", "max_by(versions, tranche)"))

    def published(self) -> int:
        """How many events the ledger accounts for."""
        if not table_exists(self.silver / "bilan_ingestion"):
            return 0
        return int(self.value("silver/bilan_ingestion", "coalesce(sum(rows_read), 0)"))

    def publish_all(self) -> None:
        """Drain, then wait for the follower."""
        self.sales("drain")
        arrived = self.value("bronze/ventes_raw", "count(*)")
        until(lambda: self.published() >= arrived, "the follower publishes what is in Bronze", 180)

    def verify(self) -> str:
        return self.sales("verify")


@pytest.fixture(scope="session")
def stack() -> Iterator[StackUnderTest]:
    settings = {
        "SILVER_INTERVAL_SECONDS": "1",
        "AIRFLOW_SCHEDULE": "",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
        "COLUMNS": "200",
    }
    with isolated(keep="PYTEST_KEEP" in os.environ, **settings) as own:
        under_test = StackUnderTest(own.folder, own.environment)
        under_test.wait_ready()
        yield under_test


@pytest.fixture(scope="session")
def airflow(stack: StackUnderTest) -> Iterator[Airflow]:
    """Airflow beside the stack, for the DAG unified_sales_pipeline."""
    stack.sales("airflow")
    with opened(stack, "unified_sales_pipeline") as dag:
        yield dag


@pytest.fixture(scope="session")
def send(stack: StackUnderTest) -> Callable[[dict[bytes, bytes | None]], None]:
    """Sends raw records, by key, to the stack's topic."""

    def send_all(records: dict[bytes, bytes | None]) -> None:
        report = produce(stack.kafka, [Message("brut", key, value) for key, value in records.items()])
        assert report.acknowledged == len(records)

    return send_all


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None and "CI" in os.environ:
        pytest.fail("CI looks at the page, and this machine has no Chromium")
    if executable is None:
        pytest.skip("no Chromium on this machine; Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()
