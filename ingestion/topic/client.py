"""The topic: create it, and ask the broker for its id, its faults and its offsets.

The `bronze` process creates it; so does: python -m ingestion.topic.client
"""

import logging
import socket
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.cluster import collect_hosts
from kafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from ingestion import hints
from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.processes.logs import configure_logging
from ingestion.settings import KafkaSettings, load
from ingestion.topic.unpacking import limit_unpacking

# the broker's clock dates every event, because the producer's may be wrong
TIMESTAMP_TYPE = "LogAppendTime"
Client = TypeVar("Client", KafkaAdminClient, KafkaConsumer)
logger = logging.getLogger(__name__)


class BrokerError(SalesError):
    """The broker does not answer, or has no such topic; the message says which and what to do."""


@contextmanager
def _connected(settings: KafkaSettings, kind: type[Client], **options: Any) -> Iterator[Client]:
    """A client of the broker; a Kafka error inside the block becomes a BrokerError, too."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        # a client would retry a closed port for its whole timeout
        _check_port(settings.bootstrap_servers)
        client = kind(bootstrap_servers=settings.bootstrap_servers, bootstrap_timeout_ms=3000, **options)
    except (KafkaError, OSError) as error:
        raise BrokerError(
            f"no Kafka broker answers at {settings.bootstrap_servers} ({error}); "
            f"is the stack up? ({hints.start()} starts it)"
        ) from error
    try:
        with closing(client):
            yield client
    except KafkaError as error:
        raise BrokerError(
            f"the Kafka broker at {settings.bootstrap_servers} gave an unexpected answer ({error}); see sales status"
        ) from error


def _check_port(bootstrap_servers: str) -> None:
    """Raise the last server's error if none of the servers accepts a connection."""
    *others, last = collect_hosts(bootstrap_servers)
    if not any(_listens(host, port) for host, port, _ in others):
        socket.create_connection(last[:2], timeout=1).close()


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _lost_one_of_several(error: BaseException) -> bool:
    """Whether one of several brokers has just died: the others still name it until the cluster has declared it gone."""
    return isinstance(error, BrokerError) and isinstance(error.__cause__, KafkaConnectionError)


_until_the_cluster_has_noticed = retry(
    retry=retry_if_exception(_lost_one_of_several), stop=stop_after_delay(15), wait=wait_fixed(0.5), reraise=True
)


@_until_the_cluster_has_noticed
def topic_id(settings: KafkaSettings) -> uuid.UUID | None:
    """The id that the cluster gave the topic when it was created; None if there is no such topic."""
    with _connected(settings, KafkaAdminClient) as admin:
        (answer,) = admin.describe_topics([settings.topic])
    return answer["topic_id"] if answer["error_code"] == 0 else None


def no_topic(settings: KafkaSettings) -> str:
    return f"topic {settings.topic} does not exist; the start of the stack creates it ({hints.start()})"


@_until_the_cluster_has_noticed
def topic_faults(settings: KafkaSettings) -> list[str]:
    """What the cluster lacks to store every event safely, one line each; raises BrokerError if no broker answers."""
    with _connected(settings, KafkaAdminClient) as admin:
        (topic,) = admin.describe_topics([settings.topic])
        if topic["error_code"]:
            return [no_topic(settings)]
        faults = _clock_faults(admin, settings)
    for host, port, _ in collect_hosts(settings.bootstrap_servers, randomize=False):
        if not _listens(host, port):
            # not a fault as long as the others have every partition
            logger.warning("broker %s:%s does not answer; start it again", host, port)
    if len(topic["partitions"]) != settings.partitions:
        faults.append(
            f"topic {settings.topic} must have {settings.partitions} partitions, got {len(topic['partitions'])}; "
            f"set KAFKA_PARTITIONS to what it has"
        )
    for partition in sorted(topic["partitions"], key=lambda each: each["partition_index"]):
        name, in_sync = f"partition {partition['partition_index']}", len(partition["isr_nodes"])
        if partition["leader_id"] < 0:
            faults.append(f"{name} of {settings.topic} has no leader; start the brokers that hold it")
        elif in_sync < settings.min_insync_replicas:
            faults.append(
                f"{name} of {settings.topic} must have {settings.min_insync_replicas} in-sync replicas, got {in_sync}; "
                f"start the brokers that hold the others"
            )
    return faults


