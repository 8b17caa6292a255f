"""From a question to a response: the right snapshot, ETag and 304, cache, headers."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from ingestion.queries import GoldSnapshot, Snapshot
from streamlit_app.api.encoding import moment, to_json
from streamlit_app.api.params import AsOfParams
from streamlit_app.singletons import utc_now

# part of every ETag: raise it when the format of an answer changes
FORMAT = 3


S = TypeVar("S", Snapshot, GoldSnapshot)


async def answer(request: Request, params: AsOfParams, question: Callable[[Snapshot], Any]) -> Response:
    """The answer of the slice that the parameters ask for."""
    lake = request.app.state.lake
    return await _answer(request, params, lake.at(params.as_of) if params.as_of else lake.current(), question)


async def answer_of_gold(
    request: Request, params: AsOfParams, question: Callable[[GoldSnapshot], Any], version: str = ""
) -> Response:
    """The answer of the marts that were published when the parameters say.

    `version`: of what else the answer is made from.
    """
    lake = request.app.state.lake
    gold = lake.gold_at(params.as_of) if params.as_of else lake.gold()
    return await _answer(request, params, gold, question, version)


async def _answer(
    request: Request, params: AsOfParams, snapshot: S, question: Callable[[S], Any], version: str = ""
) -> Response:
    """Answer from the cache if the publication and the parameters are known, else ask in a thread."""
    state = request.app.state
    key = f"{FORMAT}|{snapshot.key}{version}|{request.url.path}|{params.key}"
    headers = _headers(snapshot, key, state.sampler.cause(utc_now()))
    if _is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = await state.cache.get(key)
    requests = state.metrics.requests
    (requests.cache_misses if body is None else requests.cache_hits).inc()
    if body is None:
        body = await run_in_threadpool(lambda: to_json(question(snapshot)))
        await state.cache.put(key, body)
    return Response(body, media_type="application/json", headers=headers)


def age_seconds(since: datetime) -> float:
    return round(max((utc_now() - since).total_seconds(), 0.0), 3)


def _headers(snapshot: Snapshot | GoldSnapshot, key: str, cause: str | None) -> dict[str, str]:
    headers = {
        # weak: the same rows may be sent compressed or not
        "ETag": f'W/"{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"',
        "Cache-Control": "no-cache",
        "X-Data-Status": "empty" if snapshot.publication is None else "stale" if cause else "fresh",
    }
    if snapshot.publication is not None and snapshot.as_of is not None:
        headers |= {
            "X-As-Of": moment(snapshot.as_of),
            "X-Data-Age": f"{age_seconds(snapshot.as_of):.1f}",
            "X-Tranche": str(snapshot.publication.tranche),
        }
    return headers


def _is_known(request: Request, etag: str) -> bool:
    """Whether `If-None-Match`, in one header or several, names this answer (weak comparison) or any answer."""
    wanted = ",".join(request.headers.getlist("if-none-match"))
    return any(each.strip().removeprefix("W/") in (etag.removeprefix("W/"), "*") for each in wanted.split(","))
