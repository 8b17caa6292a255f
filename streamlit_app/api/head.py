"""HEAD requests, which uptime monitors send and FastAPI's routes do not support."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# in the scope of a request whose body nobody reads: a stream must not begin
HEADERS_ONLY = "sales.headers_only"


class AnswerHead:
    """Answers HEAD like GET on every route, but without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_headers(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET", HEADERS_ONLY: True}, receive, send_headers)
        else:
            await self._app(scope, receive, send)
