"""Who may ask what: decided in one place, for every route that there is or will be.

Deny by default: only the paths in OPEN need no token, and addresses of covered pictures that this
box has signed itself. Routes cannot opt out.
"""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset({"/health/live"})
"""A load balancer asks for life without a secret; it learns nothing else."""

SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """ASGI middleware that lets a request through only with the token."""

    def __init__(self, app: App, token: str, signed: Callable[[str], bool] | None = None) -> None:
        """Take the token; `signed` tells whether a path is an address that was given out."""
        self._app = app
        self._signed = signed
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http":
            if scope["path"] in OPEN or self._known(scope) or self._given_out(scope):
                await self._app(scope, receive, _with_safe_headers(send))
            else:
                await _refuse(send)
            return
        await send({"type": "websocket.close", "code": 1008})

    def _given_out(self, scope: Scope) -> bool:
        reads = scope["method"] in {"GET", "HEAD"}
        return reads and self._signed is not None and self._signed(scope["path"])

    def _known(self, scope: Scope) -> bool:
        given = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                given = value
        return hmac.compare_digest(given, self._expected)


def _with_safe_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *SAFE_HEADERS]
        await send(message)

    return sending


async def _refuse(send: Send) -> None:
    body = b'{"detail":"a token is needed: Authorization: Bearer TOKEN"}'
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", b"Bearer"),
        *SAFE_HEADERS,
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
