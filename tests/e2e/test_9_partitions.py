"""Partitions that speak in another order than they are numbered; last, for the topic has more of them afterwards."""

import time
from datetime import UTC, datetime

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from infra.testbed.embedded import until
from ingestion.source.generator import make_ventes

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wider(stack):
    """The topic with two more partitions, of which nobody has heard yet."""
    stack.publish_all()
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    admin.create_partitions({stack.kafka.topic: stack.kafka.partitions + 2})
    admin.close()
    return stack.kafka.partitions


def send_to(stack, partition: int, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap_servers)
    numbered = ((time.time_ns() // 1000, datetime.now(UTC)) for _ in range(count))
    for vente in make_ventes(1, numbered):
        producer.send(stack.kafka.topic, partition=partition, value=vente.to_json())
    producer.close()


def test_a_partition_that_speaks_later_is_published_too(stack, wider):
    before = len(stack.rows("ventes_clean"))
    send_to(stack, wider + 1, 1)
    stack.publish_all()
    send_to(stack, wider, 2)
    send_to(stack, wider + 1, 1)
    stack.publish_all()
    assert len(stack.rows("ventes_clean")) == before + 4
    assert "everything agrees" in stack.verify()
    published = stack.get("/api/status")["offsets"]

    def has_moved_on():
        tail = stack.get("/api/live")["tail"]
        return tail and published.items() <= tail["from_offsets"].items()

    until(has_moved_on, "the provisional figures know the new partitions", 60)
    assert stack.state("tail")["state"] == "equal"
