"""Events that are larger unpacked than an executor's or the gateway's memory: they stop nothing and are all counted."""

import pytest
from kafka import KafkaProducer

from infra.testbed.embedded import until

pytestmark = pytest.mark.stack
MB = 1_000_000
SIZES = (3 * MB, 20 * MB, 120 * MB, 250 * MB)


def in_bronze(stack) -> int:
    """How many of the large events Bronze has."""
    said = stack.sales(
        "sql", "select concat('found ', count(*)) as found from bronze.ventes_raw where key = cast('grand' as binary)"
    )
    return next((int(line.split()[-1]) for line in said.splitlines() if line.strip().startswith("found ")), 0)


def test_large_events_reach_bronze_and_the_others_go_on(stack):
    stack.sales("produce", "--count", "20")
    producer = KafkaProducer(
        bootstrap_servers=stack.brokers, compression_type="gzip", max_request_size=2**31 - 1, batch_size=400 * MB
    )
    for size in SIZES:
        producer.send("ventes_stream", key=b"grand", value=b'{"a": "' + b"x" * (size - 9) + b'"}').get(60)
    producer.close()
    stack.sales("produce", "--count", "20")
    arrived = "Bronze holds every event"
    until(lambda: arrived in stack.sales("drain", "--timeout", "60", check=False), "Bronze has all", 500)
    stack.wait_healthy()
    stack.verified()
    assert in_bronze(stack) == len(SIZES)
