"""The published totals and, apart from them, the sales that no slice has published yet: one answer, or a stream."""

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from ingestion import queries
from ingestion.errors import SalesError
from ingestion.queries import Filters, Lake, Snapshot
from ingestion.tail.judging import TailView
from ingestion.tail.watcher import Watcher
from streamlit_app.api import models
from streamlit_app.api.encoding import to_json
from streamlit_app.api.head import HEADERS_ONLY
from streamlit_app.api.params import FilterParams, well_formed
from streamlit_app.api.refusals import REFUSALS, refuse

LOOK_SECONDS = 1.0
# each holds a connection, and looks once a second
MOST_LISTENERS = 100
# a proxy would close a connection on which nothing comes
SILENT_LOOKS = 15
# then the client connects again, and a server that stops waits for nobody
LONGEST_STREAM_SECONDS = 300
NOT_KEPT = {"Cache-Control": "no-store"}
EVENT = {
    "schema": {
        "type": "string",
        "description": "each `data` is an answer of `/api/live`",
        "examples": ["event: live\ndata: {…}\n\n"],
    }
}
# nothing here can be asked of an earlier slice
LIVE_REFUSALS: dict[int | str, dict[str, Any]] = {status: REFUSALS[status] for status in (422, 500, 503)}
router = APIRouter(prefix="/api", dependencies=[Depends(well_formed)], responses=LIVE_REFUSALS, tags=["live"])
Params = Annotated[FilterParams, Query()]


@router.get("/live", response_model=models.Live)
def live(request: Request, params: Params) -> Response:
    """The published totals, and the sales on the way: in Kafka, judged at once, not published yet."""
    state = request.app.state
    body = to_json(_live(state.lake, state.tail, params.filters))
    return Response(body, media_type="application/json", headers=NOT_KEPT)


@router.get(
    "/live/events",
    response_class=StreamingResponse,
    responses={200: {"description": "an event for each change", "content": {"text/event-stream": EVENT}}},
)
async def live_events(request: Request, params: Params) -> Response:
    """The same as server-sent events: one at once, then one whenever a figure changes; five minutes at most."""
    # X-Accel-Buffering: nginx would collect events
    headers = NOT_KEPT | {"X-Accel-Buffering": "no"}
    if HEADERS_ONLY in request.scope:
        return Response(media_type="text/event-stream", headers=headers)
    state = request.app.state
    if state.listeners.locked():
        return refuse(503, f"{MOST_LISTENERS} clients listen already; ask /api/live instead")
    events = _events(state.listeners, state.lake, state.tail, params.filters)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(listeners: asyncio.Semaphore, lake: Lake, tail: Watcher, filters: Filters) -> AsyncIterator[bytes]:
    async with listeners:
        async for event in _changes(lake, tail, filters):
            yield event


async def _changes(lake: Lake, tail: Watcher, filters: Filters) -> AsyncIterator[bytes]:
    sent, silent = None, 0
    for _ in range(int(LONGEST_STREAM_SECONDS / LOOK_SECONDS)):
        try:
            found = await run_in_threadpool(_live, lake, tail, filters)
        except SalesError:
            yield b"event: unreadable\ndata: the lake cannot be read at the moment\n\n"
            return
        figures = _figures(found)
        silent += 1
        if figures != sent:
            yield b"event: live\ndata: " + to_json(found) + b"\n\n"
            sent, silent = figures, 0
        elif silent >= SILENT_LOOKS:
            yield b": still here\n\n"
            silent = 0
        await asyncio.sleep(LOOK_SECONDS)


def _live(lake: Lake, tail: Watcher, filters: Filters) -> dict[str, Any]:
    snapshot = lake.current()
    publication, view = snapshot.publication, tail.view(snapshot)
    return {
        "provisional": True,
        "tranche": publication and publication.tranche,
        "as_of": publication and publication.closed_at,
        "published": _published(snapshot, filters),
        "tail": _tail(view, filters) if view else None,
    }


@lru_cache(maxsize=64)
def _published(snapshot: Snapshot, filters: Filters) -> queries.OverallStatistics:
    """Counted once for each publication: every listener asks every second."""
    return queries.overall_statistics(snapshot, filters)


def _tail(view: TailView, filters: Filters) -> dict[str, Any]:
    totals = view.totals(filters)
    return {
        "nombre_ventes": totals.nombre_ventes,
        "total_montant": totals.total_montant,
        "total_quantite": totals.total_quantite,
        "is_whole": view.is_whole,
        "measured_at": view.measured_at,
        "from_offsets": view.from_offsets,
        "to_offsets": view.to_offsets,
    }


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """What a listener is told of: neither the time of the measurement nor the offsets, which move with any event."""
    passing = {"measured_at": None, "from_offsets": None, "to_offsets": None}
    return found | {"tail": found["tail"] and {**found["tail"], **passing}}
