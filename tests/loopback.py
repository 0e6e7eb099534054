"""What the stand-in servers share: real sockets on loopback, in a thread, ended with the block."""

import contextlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self


class LoopbackServer:
    """Context manager; a stopped one starts again on the same port."""

    handler: ClassVar[type["LoopbackHandler"]]

    def __init__(self, *, hang_s: float) -> None:
        self.hang_s = hang_s
        """How long a server that hangs says nothing."""
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Listen; after a stop on the same port again."""
        self.stopping.clear()
        self._server = _Server(("127.0.0.1", self._port), self.handler)
        self._server.owner = self
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and end what hangs."""
        self.stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: LoopbackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that has gone is no news here."""


class LoopbackHandler(BaseHTTPRequestHandler):
    """One request to such a server."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def content(self) -> bytes:
        """Read the body of a request."""
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def reply(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def hang(self) -> None:
        """Say nothing for a while."""
        self.server.owner.stopping.wait(self.server.owner.hang_s)

    def cut(self) -> None:
        """End the connection the hard way: the client sees a reset."""
        linger = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()
