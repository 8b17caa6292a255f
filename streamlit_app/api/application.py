"""The API as a separate app.  Run it alone: uvicorn --factory streamlit_app.api.application:create_replica"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ingestion.queries import Lake
from ingestion.reading.incidents import Watch
from ingestion.settings import AppSettings, load
from ingestion.tail.watcher import Watcher
from streamlit_app import singletons
from streamlit_app.api import gold_routes, live_routes, operations, refusals, routes
from streamlit_app.api.cache import SharedCache
from streamlit_app.api.head import AnswerHead
from streamlit_app.api.incidents import anomaly_routes
from streamlit_app.api.metrics import MeasureRequests, Metrics

DESCRIPTION = """
Revenue of the published sales.  Every answer about one publication carries `X-As-Of`, `X-Data-Age` (seconds since the
slice closed), `X-Tranche` and `X-Data-Status` (`fresh`, `stale` or `empty`), and an `ETag`: send it back as
`If-None-Match`.

* Money is in EUR, a JSON number with two decimals.  Hours are UTC.
* `pays`, `produit`, `segment` may be repeated: any of the values.  A name is compared as it is written, upper and lower
case and spaces included; only composed and decomposed accents (NFC, NFD) are treated as equal.
* `from` (inclusive) and `to` (exclusive) are whole hours of UTC, `as_of` is any time or the number of a slice: the
figures as they were published at that time.
* A time is `2025-12-22T10:00:00Z`, `2025-12-22T11:00:00+01:00` (also `+0100` or `+01`, and with a space for a `+` that
was not escaped), `2025-12-22T10`, `2025-12-22 10:00:00` or `2025-12-22`; without a zone it is UTC.  A bare number is
not accepted as a time.
* The marts (`/api/gold/…`) are published every few minutes: `X-As-Of` and `X-Tranche` say when, and after which slice;
`X-Data-Status` is that of the slices.
Their days are those of the reporting time zone; `from` and `to` are days such as `2025-12-22`.
* A parameter that is unknown, empty, or repeated where one value is allowed is refused, so that no answer depends on a
guess.
* `GET` and `HEAD` are supported, and `POST` to acknowledge an incident; the answer is JSON, whatever `Accept` says.
"""


def create_replica() -> FastAPI:
    """The API alone, possibly in several replicas; the dashboard measures the figures of the lake."""
    return create_app(tail=Watcher(singletons.lake()), measures_lake=False)


def create_app(
    lake: Lake | None = None,
    sampler: singletons.Sampler | None = None,
    tail: Watcher | None = None,
    *,
    measures_lake: bool = True,
) -> FastAPI:
    """Build the app over the configured lake, or over another one."""
    app = FastAPI(
        title="Ventes",
        description=DESCRIPTION,
        # FastAPI's page would load its scripts from elsewhere; ours (operations.py) needs nothing
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan,
    )
    app.state.lake = lake or singletons.lake()
    app.state.sampler = sampler or singletons.sampler()
    app.state.tail = tail or (Watcher(lake) if lake else singletons.tail())
    app.state.listeners = asyncio.Semaphore(live_routes.MOST_LISTENERS)
    app.state.watch = Watch(lake) if lake else singletons.watch()
    app.state.metrics = Metrics(
        app.state.lake, app.state.sampler, app.state.tail, app.state.watch, measures_lake=measures_lake
    )
    app.state.cache = SharedCache(load(AppSettings).redis_url, app.state.metrics.requests.cache_errors)
    app.add_middleware(MeasureRequests, requests=app.state.metrics.requests)
    app.add_middleware(AnswerHead)
    refusals.install(app)
    app.include_router(routes.router)
    app.include_router(gold_routes.router)
    app.include_router(anomaly_routes.router)
    app.include_router(live_routes.router)
    app.include_router(operations.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.sampler.start()
    app.state.tail.start()
    yield
    app.state.tail.stop()
    app.state.sampler.stop()
