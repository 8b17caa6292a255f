"""Other people's producers: transactions that are taken back, commit late or stay open, and every codec."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from infra.testbed.embedded import until
from ingestion.bronze.eventless import eventless_offsets
from ingestion.source.generator import make_ventes
from ingestion.topic.client import offset_range

pytestmark = pytest.mark.e2e
CODECS = ("gzip", "snappy", "lz4", "zstd")


def sales(count: int, montant: str = "100.00") -> Iterator[bytes]:
    numbered = ((time.time_ns() // 1000, datetime.now(UTC)) for _ in range(count))
    for vente in make_ventes(1, numbered):
        yield replace(vente, montant=Decimal(montant)).to_json()


@contextmanager
def transaction(stack, name: str) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap_servers, transactional_id=name)
    producer.init_transactions()
    producer.begin_transaction()
    try:
        yield producer
    finally:
        producer.close()


def send(stack, producer: KafkaProducer, values: Iterator[bytes], partition: int = 0) -> None:
    for value in values:
        producer.send(stack.kafka.topic, partition=partition, value=value)
    producer.flush()


def revenue(stack) -> Decimal:
    return sum((total for *_, total, _ in stack.rows("ventes_aggreges")), Decimal(0))


@pytest.fixture(scope="module")
def after_transactions(stack):
    """Three sales of 100.00 that were taken back, one that was committed; ends with markers and nothing behind them."""
    stack.sales("produce", "--count", "3")
    stack.publish_all()
    before = revenue(stack)
    with transaction(stack, "taken back") as producer:
        send(stack, producer, sales(3))
        producer.abort_transaction()
    with transaction(stack, "kept") as producer:
        send(stack, producer, sales(1, "7.00"))
        producer.commit_transaction()
    with transaction(stack, "taken back at the end") as producer:
        send(stack, producer, sales(2), partition=1)
        producer.abort_transaction()
    stack.publish_all()
    return before


def test_only_what_was_committed_is_revenue(stack, after_transactions):
    assert revenue(stack) - after_transactions == Decimal("7.00")


def test_nothing_waits_behind_the_last_marker(stack, after_transactions):
    said = until(lambda: (status := stack.get("/api/status"))["lag"] == 0 and status, "the lag is nothing", 20)
    assert not said["stale"]
    assert "lag" in stack.sales("status")
    started = time.monotonic()
    stack.sales("drain")
    assert time.monotonic() - started < 20
    assert "everything agrees" in stack.verify()


def test_a_run_of_the_dag_checks_only_its_own_events(stack, after_transactions):
    stack.run("python", "-c", CHECK_A_RUN)


CHECK_A_RUN = """
from ingestion.orchestration.stages import check_bronze, check_infrastructure, drain_to, produce_sales
check_infrastructure()
sent = produce_sales(20)
drain_to(sent)
assert check_bronze(sent) == {"events": 20}
"""


def test_an_open_transaction_delays_and_is_told_as_such(stack, after_transactions):
    stack.publish_all()
    before = revenue(stack)
    with transaction(stack, "open") as producer:
        send(stack, producer, sales(1, "5.00"))
        behind = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap_servers)
        send(stack, behind, sales(1, "3.00"))
        behind.close()
        opened = until(lambda: stack.get("/api/status")["open_transaction_at"], "the page knows of the transaction", 20)
        assert datetime.fromisoformat(opened) <= datetime.now(UTC)
        assert "transaction" in stack.sales("status")
        # what is committed does not wait
        stack.sales("drain")
        assert revenue(stack) == before
        producer.commit_transaction()
    stack.publish_all()
    assert revenue(stack) - before == Decimal("8.00")


def test_markers_are_no_loss_once_kafka_has_dropped_them(stack, after_transactions):
    stack.publish_all()
    until(lambda: sum(each.to_offset - each.from_offset for each in eventless_offsets(stack.bronze)) >= 9, "noted", 30)
    _, ends = offset_range(stack.kafka)
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    admin.delete_records({TopicPartition(stack.kafka.topic, partition): end for partition, end in ends.items()})
    admin.close()
    assert "everything agrees" in stack.verify()
    stack.stop_stream()
    stack.start_stream()
    stack.sales("produce", "--count", "5")
    stack.publish_all()
    assert "everything agrees" in stack.verify()


def test_every_codec_is_read_by_everything(stack):
    with stack.follower_held():
        for codec in CODECS:
            producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap_servers, compression_type=codec)
            send(stack, producer, sales(2))
            producer.close()
            stack.sales("drain")
            assert "does not answer" not in stack.sales("status"), codec
    stack.publish_all()
    assert "everything agrees" in stack.verify()
