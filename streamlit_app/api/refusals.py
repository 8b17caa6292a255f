"""How the API refuses a request: a status and the rule, never SQL and never a path."""

import logging
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ingestion.queries import LakeUnreadableError, NeverPublishedError, VersionGoneError
from streamlit_app.api import models
from streamlit_app.api.encoding import to_json

logger = logging.getLogger(__name__)
# by the one that a route has
ALLOWED = {"GET": {"Allow": "GET, HEAD, OPTIONS"}, "POST": {"Allow": "POST, OPTIONS"}}
# in the OpenAPI document
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {
        "model": models.Refusal,
        "description": "`as_of` names a slice or a time at which nothing was published, or a time in the future",
    },
    410: {
        "model": models.Refusal,
        "description": "`as_of` names a slice whose files have been vacuumed",
    },
    422: {"model": models.Refusal, "description": "a parameter breaks a rule, which is named"},
    500: {"model": models.Refusal, "description": "a fault of the API; its log has the reason"},
    503: {"model": models.Refusal, "description": "the lake cannot be read"},
}
# where Pydantic's own words are not for callers
RULES = {"extra_forbidden": "unknown parameter", "json_invalid": "the body must be JSON"}
SHOWN_FAULTS, SHOWN_CHARACTERS = 20, 100


def install(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def broken_rule(request: Request, error: RequestValidationError) -> Response:
        return refuse(422, "the parameters break a rule", [_fault(each) for each in error.errors()[:SHOWN_FAULTS]])

    @app.exception_handler(HTTPException)
    async def no_such_address(request: Request, error: HTTPException) -> Response:
        allowed = ALLOWED.get((error.headers or {}).get("Allow", ""), {})
        if error.status_code == 405 and request.method == "OPTIONS":
            return Response(status_code=204, headers=allowed)
        address = f"{request.method} {request.url.path}"[:SHOWN_CHARACTERS]
        answer = refuse(error.status_code, f"{address}: {error.detail}")
        answer.headers.update({**(error.headers or {}), **allowed})
        return answer

    @app.exception_handler(NeverPublishedError)
    async def never_published(request: Request, error: NeverPublishedError) -> Response:
        return refuse(404, str(error))

    @app.exception_handler(VersionGoneError)
    async def version_gone(request: Request, error: VersionGoneError) -> Response:
        return refuse(410, str(error))

    @app.exception_handler(LakeUnreadableError)
    async def lake_unreadable(request: Request, error: LakeUnreadableError) -> Response:
        logger.error("%s", error.for_log)
        return refuse(503, "the lake cannot be read at the moment")

    @app.exception_handler(Exception)
    async def fault_of_ours(request: Request, error: Exception) -> Response:
        # Starlette raises it again after this answer, and the server logs it
        return refuse(500, "a fault of the API; its log has the reason")


def refuse(status: int, error: str, faults: list[dict[str, Any]] | None = None) -> Response:
    body = to_json({"error": error, "faults": faults or []})
    return Response(
        body,
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _fault(error: dict[str, Any]) -> dict[str, Any]:
    # what is no JSON has places instead of names
    names = [str(part) for part in error["loc"][1:]] if error["type"] != "json_invalid" else []
    rule = RULES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    value = error.get("input")
    return {
        "parameter": names[0][:SHOWN_CHARACTERS] if names else "all",
        "rule": rule[:1].lower() + rule[1:],
        # JSON may name half of a character, which no answer could hold
        "value": None
        if value is None or not names
        else str(value)[:SHOWN_CHARACTERS].encode(errors="backslashreplace").decode(),
    }
