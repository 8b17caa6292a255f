"""What clients send that FastAPI does not know: HEAD, and text in an address that is not escaped."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class TolerateClients:
    """HEAD is answered as GET is, without the body: uptime monitors ask so.  Raw UTF-8 in a query is escaped."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = {**scope, "query_string": _escaped(scope["query_string"])}
        if scope["method"] == "HEAD":
            await self._app({**asked, "method": "GET"}, receive, _without_body(send))
        else:
            await self._app(asked, receive, send)


def _escaped(query: bytes) -> bytes:
    """Starlette reads what is not escaped as Latin-1."""
    return re.sub(rb"[\x80-\xff]", lambda found: b"%%%02X" % ord(found[0]), query)


def _without_body(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_headers
