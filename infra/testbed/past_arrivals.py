"""Weeks of arrival in a minute: the topic takes the time of an event from its producer, which real topics never do."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from infra.testbed.embedded import Stack
from ingestion.source.generator import make_ventes

Event = dict[str, Any]


def let_producers_date(stack: Stack) -> None:
    """From now on, `sales status` says that the producers' clocks date the events."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    try:
        settings = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, stack.kafka.topic, settings)])
    finally:
        admin.close()


def send_as_of(
    stack: Stack, times: Iterable[datetime], seed: int, change: Callable[[Event, datetime], Event] | None = None
) -> None:
    """One sale for each time, in their order, which arrives then; `change` makes another event of it."""
    numbered = [(int(moment.timestamp() * 1000) * 1000 + place % 1000, moment) for place, moment in enumerate(times)]
    producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap_servers, linger_ms=50, batch_size=1 << 18)
    try:
        for (number, moment), sale in zip(numbered, make_ventes(seed, numbered), strict=True):
            event: Event = json.loads(sale.to_json())
            producer.send(
                stack.kafka.topic,
                key=str(number).encode(),
                value=json.dumps(change(event, moment) if change else event).encode(),
                timestamp_ms=int(moment.timestamp() * 1000),
            )
        producer.flush()
    finally:
        producer.close()
