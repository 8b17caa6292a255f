"""A new lake whose partitions speak one after the other; it goes first, while the stack's lake is empty."""

import time
from datetime import UTC, datetime

import pytest
from kafka import KafkaProducer

from ingestion.generator import make_ventes

pytestmark = pytest.mark.e2e


def send_to(stack, partition: int, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap_servers)
    numbered = ((time.time_ns() // 1000, datetime.now(UTC)) for _ in range(count))
    for vente in make_ventes(1, numbered):
        producer.send(stack.kafka.topic, partition=partition, value=vente.to_json())
    producer.close()


def test_a_partition_that_speaks_later_is_published_too(stack):
    send_to(stack, 2, 1)
    stack.publish_all()
    send_to(stack, 0, 2)
    stack.publish_all()
    send_to(stack, 1, 3)
    send_to(stack, 2, 1)
    stack.publish_all()
    assert len(stack.rows("ventes_clean")) == 7
    assert stack.verify().endswith("everything agrees\n")
