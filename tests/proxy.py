"""A TCP proxy in front of a server of the tests, whose line can fail.

with Proxy(("127.0.0.1", server.port)) as proxy:
    ...connect to 127.0.0.1:proxy.port...
    proxy.freeze()      # half-open: connections stay, no byte goes either way
    proxy.cut()         # unplugged: connections closed, new ones refused
    proxy.restore()     # the line works again on the same port, for new connections
"""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65536


class Proxy:
    """Forwards one loopback port to a server; freeze, cut and restore act on the line."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._closed = False
        self._listener = _listen(0)
        self.port = int(self._listener.getsockname()[1])
        """Port to connect to; the same for the proxy's whole life."""
        self._accept_on(self._listener)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def freeze(self) -> None:
        """Stop forwarding in both directions; connections stay open and new ones are accepted."""
        self._flowing.clear()

    def cut(self) -> None:
        """Close every connection and refuse new ones."""
        _shut(self._listener)
        self._drop()

    def restore(self) -> None:
        """Make the line work for new connections; what was frozen is closed."""
        self._drop()
        self._flowing.set()
        if self._listener.fileno() < 0:
            self._listener = _listen(self.port)
            self._accept_on(self._listener)

    def close(self) -> None:
        """Stop for good."""
        with self._lock:
            self._closed = True
        self._flowing.set()
        self.cut()

    def _accept_on(self, listener: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closed:
                    near.close()
                    return
                self._sockets.add(near)
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._flowing.wait()
        try:
            far = socket.create_connection(self._target)
        except OSError:
            _end(near)
            return
        with self._lock:
            if near.fileno() < 0 or self._closed:
                far.close()
                return
            self._sockets.add(far)
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                self._flowing.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _drop(self) -> None:
        with self._lock:
            sockets, self._sockets = self._sockets, set()
            for one in sockets:
                _end(one)


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), reuse_port=False)


def _shut(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
    listener.close()


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
    one.close()