def _clock_faults(admin: KafkaAdminClient, settings: KafkaSettings) -> list[str]:
    """A fault if the events are not dated by the broker's clock.

    Bronze's days, `timestamp_futur` and `stale` depend on that clock.
    """
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic)
    answer = admin.describe_configs([resource], config_filter="all")
    found = answer[ConfigResourceType.TOPIC.name.lower()][settings.topic]["message.timestamp.type"]["value"]
    if found == TIMESTAMP_TYPE:
        return []
    return [
        f"topic {settings.topic} must have message.timestamp.type={TIMESTAMP_TYPE}, got {found}: its producers' clocks "
        f"date the events; alter it (kafka-configs.sh --alter --topic {settings.topic} "
        f"--add-config message.timestamp.type={TIMESTAMP_TYPE})"
    ]


@_until_the_cluster_has_noticed
def create_topic(settings: KafkaSettings) -> None:
    """Create the topic with its settings; an existing topic stays as it is."""
    configs = {
        "message.timestamp.type": TIMESTAMP_TYPE,
        "retention.ms": str(settings.retention_ms),
        "retention.bytes": str(settings.retention_bytes),
        "max.message.bytes": str(2 * 1024 * 1024),
        "min.insync.replicas": str(settings.min_insync_replicas),
    }
    topic = {
        "num_partitions": settings.partitions,
        "replication_factor": settings.replication_factor,
        "configs": configs,
    }
    with _connected(settings, KafkaAdminClient) as admin:
        try:
            admin.create_topics({settings.topic: topic}, wait_for_metadata=True)
            logger.info("created topic %s with %d partitions", settings.topic, settings.partitions)
        except TopicAlreadyExistsError:
            logger.info("topic %s exists", settings.topic)


@contextmanager
def reader(
    settings: KafkaSettings, isolation_level: str = "read_committed", on_lost_offset: str = "latest"
) -> Iterator[tuple[KafkaConsumer, list[TopicPartition]]]:
    """A consumer outside any group, and the topic's partitions; it commits nothing.  Raises BrokerError.

    `on_lost_offset`: where it goes on if the broker no longer holds the next offset; with `none`, it raises.
    Parts of its records that are too large are `LeftInKafka` (see `limit_unpacking`).
    """
    options = {"enable_auto_commit": False, "isolation_level": isolation_level, "auto_offset_reset": on_lost_offset}
    with _connected(settings, KafkaConsumer, **options) as consumer:
        partitions = consumer.partitions_for_topic(settings.topic)
        if not partitions:
            raise BrokerError(no_topic(settings))
        yield limit_unpacking(consumer), [TopicPartition(settings.topic, partition) for partition in sorted(partitions)]


@_until_the_cluster_has_noticed
def offset_range(settings: KafkaSettings) -> tuple[Offsets, Offsets]:
    """By partition: the first offset that the broker still holds, and the end of what is committed (exclusive).

    After that end, there may be a transaction that is still open, and everything that was sent since it began.
    """
    with reader(settings) as (consumer, partitions):
        first, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    return {tp.partition: first[tp] for tp in partitions}, {tp.partition: end[tp] for tp in partitions}


@_until_the_cluster_has_noticed
def log_ends(settings: KafkaSettings) -> Offsets:
    """By partition, the end of the log (exclusive), including the events of transactions that are still open."""
    with reader(settings, isolation_level="read_uncommitted") as (consumer, partitions):
        return {tp.partition: end for tp, end in consumer.end_offsets(partitions).items()}


if __name__ == "__main__":
    configure_logging()
    create_topic(load(KafkaSettings))
