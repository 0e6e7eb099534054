"""What every request passes before it reaches the desk: size, host, origin; headers on replies."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads from the desk alone and runs nothing that stands in a text."""

_HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class _TooLarge(Exception):  # noqa: N818  # never leaves this module
    """The body has passed the limit."""


class Guard:
    """ASGI middleware that refuses what no client of the desk sends.

    `hosts`: names that the Host header may hold, without port; None allows all. On loopback it
    keeps a foreign page, whose name was pointed at this machine, from reading the desk.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, hosts: Collection[str] | None) -> None:
        self._app = app
        self._max_body = max_body
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            await _with_headers(refusal, scope, receive, send)
            return
        bounded = _bounded(receive, self._max_body)
        try:
            await _with_headers(self._app, scope, bounded, send)
        except _TooLarge:
            await _with_headers(self._too_large(), scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if self._hosts is not None and (urlsplit(f"//{host}").hostname or "") not in self._hosts:
            return problem(403, "this name is not the desk's")
        if method not in {"GET", "HEAD"} and _foreign(headers, host):
            return problem(403, "pages of other sites may not post here")
        if int(_digits(headers.get("content-length"))) > self._max_body:
            return self._too_large()
        return None

    def _too_large(self) -> JSONResponse:
        return problem(413, f"more than {self._max_body} bytes")


def problem(status: int, description: str) -> JSONResponse:
    """Make an error answer in GeoReport's form."""
    return JSONResponse([{"code": status, "description": description}], status_code=status)


def _foreign(headers: Headers, host: str) -> bool:
    """Tell whether a page of another origin is behind a request; programs send neither header."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != host


def _digits(text: str | None) -> str:
    return text if text is not None and text.isdecimal() and len(text) < 16 else "0"


def _bounded(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _TooLarge
        return message

    return bounded


async def _with_headers(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def labelled(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    await app(scope, receive, labelled)
