"""A broker that does not answer is one line, whenever it stops answering."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from ingestion.settings import KafkaSettings, load
from ingestion.topic.client import BrokerError, _connected, offset_range


class Client:
    """Connects to nothing."""

    def __init__(self, **options: Any) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def listening() -> Iterator[KafkaSettings]:
    """Two addresses of which the second takes connections."""
    with socket.socket() as closed, socket.create_server(("127.0.0.1", 0)) as server:
        closed.bind(("127.0.0.1", 0))
        addresses = ",".join(f"127.0.0.1:{each.getsockname()[1]}" for each in (closed, server))
        yield load(KafkaSettings).model_copy(update={"bootstrap_servers": addresses})


def test_nobody_at_the_port() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        nowhere = load(KafkaSettings).model_copy(update={"bootstrap_servers": address})
        with pytest.raises(BrokerError, match=rf"^no Kafka broker answers at {address} \(.*\); is the stack up\?"):
            offset_range(nowhere)


def test_broker_that_goes_away_between_two_requests(listening) -> None:
    told = rf"^the Kafka broker at {listening.bootstrap_servers} gave an unexpected answer \(.*late"
    with pytest.raises(BrokerError, match=told), _connected(listening, Client) as client:
        raise KafkaTimeoutError("late")
    assert client.closed


def test_other_errors_are_not_the_brokers(listening) -> None:
    with pytest.raises(OSError, match="disk"), _connected(listening, Client):
        raise OSError("disk")
