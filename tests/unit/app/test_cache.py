"""Answers shared by replicas; without Redis each process has its own (with it: tests/stack)."""

import asyncio
import socket
import time

import pytest
from prometheus_client import CollectorRegistry, Counter

from streamlit_app.api.cache import SharedCache


@pytest.fixture
def errors():
    return Counter("errors", "", registry=CollectorRegistry())


def round_trip(cache, key="k"):
    async def both():
        await cache.put(key, b"body")
        return await cache.get(key), await cache.get("another")

    return asyncio.run(both())


def test_without_an_address_a_process_has_its_own_answers(errors):
    assert round_trip(SharedCache("", errors)) == (b"body", None)
    assert errors._value.get() == 0


def test_a_redis_that_refuses_costs_one_attempt_in_five_seconds(errors):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        started = time.monotonic()
        assert round_trip(SharedCache(f"redis://127.0.0.1:{port}/0", errors)) == (b"body", None)
    assert time.monotonic() - started < 2
    assert errors._value.get() == 1


def test_a_redis_that_says_nothing_holds_nobody_up(errors):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        assert round_trip(SharedCache(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", errors)) == (b"body", None)
        assert time.monotonic() - started < 2
    assert errors._value.get() == 1
