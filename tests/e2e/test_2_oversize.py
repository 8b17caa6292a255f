"""Events of any size, which Kafka takes packed: none of them stops the others, and each is told."""

import json
import logging
from pathlib import Path

import httpx
import pytest
from kafka import KafkaProducer

from infra.testbed.embedded import until
from ingestion.bronze.isolated_record import isolated_events
from ingestion.sizes import KEPT_BYTES, LARGEST_EVENT

pytestmark = pytest.mark.e2e

MB = 1_000_000
ARRIVES_SECONDS = 300
logger = logging.getLogger(__name__)


@pytest.fixture
def send_packed(stack):
    """Sends values of these sizes, in as few batches as they fit into; returns where they are, in their order."""

    def send(*sizes: int, codec: str = "gzip") -> list[tuple[int, int]]:
        producer = KafkaProducer(
            bootstrap_servers=stack.kafka.bootstrap_servers,
            compression_type=codec,
            max_request_size=2**31 - 1,
            batch_size=400 * MB,
            linger_ms=500,
        )
        value = b'{"a": "' + b"x" * (max(sizes) - 9) + b'"}'
        futures = [producer.send(stack.kafka.topic, key=b"grand", value=value[: size - 2] + b'"}') for size in sizes]
        producer.flush()
        producer.close()
        return [(sent.partition, sent.offset) for sent in (future.get(60) for future in futures)]

    return send


def rows_at(stack, places):
    """By place: parse_error and the length of the value in Bronze."""
    found = (
        stack.table("bronze/ventes_raw")
        .filter(f"(kafka_partition, kafka_offset) in ({', '.join(map(str, places))})")
        .select("kafka_partition, kafka_offset, parse_error, octet_length(value), key, date is not null")
        .fetchall()
    )
    assert len(found) == len(places)
    assert all(row[4:] == (b"grand", True) for row in found)
    return {row[:2]: row[2:4] for row in found}


def restarts(stack) -> int:
    return int(json.loads(Path(stack.folder, "var", "run", "gateway.starts").read_text())["restarts"])


def arrive(stack, places) -> None:
    """Bronze gets there, whatever dies on the way."""
    ends = dict(sorted(places))

    def there() -> bool:
        rows = stack.table("bronze/ventes_raw").aggregate("kafka_partition, max(kafka_offset)").fetchall()
        return all(dict(rows).get(partition, -1) >= offset for partition, offset in ends.items())

    until(there, f"Bronze reaches {ends}", ARRIVES_SECONDS)


def test_larger_than_two_mebibytes_is_kept_and_not_read(stack, send_packed):
    sizes = (LARGEST_EVENT, LARGEST_EVENT + 1, 3 * MB, KEPT_BYTES, KEPT_BYTES + 1, 20 * MB)
    before = restarts(stack)
    stack.sales("produce", "--count", "20", "--dirty")
    places = [place for size in sizes for place in send_packed(size)]
    stack.sales("produce", "--count", "20")
    arrive(stack, places)
    stack.publish_all()
    assert [rows_at(stack, places)[place] for place in places] == [
        (None, LARGEST_EVENT),
        ("trop_grand", LARGEST_EVENT + 1),
        ("trop_grand", 3 * MB),
        ("trop_grand", KEPT_BYTES),
        ("trop_grand", None),
        ("trop_grand", None),
    ]
    assert restarts(stack) == before
    assert "everything agrees; the bytes of 2 events were not compared, they are only in Kafka" in stack.verify()


def test_what_the_gateway_dies_of_is_isolated(stack, send_packed):
    """It dies twice of a plan; then the others go on, without a human.

    The smaller ones pass alone, or go past with it.  The stream cuts its plans by time, so one or two of them fail.
    """
    before = restarts(stack)
    stack.sales("produce", "--count", "20")
    sizes = (60 * MB, 120 * MB, 250 * MB)
    places = [place for size in sizes for place in send_packed(size)]
    stack.sales("produce", "--count", "20")
    arrive(stack, places)
    assert restarts(stack) - before in (2, 4)
    stack.wait_ready()
    stack.publish_all()
    assert set(rows_at(stack, places).values()) == {("trop_grand", None)}
    told = isolated_events(stack.bronze)
    assert (*places[-1], sizes[-1]) in [(each.partition, each.offset, each.size) for each in told]
    assert "Isolated events" in stack.sales("status")
    assert stack.get("/api/status")["isolated_events"]["total"] == len(told)
    assert f"sales_stream_isolated_events {float(len(told))}" in httpx.get(stack.url + "/metrics").text
    stack.verify()


def test_many_large_ones_in_few_batches(stack, send_packed):
    before = restarts(stack)
    stack.sales("produce", "--count", "20")
    places = send_packed(*[3 * MB] * 300) + send_packed(*[20 * MB] * 20)
    stack.sales("produce", "--count", "20")
    arrive(stack, places)
    logger.info("restarts for many: %d", restarts(stack) - before)
    stack.wait_ready()
    stack.publish_all()
    found = rows_at(stack, places)
    assert [found[place] for place in places] == [("trop_grand", 3 * MB)] * 300 + [("trop_grand", None)] * 20
    stack.verify()
    # and any client may ask for them
    session = stack.state("gateway")["session_id"]
    assert str(KEPT_BYTES) in stack.sales("sql", "select max(length(value)) from bronze.ventes_raw")
    assert stack.sales("sql", "select * from bronze.ventes_raw where length(value) = 3000000", "--limit", "5").endswith(
        "5 rows shown, there are more (--limit)\n"
    )
    assert stack.state("gateway")["session_id"] == session
