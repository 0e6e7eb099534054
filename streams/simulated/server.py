"""The event loop's side of a simulated camera: listens, keeps the connections, breaks on time."""

import asyncio
import contextlib
import logging
import socket
import threading

from streams.simulated.broadcast import Broadcast
from streams.simulated.connection import Connection
from streams.simulated.fault import Fault, FaultKind
from streams.simulated.film import Film
from streams.simulated.login import Login

logger = logging.getLogger(__name__)

_BACKLOG = 64


class Server:
    """Serves a film on a socket that is bound already. run() in one thread, the rest from any."""

    def __init__(
        self,
        film: Film,
        listener: socket.socket,
        *,
        login: Login | None,
        fault: Fault | None,
        loop: bool,
        waits: bool,
        resized: Film | None,
    ) -> None:
        self._listener = listener
        self._address = listener.getsockname()[:2]
        self._login = login
        self._fault = fault
        self._broadcast = Broadcast(
            film, host=self._address[0], loop=loop, waits=waits, fault=fault, resized=resized
        )
        self._connections: set[Connection] = set()
        self._mute = False
        self._refusing = False
        self._holder: socket.socket | None = None
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._accepting: asyncio.Server | None = None

    @property
    def clients(self) -> int:
        """Connections that are being sent pictures now."""
        return sum(connection.playing for connection in list(self._connections))

    def wait_ready(self) -> None:
        """Wait until clients can connect (or run() has failed)."""
        self._ready.wait()

    def stop(self) -> None:
        """Make run() return; harmless when it has."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def run(self) -> None:
        """Serve until stop()."""
        self._loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(self._broadcast.run())]
        fault = self._fault
        try:
            if fault is not None and fault.after_s == 0:
                self._break(fault)
            elif fault is not None:
                tasks.append(asyncio.create_task(self._break_later(fault)))
            if not self._refusing:
                self._accepting = await self._loop.create_server(
                    self._new_connection, sock=self._listener, backlog=_BACKLOG
                )
            self._ready.set()
            await self._stopping.wait()
        finally:
            self._ready.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._close()

    def _new_connection(self) -> Connection:
        dropping = self._fault is not None and self._fault.kind is FaultKind.DROP
        connection = Connection(
            self._broadcast,
            self._login,
            drop_after_s=self._fault.after_s if self._fault is not None and dropping else None,
            on_lost=self._connections.discard,
        )
        connection.mute = self._mute
        self._connections.add(connection)
        return connection

    async def _break_later(self, fault: Fault) -> None:
        await asyncio.sleep(fault.after_s)
        self._break(fault)

    def _break(self, fault: Fault) -> None:
        """Bring about the faults that concern the whole camera; the others act elsewhere."""
        logger.debug("fault %s begins", fault.kind)
        if fault.kind is FaultKind.REFUSE:
            self._refuse()
        elif fault.kind is FaultKind.AUTH:
            self._broadcast.locked = True
            self._abort_all()
        elif fault.kind is FaultKind.HALF_OPEN:
            self._mute = True
            for connection in self._connections:
                connection.mute = True
        elif fault.kind is FaultKind.STALL:
            self._broadcast.silent = True

    def _refuse(self) -> None:
        """Stop listening, but keep the port bound: the system must not give it to somebody else."""
        self._refusing = True
        if self._accepting is not None:
            self._accepting.close()
            self._holder = socket.socket(self._listener.family, socket.SOCK_STREAM)
            self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._holder.bind(self._address)
        self._abort_all()

    def _abort_all(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    def _close(self) -> None:
        if self._accepting is not None:
            self._accepting.close()
        if self._holder is not None:
            self._holder.close()
        self._abort_all()
