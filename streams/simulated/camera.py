"""The simulated camera itself: a listening socket, its connections and a film on air."""

import asyncio
import contextlib
import logging
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.simulated.conversation import PATH
from streams.simulated.fault import Fault, FaultKind
from streams.simulated.film import Film
from streams.simulated.login import Login
from streams.simulated.resize import resized_copy
from streams.simulated.server import Server

logger = logging.getLogger(__name__)

_STOP_TIMEOUT_S = 10.0


class SimulatedCamera:
    """A video file as an RTSP camera at `/cam0`, in a thread of its own.

    It is on air from start() to stop(), whether or not anybody watches; clients join where it is.
    With waits=True it begins with the first client. With loop=False it plays once, from the first
    client on, then says goodbye and answers 404.

    The constructor raises ValueError when only one of user and password is given; start() raises
    UnservableFileError for a file that cannot be sent and OSError when the port is not free.
    """

    def __init__(
        self,
        file: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str | None = None,
        password: str | None = None,
        fault: Fault | None = None,
        loop: bool = True,
        waits: bool = False,
    ) -> None:
        if (user is None) != (password is None):
            raise ValueError("a simulated camera needs both user and password, or neither")
        self._file = file
        self._host = host
        self._port = port
        self._login = None if user is None or password is None else Login(user, password)
        self._fault = fault
        self._loop_film = loop
        self._waits = waits or not loop
        self._thread: threading.Thread | None = None
        self._server: Server | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def __repr__(self) -> str:
        """Say where it is; never the password."""
        return f"SimulatedCamera({str(self._file)!r}, {self.url!r}, fault={self._fault!r})"

    @property
    def port(self) -> int:
        """Port it listens on; 0 until it has started when the system is to choose."""
        return self._port

    @property
    def url(self) -> str:
        """URL without user and password."""
        return f"rtsp://{self._host}:{self._port}{PATH}"

    @property
    def running(self) -> bool:
        """Whether it is on air."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def clients(self) -> int:
        """Connections that are being sent pictures now."""
        return 0 if self._server is None else self._server.clients

    def start(self) -> None:
        """Go on air; clients can connect when this returns. Not while it runs already."""
        if self.running:
            raise RuntimeError("the simulated camera is running already")
        film = Film(self._file)
        with contextlib.ExitStack() as resources:
            resized = None
            if self._fault is not None and self._fault.kind is FaultKind.RESIZE:
                folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="camera-"))
                resized = resized_copy(film, Path(folder))
            listener = resources.enter_context(self._bind())
            self._port = int(listener.getsockname()[1])
            server = Server(
                film,
                listener,
                login=self._login,
                fault=self._fault,
                loop=self._loop_film,
                waits=self._waits,
                resized=resized,
            )
            name = f"simulated-camera-{self._port}"
            held = resources.pop_all()
        self._server = server
        self._thread = threading.Thread(target=_run, args=(server, held), name=name, daemon=True)
        self._thread.start()
        server.wait_ready()

    def stop(self) -> None:
        """Close every connection and the port; harmless when it does not run."""
        thread, self._thread = self._thread, None
        if self._server is not None:
            self._server.stop()
        if thread is not None:
            thread.join(_STOP_TIMEOUT_S)

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
        except OSError:
            listener.close()
            raise
        return listener


def _run(server: Server, held: contextlib.ExitStack) -> None:
    """Thread of a camera; its socket and files are released whatever happens."""
    with held:
        try:
            asyncio.run(server.run())
        except Exception:
            logger.exception("the simulated camera failed")
