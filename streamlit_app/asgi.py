"""Page, API, lineage and metrics from one process and port.  Run: python -m streamlit_app.serve"""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.routing import Route

from streamlit_app import singletons
from streamlit_app.api.application import create_app

api = create_app()
API_PATHS = (
    "/api",
    "/api/{rest:path}",
    "/lineage",
    "/lineage/{rest:path}",
    "/metrics",
    "/healthz",
    "/readyz",
)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    _let_pages_and_api_share_the_process()
    singletons.sampler().start()
    singletons.tail().start()
    yield {}
    singletons.tail().stop()
    singletons.sampler().stop()


def _let_pages_and_api_share_the_process() -> None:
    """Keep the pages' work from delaying the API; docs/performance.md has the measurements."""
    # load now what the first page would load while the API waits
    for module in ("pandas", "streamlit_app.charts", "streamlit_app.trust_panels"):
        import_module(module)
    # Streamlit runs a full garbage collection after every run of a page: 120 ms, unless permanent objects are excluded
    gc.collect()
    gc.freeze()
    # pages run in threads: let the API take its turn among them ten times sooner than by default
    sys.setswitchinterval(0.0005)


# a Route, unlike a Mount, passes on the whole path, so the API has the same addresses here as on its own
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[Route(path, api) for path in API_PATHS],
    lifespan=lifespan,
)
