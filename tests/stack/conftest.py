"""A full stack of the tests' own, and how long it took to heal."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from infra.testbed.containers import FullStack, isolated_containers

RECOVERIES: list[tuple[str, str, float]] = []


def listening() -> set[int]:
    """Ports on which this machine listens for others."""
    return {
        each.laddr.port
        for each in psutil.net_connections("inet")
        if each.status == psutil.CONN_LISTEN and not each.laddr.ip.startswith(("127.", "::1"))
    }


@pytest.fixture(scope="session")
def opened_ports() -> Callable[[], set[int]]:
    """The ports open to others that were not before the stack."""
    before = listening()
    return lambda: listening() - before


@pytest.fixture(scope="session")
def stack(opened_ports: Callable[[], set[int]]) -> Iterator[FullStack]:
    with isolated_containers("sales-test", API_REPLICAS="2") as stack:
        started = time.monotonic()
        stack.up()
        RECOVERIES.append(("start", "images (built or not) to everything healthy", time.monotonic() - started))
        yield stack


@pytest.fixture
def recovered(request: pytest.FixtureRequest) -> Callable[[str, float], None]:
    """Note how long something took to heal, since that moment."""

    def note(what: str, since: float) -> None:
        RECOVERIES.append((request.node.name, what, time.monotonic() - since))

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if RECOVERIES:
        terminalreporter.section("recovery times")
        for test, what, seconds in RECOVERIES:
            terminalreporter.write_line(f"{seconds:6.1f} s  {test}: {what}")
