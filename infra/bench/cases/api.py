"""The API over a million sales: one process, one request after another, with no and with five open pages.

The pipeline does not make the lake (`infra/bench/sample_lake.py` writes Silver's tables directly), and page and API run
without the rest of the stack.  There is no broker, so every answer says `stale`, and the freshness thread looks for one
in vain.  The time of a GET on an open connection is measured in this process, from the request to the last byte of the
answer.

* cached: each of the seven endpoints, with the same request again, without If-None-Match.
* uncached: `from` and `to` differ in every request, over at least 500 of the 672 hours, so that no answer is in the
  cache.

The open pages are tabs of a Chromium on the same machine, which uses some of the cores.
"""

import http.client
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from urllib.parse import urlencode

from infra.bench.results import Figure, Measured, Tell, by_name, percentile
from infra.bench.sample_lake import SPAN, write_lake
from infra.testbed.embedded import Stack, isolated, until
from ingestion.errors import SalesError

SALES = 1_000_000
PAGES = 5
CACHED_REQUESTS = 200
UNCACHED_REQUESTS = 50
READY_SECONDS = 60.0
SETTLE_SECONDS = 10.0
# the most hours to cut off each end of the four weeks, which gives 80 x 80 different questions
MOST_HOURS_CUT = 80
ENDPOINTS = (
    "aggregated_sales",
    "top_products",
    "hourly_sales",
    "product_by_segment",
    "overall_statistics",
    "revenue_by_country",
    "customer_segmentation",
)
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass
class Client:
    """Sends requests to the API and returns their milliseconds."""

    connection: http.client.HTTPConnection
    windows: Iterator[str]

    def milliseconds(self, path: str) -> float:
        began = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        taken = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise SalesError(f"GET {path} answered {answer.status}: {body[:300]!r}")
        return taken

    def cached(self, endpoint: str) -> list[float]:
        path = f"/api/{endpoint}"
        self.milliseconds(path)
        return [self.milliseconds(path) for _ in range(CACHED_REQUESTS)]

    def uncached(self, endpoint: str) -> list[float]:
        return [self.milliseconds(f"/api/{endpoint}?{window}") for window in islice(self.windows, UNCACHED_REQUESTS)]


def measure(runs: int, tell: Tell) -> Measured:
    tell(f"writing a lake of {SALES} sales")
    with isolated() as stack:
        end = _whole_hour()
        write_lake(stack.silver, SALES, end)
        windows, executable = _windows(end), chromium()
        with app(stack):
            tell("no open page")
            figures = _figures(stack, windows, runs, "0 pages")
            if executable is None:
                return Measured(figures, ["no Chromium on this machine: nothing was measured with open pages"])
            tell(f"{PAGES} open pages")
            with open_pages(stack.url, PAGES, executable):
                return Measured(figures + _figures(stack, windows, runs, f"{PAGES} pages"))


def _figures(stack: Stack, windows: Iterator[str], runs: int, pages: str) -> list[Figure]:
    # one connection for each part: the server closes a connection that is idle while the pages open
    with _client(stack, windows) as client:
        for endpoint in ENDPOINTS:
            client.milliseconds(f"/api/{endpoint}?{next(windows)}")
        return by_name("ms", [_run(client, pages) for _ in range(runs)])


def _run(client: Client, pages: str) -> dict[str, float]:
    """Percentiles over all endpoints together; for uncached answers also the median of each endpoint."""
    figures: dict[str, float] = {}
    for kind, ask in (("cached", client.cached), ("uncached", client.uncached)):
        taken = {endpoint: ask(endpoint) for endpoint in ENDPOINTS}
        together = [each for values in taken.values() for each in values]
        figures |= {f"{kind}, {pages}, p{share}": percentile(together, share / 100) for share in (50, 99)}
        if kind == "uncached":
            figures |= {f"{kind}, {pages}, {name}, p50": percentile(values, 0.5) for name, values in taken.items()}
    return figures


def _whole_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _windows(end: datetime) -> Iterator[str]:
    """Query strings of whole hours inside the four weeks; they repeat only after all 80 x 80."""
    for number in count():
        after, before = divmod(number % MOST_HOURS_CUT**2, MOST_HOURS_CUT)
        hours = {"from": end - SPAN + timedelta(hours=before), "to": end - timedelta(hours=after)}
        yield urlencode({name: f"{hour:%Y-%m-%dT%H:00:00Z}" for name, hour in hours.items()})


@contextmanager
def app(stack: Stack) -> Iterator[None]:
    """The page and the API of the stack without the rest of it; their output is discarded."""
    process = stack.start("python", "-m", "streamlit_app.serve", quiet=True)
    try:

        def answers() -> bool:
            if process.poll() is not None:
                raise SalesError(f"the app ended with {process.returncode} before it answered")
            with suppress(OSError), _client(stack, iter(())) as client:
                return client.milliseconds("/healthz") > 0
            return False

        until(answers, "the app answers", READY_SECONDS)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            process.kill()


@contextmanager
def _client(stack: Stack, windows: Iterator[str]) -> Iterator[Client]:
    connection = http.client.HTTPConnection("127.0.0.1", int(stack.environment["APP_PORT"]), timeout=30)
    try:
        yield Client(connection, windows)
    finally:
        connection.close()


def chromium() -> str | None:
    """The machine's own Chromium, driven by Playwright; None if either is missing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return None
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def open_pages(url: str, number: int, executable: str) -> Iterator[None]:
    """Tabs that show the dashboard and keep refreshing it."""
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        try:
            for _ in range(number):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(url)
                expect(page.locator("body")).to_contain_text("€", timeout=60_000)
            time.sleep(SETTLE_SECONDS)
            yield
        finally:
            browser.close()
