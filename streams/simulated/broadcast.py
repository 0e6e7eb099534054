"""Plays a film in real time to everybody who watches, as one live camera does."""

import asyncio
import logging
import random
import secrets
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streams.simulated import rtp
from streams.simulated.fault import Fault, FaultKind
from streams.simulated.film import AccessUnit, Film, UnservableFileError
from streams.simulated.sdp import describe

logger = logging.getLogger(__name__)

_REPORT_EVERY_S = 5.0  # RFC 3550, 6.2
_LONGEST_LAG_S = 2.0
"""Later than this (a suspended machine) the time in between is lost, as it is on a camera."""
_CACHE_LIMIT_BYTES = 32 * 1024 * 1024
_GARBAGE_SHARE = 0.1
_GARBAGE_BYTES = 8
_RTP_AND_NAL_HEADER_BYTES = 16


@dataclass(frozen=True, slots=True)
class Burst:
    """RTP packets of one access unit; every client gets the same."""

    packets: Sequence[bytes]
    timestamp: int
    framed: dict[int, bytes] = field(default_factory=dict, repr=False)

    @property
    def octets(self) -> int:
        """Payload bytes, as RTCP counts them."""
        return sum(len(packet) - 12 for packet in self.packets)

    @property
    def first_sequence(self) -> int:
        """Sequence number of the first packet."""
        return int.from_bytes(self.packets[0][2:4], "big")

    def on_channel(self, channel: int) -> bytes:
        """Bytes to send over a connection that takes RTP on this interleaved channel."""
        if channel not in self.framed:
            self.framed[channel] = b"".join(frame(channel, packet) for packet in self.packets)
        return self.framed[channel]


class Watcher(Protocol):
    """A client that plays."""

    def show(self, burst: Burst) -> None:
        """Send a picture."""

    def report(self, *, unix_s: float, timestamp: int) -> None:
        """Send a sender report."""

    def end(self) -> None:
        """Say goodbye and close."""


