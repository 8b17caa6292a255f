"""On a machine unlike ours: an odd folder, proxies that lead nowhere, no home, and IPv6.  A stack of its own."""

import os
import socket
from collections.abc import Iterator

import httpx
import pytest

from infra.testbed.dags import opened
from infra.testbed.embedded import isolated
from tests.e2e.conftest import StackUnderTest

# with Airflow's tests, so that this stack is started once
pytestmark = [pytest.mark.e2e, pytest.mark.airflow]
PROXIES = {
    # nothing listens there
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5h://127.0.0.1:9",
    "no_proxy": "intern.example",
    "NO_PROXY": "intern.example",
}


@pytest.fixture(scope="module")
def loopback() -> str:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return "127.0.0.1"
    return "::1"


@pytest.fixture(scope="module")
def odd(loopback: str) -> Iterator[StackUnderTest]:
    hosts = dict.fromkeys(("KAFKA_HOST", "SPARK_HOST", "APP_HOST"), loopback)
    settings = {"SILVER_INTERVAL_SECONDS": "1", "AIRFLOW_SCHEDULE": "", "HOME": "/nonexistent", "COLUMNS": "200"}
    settings |= {**hosts, **PROXIES}
    with isolated(keep="PYTEST_KEEP" in os.environ, prefix="l'été 50%-", **settings) as own:
        under_test = StackUnderTest(own.folder, own.environment)
        under_test.wait_ready()
        yield under_test


def test_sales_are_published_and_shown(odd: StackUnderTest, loopback: str) -> None:
    odd.sales("produce", "--count", "20", "--dirty")
    odd.publish_all()
    assert "everything agrees" in odd.verify()
    assert "Completed successfully" in odd.dbt("build", "--select", "top_produits")
    page = f"http://[{loopback}]" if ":" in loopback else f"http://{loopback}"
    with httpx.Client(base_url=f"{page}:{odd.environment['APP_PORT']}", timeout=10) as client:
        answers = {path: client.get(path) for path in ("/", "/readyz", "/api/top_products", "/api/hourly_sales")}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert answers["/api/top_products"].json()
    assert "ready" in odd.sales("status")


def test_airflows_tasks_report(odd: StackUnderTest) -> None:
    """They do so by HTTP, to this machine."""
    odd.sales("airflow")
    with opened(odd, "unified_sales_pipeline") as airflow:
        run = airflow.trigger(count=5)
        assert airflow.wait(run).state == "success", airflow.states(run)
    assert "everything agrees" in odd.verify()
