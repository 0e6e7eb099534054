"""A receiver of webhooks as docs/webhook.md asks for one, and one that answers badly on demand.

Real sockets on loopback. A request is kept once per event id, whatever is answered afterwards.
"""

import threading
from collections import deque
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cases.webhook import BadSignature, verify_signature

LOSING = ("503", "429", "drop")
"""The event is not kept."""
STORING = ("answer", "500_stored", "cut", "hang", "huge")
"""The event is kept, and the sender may not hear of it."""


class WebhookServer:
    """Context manager; `url` is what a site file names."""

    def __init__(self, key: bytes, behaviours: Iterable[str] = (), *, hang_s: float = 1.5) -> None:
        self.key = key
        self.behaviours = deque(behaviours)
        self.hang_s = hang_s
        self.kept: dict[str, bytes] = {}
        self.arrived: list[str] = []
        """Event ids in order of arrival, second posts as well."""
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address to post to."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}/in"

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next_behaviour(self) -> str:
        """Choose what happens to the post that has just arrived."""
        with self.lock:
            return self.behaviours.popleft() if self.behaviours else "answer"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: WebhookServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that has gone is no news here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a reply."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour = receiver.next_behaviour()
        try:
            name = verify_signature(
                receiver.key, headers, body, now_s=float(headers["webhook-timestamp"])
            )
        except BadSignature:
            self.answer(401)
            return
        with receiver.lock:
            receiver.arrived.append(name)
            receiver.headers.append(headers)
            if behaviour in STORING:
                receiver.kept.setdefault(name, body)
        self.behave(behaviour)

    def behave(self, behaviour: str) -> None:
        """Answer in one of the ways of this receiver."""
        if behaviour in {"drop", "cut", "hang"}:
            if behaviour == "hang":
                self.server.receiver.stopping.wait(self.server.receiver.hang_s)
            self.close_connection = True
            self.connection.close()
            return
        if behaviour == "huge":
            self.answer(200, b" " * 10_000_000)
            return
        status = {"answer": 204, "500_stored": 500, "redirect": 307}.get(behaviour)
        extra = {"429": {"Retry-After": "1"}, "redirect": {"Location": "http://127.0.0.1:9/"}}
        self.answer(status or int(behaviour), headers=extra.get(behaviour))
