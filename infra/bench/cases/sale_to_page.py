"""Sale to page in a real browser, at 2 sales/s for two minutes: provisional figures included.

The time of each sale runs from the broker's timestamp to the moment at which the number of sales on the page, published
and provisional together, includes it.  The page is read every 50 ms, and its clock is that of the broker's machine.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import httpx
from kafka import TopicPartition

from infra.bench.bronze_commits import Window
from infra.bench.cases.api import CHROMIUM_OPTIONS, chromium
from infra.bench.cases.fresh import RATE, SECONDS, SHARES, WARM_UP_SECONDS, wait_until_published
from infra.bench.results import Measured, Tell, by_name, percentiles
from infra.bench.traffic import send_for
from infra.testbed.embedded import Stack, started, until
from ingestion.errors import SalesError
from ingestion.topic.client import reader

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOK_SECONDS = 0.05
# after the last sale was sent
SHOWN_SECONDS = 30.0
# the number in the headline, and the one on the way
SHOWN = """() => {
    const value = [...document.querySelectorAll('[data-testid="stMetric"]')].map(each => each.innerText)
        .find(text => text.startsWith('Sales'));
    const line = [...document.querySelectorAll('[data-testid="stCaptionContainer"]')].map(each => each.innerText)
        .find(text => text.includes('being verified'));
    return [value || '', line || ''];
}"""


def measure(runs: int, tell: Tell) -> Measured:
    executable = chromium()
    if executable is None:
        raise SalesError("this case needs a browser; install Chromium")
    tell("starting a stack")
    with started(with_gold=True) as stack:
        tell("warm-up")
        wait_until_published(stack, send_for(stack, WARM_UP_SECONDS, RATE))
        with opened(stack, executable) as page:
            return Measured(by_name("s", [_run(stack, page, number, tell) for number in range(1, runs + 1)]))


@contextmanager
def opened(stack: Stack, executable: str) -> "Iterator[Page]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        page = browser.new_page(locale="en-GB")
        page.goto(f"{stack.url}/?periode=All")
        page.get_by_text("being verified").wait_for(timeout=60_000)
        yield page
        browser.close()


def _run(stack: Stack, page: "Page", number: int, tell: Tell) -> dict[str, float]:
    tell(f"run {number}: {SECONDS:g} s at {RATE:g} sales/s")
    windows: list[Window] = []
    sending = Thread(target=lambda: windows.append(send_for(stack, SECONDS, RATE)))
    before = httpx.get(f"{stack.url}/api/overall_statistics").json()["nombre_ventes"]
    until(lambda: _shown(page) == before, "the page shows what is published")
    deadline = time.monotonic() + SECONDS + SHOWN_SECONDS
    looks: list[tuple[float, int]] = []
    sending.start()
    while time.monotonic() < deadline:
        looks.append((time.time(), _shown(page) - before))
        if windows and looks[-1][1] == windows[0].count:
            break
        time.sleep(LOOK_SECONDS)
    sending.join()
    sent = sorted(_timestamps(stack, windows[0]))
    if looks[-1][1] != len(sent):
        raise SalesError(f"the page must show the {len(sent)} sales that were sent, got {looks[-1][1]}")
    wait_until_published(stack, windows[0])
    taken = [seen - at for at, seen in zip(sent, shown_for_good(looks, len(sent)), strict=True)]
    return percentiles("sale to page", taken, SHARES)


def shown_for_good(looks: list[tuple[float, int]], count: int) -> list[float]:
    """For each sale, the first look from which on the page has never shown fewer.

    While a page is redrawn behind a slice, it may show a sale in both numbers, or in none, for a moment.
    """
    times, lowest = [0.0] * count, count
    for at, shown in reversed(looks):
        lowest = min(lowest, shown)
        times[:lowest] = [at] * max(lowest, 0)
    return times


def _shown(page: "Page") -> int:
    """The number of sales on the page, published and provisional together."""
    numbers = (re.findall("[0-9,]+", text) for text in page.evaluate(SHOWN))
    return sum(int(found[0].replace(",", "")) for found in numbers if found)


def _timestamps(stack: Stack, window: Window) -> list[float]:
    found = []
    with reader(stack.kafka) as (consumer, partitions):
        ours = [each for each in partitions if each.partition in window.from_offsets]
        consumer.assign(ours)
        for each in ours:
            consumer.seek(each, window.from_offsets[each.partition])
        while any(consumer.position(each) < window.to_offsets[each.partition] for each in ours):
            for place, records in consumer.poll(timeout_ms=500).items():
                found += [each.timestamp / 1000 for each in records if _is_in(window, place, each.offset)]
    return found


def _is_in(window: Window, place: TopicPartition, offset: int) -> bool:
    return window.from_offsets[place.partition] <= offset < window.to_offsets[place.partition]
