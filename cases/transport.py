"""HTTP to one host under one deadline: no redirect, no proxy, no reuse, bounded replies.

Every exchange has a connection of its own: a kept one that the server has just closed would make
a lost post and an unsent one look the same. Nothing is logged here, because an address may carry
a key. Errors of the HTTP library are translated once, in `_TRANSLATED`.
"""

import ssl
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import httpx

from cases.deadline import Deadline
from cases.system import DeliveryError, Permanent, Transient, Unanswered
from configs import host_allowed

CONNECT_S: Final = 5.0
"""A host that does not answer a connection in this time is down."""
STALL_S: Final = 20.0
"""Longest wait for the next byte, either way; servers forward to slow back offices."""

# Small pieces, so that a server that reads slowly cannot hold one write past the deadline.
_PIECE_BYTES: Final = 16 * 1024

_TRANSLATED: Final[Mapping[type[Exception], type[DeliveryError]]] = MappingProxyType(
    {
        # The request never left.
        httpcore.ConnectError: Transient,
        httpcore.ConnectTimeout: Transient,
        httpcore.PoolTimeout: Transient,
        httpcore.ConnectionNotAvailable: Transient,
        httpcore.ProxyError: Transient,
        # It may have left, in part or whole.
        httpcore.ReadError: Unanswered,
        httpcore.ReadTimeout: Unanswered,
        httpcore.WriteError: Unanswered,
        httpcore.WriteTimeout: Unanswered,
        httpcore.RemoteProtocolError: Unanswered,
        # It can never leave.
        httpcore.LocalProtocolError: Permanent,
        httpcore.UnsupportedProtocol: Permanent,
    }
)


class AddressRefused(ValueError):  # noqa: N818  # named after what it is, as its neighbours are
    """The address of the case system is not one that may be called."""


class ReplyTooLarge(Unanswered):
    """The reply is larger than it may be, and was not read to its end."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes


def checked_host(url: str, allow_hosts: Collection[str]) -> str:
    """Return the host of a case system's address. Raises `AddressRefused`, naming no secret.

    An empty allow-list allows exactly this host.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:  # UnicodeError is one
        raise AddressRefused("the address of the case system cannot be read") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise AddressRefused("the address of the case system begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("the address of the case system holds a user or a password")
    if allow_hosts and not host_allowed(host, allow_hosts):
        raise AddressRefused(f"the case system's host {host} is not in allow.case_hosts")
    return host


class Transport:
    """Exchanges one request for one reply. May be used by several threads at once."""

    def __init__(self, *, secure: bool) -> None:
        # The system's authorities: a city's own stands there.
        self._tls = ssl.create_default_context() if secure else None

    def exchange(self, request: httpx.Request, deadline: Deadline, limit_bytes: int) -> Reply:
        """Send a request and read the reply. Raises `Transient`, `Permanent`, `Unanswered`.

        Ends at the deadline (looking up the host's name excepted, which comes before anything
        is sent). `ReplyTooLarge` over `limit_bytes`.
        """
        try:
            with httpcore.ConnectionPool(
                ssl_context=self._tls,
                max_connections=1,
                max_keepalive_connections=0,
                network_backend=_Backend(deadline),
            ) as pool:
                return _exchange(pool, request, limit_bytes)
        except tuple(_TRANSLATED) as error:
            raise _translate(error) from error


def _exchange(pool: httpcore.ConnectionPool, request: httpx.Request, limit_bytes: int) -> Reply:
    url = request.url
    phases = {"connect": CONNECT_S, "read": STALL_S, "write": STALL_S, "pool": CONNECT_S}
    sent = httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.read(),
        extensions={"timeout": phases},
    )
    response = pool.handle_request(sent)
    try:
        headers = httpx.Headers(response.headers)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Unanswered("the reply is compressed, which was not asked for")
        body = bytearray()
        for piece in response.iter_stream():
            body += piece
            if len(body) > limit_bytes:
                raise ReplyTooLarge(f"the reply is larger than {limit_bytes} bytes")
        return Reply(response.status, headers, bytes(body))
    finally:
        response.close()


def _translate(error: Exception) -> DeliveryError:
    branch = next(ours for theirs, ours in _TRANSLATED.items() if isinstance(error, theirs))
    said = " ".join(str(error).split())[:200]
    name = type(error).__name__
    return branch(f"{name}: {said}" if said else name)


class _Backend(httpcore.NetworkBackend):
    """Opens sockets whose every wait ends at the deadline, however slowly the other end drips."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        wait_s = _wait_s(self._deadline, timeout, httpcore.ConnectTimeout)
        stream = self._inner.connect_tcp(host, port, wait_s, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wait_s = _wait_s(self._deadline, timeout, httpcore.ReadTimeout)
        return self._inner.read(max_bytes, wait_s)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE_BYTES):
            wait_s = _wait_s(self._deadline, timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + _PIECE_BYTES], wait_s)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait_s = _wait_s(self._deadline, timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, wait_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _wait_s(deadline: Deadline, phase_s: float | None, error: type[Exception]) -> float:
    left_s = deadline.left_s()
    if left_s <= 0.0:
        raise error("the request's deadline has passed")
    return left_s if phase_s is None else min(left_s, phase_s)
