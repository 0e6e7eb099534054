"""The desk as a running server: in a thread for the demo and tests, or until it is told to stop."""

import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self

import uvicorn

from cases.desk.app import BASE, create_app
from cases.desk.register import Register
from cases.errors import CasesError

logger = logging.getLogger(__name__)

DEFAULT_PORT: Final = 8311
MAX_REQUESTS: Final = 500
MAX_BODY: Final = 32 * 1024 * 1024
"""Of one post: a few full-size stills and a short clip."""
MAX_BYTES: Final = 256 * 1024 * 1024
"""Of all media together; beyond it the oldest requests leave."""

_START_S: Final = 10.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class DeskError(CasesError):
    """The desk cannot start; the text says what to do about it."""


class Desk:
    """A case desk on `host` and `port` (0: any free one).

    `attributes` are asked for by every service, as a GeoReport service definition has them.
    Requests are kept in memory, or in `folder`. With `api_key` a post needs that key; reading and
    the page are open to whoever reaches the address, which therefore is loopback by default.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        folder: Path | None = None,
        api_key: str | None = None,
        max_requests: int = MAX_REQUESTS,
        max_bytes: int = MAX_BYTES,
        max_body: int = MAX_BODY,
        attributes: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._host = host
        self._port = port
        self._folder = folder
        self._api_key = api_key
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._max_body = max_body
        self._attributes = attributes
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address of the page, without a slash at its end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def open311_url(self) -> str:
        """Base address for a client: `case_system.url` of a site file."""
        return self.url + BASE

    def start(self) -> Self:
        """Listen and serve. Raises `DeskError`: port in use, folder that cannot be written."""
        listener = _listen(self._host, self._port)
        try:
            app = create_app(
                self._register(),
                api_key=self._api_key,
                max_body=self._max_body,
                attributes=self._attributes,
                hosts=_LOOPBACK if self._host in _LOOPBACK else None,
            )
            self._port = listener.getsockname()[1]
            self._server = uvicorn.Server(_config(app))
            self._thread = threading.Thread(
                target=self._server.run, args=([listener],), name="desk", daemon=True
            )
            self._thread.start()
            self._wait_started()
        except BaseException:
            listener.close()
            raise
        if self._host not in _LOOPBACK:
            logger.warning("the desk is open to everybody who reaches %s", self.url)
        return self

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop serving; what is under way gets a second or two."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(timeout_s)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _register(self) -> Register:
        try:
            return Register(
                max_requests=self._max_requests, max_bytes=self._max_bytes, folder=self._folder
            )
        except OSError as error:
            raise DeskError(
                f"the desk's folder {self._folder} cannot be used: {error.strerror}; "
                "give one that can be written"
            ) from error

    def _wait_started(self) -> None:
        assert self._server is not None  # noqa: S101  # called by start
        assert self._thread is not None  # noqa: S101
        end_s = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end_s:
                raise DeskError("the desk did not start; its log says why")
            time.sleep(0.01)


def serve(desk: Desk, *, on_ready: Callable[[Desk], None] | None = None) -> None:
    """Run a desk until SIGTERM or SIGINT. Call from the main thread. Raises `DeskError`."""
    told = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with desk:
            if on_ready is not None:
                on_ready(desk)
            told.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _config(app: Callable[..., object]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        log_level="warning",
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=64,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Bind here rather than in the server, whose own failure would end the process."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise DeskError(f"the desk cannot listen on {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise DeskError(
                f"port {port} on {host} is in use: stop what uses it, or choose another port"
            ) from error
        raise DeskError(f"the desk cannot listen on {host}:{port}: {error.strerror}") from error
    return listener
