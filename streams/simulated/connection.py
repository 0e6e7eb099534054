"""One client's TCP connection to a simulated camera."""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from streams.simulated import rtp
from streams.simulated.broadcast import Broadcast, Burst, frame
from streams.simulated.conversation import TIMEOUT_S, Conversation, State
from streams.simulated.login import Login
from streams.simulated.message import BadRequestError, RequestReader, Response

logger = logging.getLogger(__name__)

_CONGESTED_BYTES = 4 * 1024 * 1024
"""Unsent bytes from which pictures are left out: 8 s of a 4 Mbit/s camera."""
_NAME = "simulated-camera"


class Connection(asyncio.Protocol):
    """Reads requests, sends responses and, while playing, pictures."""

    def __init__(
        self,
        broadcast: Broadcast,
        login: Login | None,
        *,
        drop_after_s: float | None,
        on_lost: Callable[["Connection"], None],
    ) -> None:
        self._broadcast = broadcast
        self._conversation = Conversation(broadcast, login)
        self._reader = RequestReader()
        self._drop_after_s = drop_after_s
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._congested = False
        self._packets = 0
        self._octets = 0
        self._peer = ""
        self.mute = False
        """Half-open: takes everything, answers nothing, sends nothing."""

    @property
    def playing(self) -> bool:
        """Whether pictures are being sent."""
        return self._conversation.state is State.PLAYING

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the connection's clocks."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_CONGESTED_BYTES)
        self._peer = "{}:{}".format(*self._transport.get_extra_info("peername")[:2])
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(TIMEOUT_S, self._close_idle))
        if self._drop_after_s is not None:
            self._timers.append(loop.call_later(self._drop_after_s, self.abort))
        logger.debug("connection from %s", self._peer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        for timer in self._timers:
            timer.cancel()
        self._broadcast.leave(self)
        self._on_lost(self)
        logger.debug("connection from %s ended (%s)", self._peer, exc or "closed")

    def data_received(self, data: bytes) -> None:
        """Answer the requests in what came."""
        if self.mute or self._transport is None or self._transport.is_closing():
            return
        self._reader.feed(data)
        try:
            while not self._transport.is_closing():
                request = self._reader.next_request()
                if request is None:
                    return
                self._send(self._conversation.respond(request), request.sequence)
        except BadRequestError as error:
            logger.info("bad request from %s: %s", self._peer, error)
            self._send(Response(error.status, close=True), None)

    def pause_writing(self) -> None:
        """Take no more requests and send no more pictures until the client has read."""
        self._congested = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on with the next picture; the client sees the gap in the sequence numbers."""
        self._congested = False
        if self._transport is not None:
            self._transport.resume_reading()

    def show(self, burst: Burst) -> None:
        """Send a picture, unless the client is too slow or the connection is mute."""
        if self._congested or self.mute:
            return
        self._packets += len(burst.packets)
        self._octets += burst.octets
        self._write(burst.on_channel(self._conversation.channel))

    def report(self, *, unix_s: float, timestamp: int) -> None:
        """Send a sender report."""
        report = rtp.sender_report(
            self._broadcast.ssrc,
            unix_s=unix_s,
            timestamp=timestamp,
            packets=self._packets,
            octets=self._octets,
            name=_NAME,
        )
        self._write_control(report)

    def end(self) -> None:
        """Say goodbye and close."""
        self._write_control(rtp.goodbye(self._broadcast.ssrc))
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close without a word, throwing away what is not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, response: Response, sequence: int | None) -> None:
        self._write(response.encode(sequence))
        if self._conversation.state is State.PLAYING:
            self._broadcast.join(self)
        else:
            self._broadcast.leave(self)
        if response.close and self._transport is not None:
            self._transport.close()

    def _write_control(self, packet: bytes) -> None:
        if not self._congested and not self.mute:
            self._write(frame(self._conversation.channel + 1, packet))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _close_idle(self) -> None:
        if self._transport is None or self.mute:
            return
        if self.playing:
            later = asyncio.get_running_loop().call_later(TIMEOUT_S, self._close_idle)
            self._timers.append(later)
        else:
            self._transport.close()
