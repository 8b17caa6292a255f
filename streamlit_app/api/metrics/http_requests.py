"""Metrics of our own requests."""

import time

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Requests:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "sales_api_request_seconds",
            "Time to answer a request of page or API",
            ("route", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self.cache_hits = Counter("sales_api_cache_hits", "API answers from the cache", registry=registry)
        self.cache_misses = Counter(
            "sales_api_cache_misses", "API answers from the lake, because the cache had none", registry=registry
        )
        self.cache_errors = Counter(
            "sales_api_cache_errors", "Failed reads and writes of the API's shared cache", registry=registry
        )


class MeasureRequests:
    """Times every request under its route's template, so that no path a visitor asks for becomes a label."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app, self._requests = app, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started, taken = 500, time.perf_counter(), 0.0

        async def note(message: Message) -> None:
            nonlocal status, taken
            if message["type"] == "http.response.start":
                status = message["status"]
                if (b"content-type", b"text/event-stream; charset=utf-8") in message["headers"]:
                    # its end is the listener's choice
                    taken = time.perf_counter() - started
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._requests.seconds.labels(route, str(status)).observe(taken or time.perf_counter() - started)
