"""Page, API, lineage and metrics from one process and port.  Run: python -m infra.local.app"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.routing import Route

from streamlit_app import live
from streamlit_app.api.app import create_app

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
    # pages are Python threads: let the API's thread take its turn among them ten times sooner than by default
    sys.setswitchinterval(0.0005)
    live.sampler().start()
    yield {}
    live.sampler().stop()


# a Route, unlike a Mount, hands the path on whole: the API answers at the same addresses here and apart
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[Route(path, api) for path in API_PATHS],
    lifespan=lifespan,
)
