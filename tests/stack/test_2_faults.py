"""Whatever is killed, nothing is lost: `sales verify` compares every event with the brokers' own log."""

import re
import time

import httpx
import pytest

from infra.testbed.embedded import until

pytestmark = pytest.mark.stack
SALES = 3000
# of a producer whom too few brokers serve
REFUSED = r"not acknowledged|in-sync replicas|no Kafka broker answers"


@pytest.fixture(autouse=True)
def nothing_is_lost(stack):
    yield
    # what a test that failed has left down
    stack.compose("start", check=False)
    stack.wait_healthy()
    stack.verified()


def test_one_broker_killed(stack, recovered):
    stack.compose("kill", "--signal", "KILL", "broker2")
    said = stack.sales("produce", "--count", str(SALES))
    assert f"{SALES // 1000} 000 events acknowledged" in said
    # its first task looks at the brokers
    with stack.airflow() as airflow:
        assert airflow.wait(airflow.trigger(count=20)).state == "success"
    since = time.monotonic()
    stack.compose("start", "broker2")
    stack.wait_healthy()
    in_sync = "sum(kafka_under_replicated_partitions) == 0"
    until(lambda: stack.measured(in_sync), "every replica is in sync again", 120)
    recovered("start of the broker to all in sync (to the next scrape)", since)


def test_two_brokers_killed(stack, recovered):
    stack.compose("kill", "--signal", "KILL", "broker2", "broker3")
    sending = stack.start("produce", "--count", "100")
    said, _ = sending.communicate(timeout=180)
    assert sending.returncode == 1, said
    assert re.search(REFUSED, said), said
    assert "Traceback" not in said
    since = time.monotonic()
    stack.compose("start", "broker2", "broker3")
    stack.wait_healthy()
    stack.sales("produce", "--count", "100")
    recovered("start of the brokers to the next sales acknowledged", since)


def test_worker_killed_in_mid_batch(stack, recovered):
    sending = stack.start("produce", "--count", "60000")
    until(lambda: stack.measured("sum(sales_stream_lag_events) > 0"), "Bronze is behind")
    since = time.monotonic()
    stack.crash("spark-worker-2")
    until(lambda: stack.health()["spark-worker-2"] != "healthy", "its death is seen", 60)
    assert sending.wait(180) == 0
    stack.wait_healthy()
    stack.publish()
    recovered("kill to everything published", since)


def test_gateway_killed_in_mid_merge(stack, recovered):
    stack.sales("produce", "--count", str(SALES))
    stack.sales("drain")
    publishing = stack.start("silver")
    until(lambda: stack.open_slice_seconds() > 0, "a slice is open", 90)
    time.sleep(3)
    assert publishing.poll() is None, "it has ended before the gateway"
    since = time.monotonic()
    stack.crash("gateway")
    said, _ = publishing.communicate(timeout=180)
    assert publishing.returncode == 1, said
    assert "Traceback" not in said
    until(lambda: stack.health()["gateway"] != "healthy", "its death is seen", 60)
    stack.wait_healthy()
    recovered("kill to the stream running again", since)
    stack.publish()
    recovered("kill to everything published", since)


def test_spark_master_killed(stack, recovered):
    """It remembers the gateway, so that no worker has to kill its executor."""
    since = time.monotonic()
    stack.crash("spark-master")
    until(lambda: stack.health()["spark-master"] != "healthy", "its death is seen", 60)
    stack.wait_healthy()
    stack.sales("produce", "--count", "100")
    stack.publish()
    recovered("kill to the next sales published", since)


@pytest.mark.parametrize("service", ["postgres", "redis"])
def test_what_airflow_needs_restarted(stack, recovered, service):
    stack.compose("restart", service)
    stack.wait_healthy()
    since = time.monotonic()
    with stack.airflow() as airflow:
        assert airflow.wait(airflow.trigger(count=20)).state == "success"
    recovered(f"{service} healthy again to the end of a run", since)


def test_nginx_restarted(stack, recovered):
    since = time.monotonic()
    stack.compose("restart", "nginx")
    until(lambda: answers(stack), "the API answers", 60)
    recovered("restart to the API answering", since)


def test_api_answers_without_redis(stack):
    stack.compose("stop", "redis")
    try:
        started = time.monotonic()
        for country in ("France", "Spain", "UK"):
            stack.api(f"aggregated_sales?pays={country}")
        assert time.monotonic() - started < 5
    finally:
        stack.compose("start", "redis")


def answers(stack):
    try:
        return httpx.get(f"{stack.page}/api/top_products", timeout=3).status_code == 200
    except httpx.HTTPError:
        return False


def test_everything_killed_at_once(stack, recovered):
    stack.sales("produce", "--count", str(SALES))
    stack.compose("kill", "--signal", "KILL")
    since = time.monotonic()
    stack.up()
    recovered("start to everything healthy", since)
    stack.publish()
    recovered("start to everything published", since)