class Broadcast:
    """One film on air. All methods belong to the event loop's thread."""

    def __init__(
        self,
        film: Film,
        *,
        host: str,
        loop: bool,
        waits: bool,
        fault: Fault | None,
        resized: Film | None,
    ) -> None:
        self._film = film
        self._loop_film = loop
        self._waits = waits
        self._fault = fault
        self._resized = resized
        self.ssrc = secrets.randbits(32)
        self._first_timestamp = secrets.randbits(31)
        self._packetizer = rtp.Packetizer(
            film.syntax, ssrc=self.ssrc, first_sequence=secrets.randbits(16)
        )
        self._damage = random.Random(0)  # noqa: S311  # damage that is the same in every run
        self._watchers: set[Watcher] = set()
        self._anybody = asyncio.Event()
        self._cache: list[Burst] = []
        self._next_shown_s = 0.0
        self._lost_s = 0.0
        self._started_s: float | None = None
        self._description = describe(
            film.syntax,
            film.parameter_sets,
            fps=film.fps,
            host=host,
            session=secrets.randbits(31),
        )
        self._over = False
        self.locked = False
        self.silent = False

    @property
    def description(self) -> bytes | None:
        """SDP; None once the film is over."""
        return None if self._over else self._description

    def position(self) -> tuple[int, int]:
        """RTP sequence number and timestamp of the first packet a new watcher gets."""
        if self._cache and not self.silent:
            return self._cache[0].first_sequence, self._cache[0].timestamp
        return self._packetizer.next_sequence, self._stamp(self._next_shown_s)

    def join(self, watcher: Watcher) -> None:
        """Send to this client from the next picture on (or from the cached key frame on)."""
        if watcher in self._watchers or self._over:
            return
        self._report_to(watcher)
        if not self.silent:
            for burst in self._cache:
                watcher.show(burst)
        self._watchers.add(watcher)
        self._anybody.set()

    def leave(self, watcher: Watcher) -> None:
        """Send no more to this client; harmless when it never joined."""
        self._watchers.discard(watcher)

    async def run(self) -> None:
        """Play until cancelled, or once; where it waits, from the first client on."""
        if self._waits:
            await self._anybody.wait()
        try:
            await self._play()
        except (UnservableFileError, OSError):
            logger.exception("the simulated camera's file can no longer be read")
        self._over = True
        for watcher in list(self._watchers):
            watcher.end()

    async def _play(self) -> None:
        clock = asyncio.get_running_loop().time
        self._started_s = started_s = clock()
        next_report_s = _REPORT_EVERY_S
        for unit in self._script():
            self._next_shown_s = unit.shown_s + self._lost_s
            wait_s = started_s + self._lost_s + unit.send_s - clock()
            await asyncio.sleep(max(wait_s, 0.0))  # even when late: others must have their turn
            if wait_s < -_LONGEST_LAG_S:
                self._lost_s -= wait_s
            self._show(unit)
            if unit.send_s >= next_report_s:
                next_report_s = unit.send_s + _REPORT_EVERY_S
                for watcher in list(self._watchers):
                    self._report_to(watcher)

    def _script(self) -> Iterator[AccessUnit]:
        """Yield the film; from the fault's time on the resized one, where there is one."""
        for unit in self._film.access_units(0.0, loop=self._loop_film):
            if self._resized is not None and self._faulty(FaultKind.RESIZE, unit.send_s):
                yield from self._resized.access_units(unit.send_s, loop=self._loop_film)
                return
            yield unit

    def _show(self, unit: AccessUnit) -> None:
        timestamp = self._stamp(unit.shown_s + self._lost_s)
        packets = self._packetizer.packets(unit.units, timestamp)
        if not packets:
            return
        if self._faulty(FaultKind.GARBAGE, unit.send_s + self._lost_s):
            packets = [self._damaged(packet) for packet in packets]
        burst = Burst(packets, timestamp)
        if self._faulty(FaultKind.CACHED_GOP, unit.send_s + self._lost_s):
            self._keep(burst, key=unit.key)
        if self.silent:
            return
        for watcher in list(self._watchers):
            watcher.show(burst)

    def _report_to(self, watcher: Watcher) -> None:
        if self.silent:
            return
        now_s = asyncio.get_running_loop().time()
        live_s = 0.0 if self._started_s is None else now_s - self._started_s
        watcher.report(unix_s=time.time(), timestamp=self._stamp(live_s))

    def _stamp(self, live_s: float) -> int:
        claimed_s = live_s if self._fault is None else self._fault.stamp_s(live_s)
        return (self._first_timestamp + round(claimed_s * rtp.CLOCK_HZ)) % 2**32

    def _faulty(self, kind: FaultKind, live_s: float) -> bool:
        fault = self._fault
        return fault is not None and fault.kind is kind and live_s >= fault.after_s

    def _keep(self, burst: Burst, *, key: bool) -> None:
        if key:
            self._cache.clear()
        elif not self._cache:
            return  # joined in the middle of a group
        self._cache.append(burst)
        if sum(len(packet) for kept in self._cache for packet in kept.packets) > _CACHE_LIMIT_BYTES:
            self._cache.clear()

    def _damaged(self, packet: bytes) -> bytes:
        if self._damage.random() >= _GARBAGE_SHARE or len(packet) <= _RTP_AND_NAL_HEADER_BYTES:
            return packet
        damaged = bytearray(packet)
        for _ in range(_GARBAGE_BYTES):
            place = self._damage.randrange(_RTP_AND_NAL_HEADER_BYTES, len(damaged))
            damaged[place] = self._damage.randrange(256)
        return bytes(damaged)


def frame(channel: int, packet: bytes) -> bytes:
    """RTP or RTCP packet as it goes between RTSP messages (RFC 2326, 10.12)."""
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet
