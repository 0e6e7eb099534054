"""What happens to a camera's packets: placed in time, kept in the ring, offered to the pool."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from streams.anchor import UtcAnchor
from streams.camera import CameraSpec
from streams.due import early_share
from streams.ladder import Ladder
from streams.lane import Job, Lane
from streams.packet import CodecParameters, Packet
from streams.pool import DecodePool
from streams.ring import PacketRing
from streams.timeline import SETTLE_S, Timeline
from streams.unit import Unit

CATCH_UP_S = 4.0
"""How far back a close look reaches where no look was handed out since: twice the usual interval,
as the one that asked for it may have waited."""
SETTLE_UNITS = 500
"""A server that has kept seconds of pictures sends them at once; never hold more than this."""


class Superseded(Exception):  # noqa: N818  # not an error: the connection's time is over
    """The connection that brings a packet was given up."""


@dataclass(slots=True)
class Counts:
    """Numbers since the process started."""

    packets: int = 0
    bytes: int = 0
    keys: int = 0
    """Clean key packets."""
    sessions: int = 0


class Intake:
    """One camera's packets, through all its sessions. One connection at a time brings them.

    Safe for threads: a connection that was given up and wakes late gets Superseded.
    """

    def __init__(
        self,
        spec: CameraSpec,
        lane: Lane,
        pool: DecodePool,
        ladder: Ladder,
        *,
        started_s: float,
        wall_s: Callable[[float], float],
    ) -> None:
        """wall_s gives UTC, in seconds since the Unix epoch, of a monotonic time."""
        self.counts = Counts()
        self.timeline = Timeline(wall_s(started_s), started_s)
        self.anchor = UtcAnchor()
        self.ladder = ladder
        self.ring = PacketRing(spec.camera_id, ring_s=spec.ring_s, ring_bytes=spec.ring_bytes)
        self.session = -1
        self.last_packet_s: float | None = None
        self.entry_s: float | None = None
        """When the last entry point or, before one, the session's first packet arrived."""
        self.camera_clock_s: float | None = None
        self._interval_s = spec.interval_s
        self._lane = lane
        self._pool = pool
        self._wall_s = wall_s
        self._lock = threading.Lock()
        self._owner: object = None
        self._held: list[Unit] | None = None
        self._close_until_s = -math.inf
        self._whole = False
        """True while every packet goes to a decoder of the camera's own."""
        self._begun = False
        """True once the connection in charge has brought a packet."""
        self._last: tuple[float, float] | None = None
        """pts in seconds and at_s of the session's last packet that had a pts."""

    def open_to(self, owner: object) -> None:
        """Let a new connection bring packets, and no other any more; None closes the intake."""
        with self._lock:
            self._release()
            if self._whole:  # an outage must not hold the decoder's memory
                self._lane.end_feeding()
                self._pool.ready(self._lane)
            self._owner = owner
            self._begun = False
            self._last = None

    def add(self, owner: object, unit: Unit) -> None:
        """Take what a connection read. The first of a session are held until its times are known.

        Raises Superseded.
        """
        with self._lock:
            if owner is not self._owner:
                raise Superseded
            self._count(unit)
            if not self._begun:
                self._begun = True
                self.session += 1
                self.counts.sessions += 1
                self.entry_s = unit.arrival_s
                self._held = []
            if self._held is None:
                self._take(unit)
                return
            self._held.append(unit)
            settled = unit.arrival_s - self._held[0].arrival_s >= SETTLE_S
            if settled or len(self._held) >= SETTLE_UNITS:
                self._release()

    def end(self, owner: object) -> None:
        """Place what is still held: the connection brings no more."""
        with self._lock:
            if owner is self._owner:
                self._release()
                self._lane.end_feeding()
                self._pool.ready(self._lane)

    def look_closely(self, until_s: float, every_s: float) -> None:
        """Decode everything until until_s on the timeline; hand out a picture every every_s.

        What came since the last look is decoded first, from its entry point on. Asked again, it
        lasts longer. A camera without a picture yet waits for its next entry point.
        """
        with self._lock:
            at_s = self.ring.newest_at_s
            if until_s <= max(at_s, self._close_until_s):
                return
            self._close_until_s = until_s
            jobs: list[Job] = []
            if not self._whole:
                jobs = self._since(max(self._lane.shown_s, at_s - CATCH_UP_S))
                self._whole = bool(jobs)
            self._lane.look_closely(until_s, every_s, jobs)
            if jobs:
                self._pool.ready(self._lane)

    @property
    def decodes_whole(self) -> bool:
        """True while every packet goes to a decoder of the camera's own."""
        return self._whole

    @property
    def close_until_s(self) -> float | None:
        """Until when on the timeline it is looked at closely; None while it is not."""
        until_s = self._close_until_s
        return None if math.isinf(until_s) else until_s

    def note_camera_clock(self, owner: object, start_s: float) -> None:
        """Record the camera's own UTC of pts 0 (RTCP). It is never obeyed."""
        with self._lock:
            if owner is self._owner and self._last is not None:
                pts_s, at_s = self._last
                self.camera_clock_s = start_s + pts_s - at_s - self.anchor.offset_s

    def _count(self, unit: Unit) -> None:
        self.last_packet_s = unit.arrival_s
        self.counts.packets += 1
        self.counts.bytes += len(unit.data)
        self.counts.keys += unit.warmup == 0
        if unit.warmup is not None:
            self.entry_s = unit.arrival_s

    def _release(self) -> None:
        """Anchor the session by what is held, then place it."""
        held, self._held = self._held, None
        if not held:
            return
        stamps = _stamps(held)
        self.timeline.begin(stamps)
        self._set_anchor(held[-1].arrival_s)
        self.ladder.begin(self.timeline.ceiling_s(held[0].arrival_s))
        for unit, (pts_s, _) in zip(held, stamps, strict=True):
            self._take(unit, pts_s)

    def _take(self, unit: Unit, pts_s: float | None = None) -> None:
        pts_s = unit.pts_s if pts_s is None else pts_s
        at_s = self.timeline.place(pts_s, unit.arrival_s)
        if pts_s is not None:
            self._last = (pts_s, at_s)
        if unit.warmup is not None:
            self._set_anchor(unit.arrival_s)
        packet = unit.placed(at_s)
        self.ring.add(packet, unit.parameters, self.session, self.anchor.offset_s)
        self._decode(packet, unit.parameters)

    def _set_anchor(self, arrival_s: float) -> None:
        """Let captured_at follow the host's clock.

        At entry points only, so that it is the same for all pictures of a run.
        """
        ceiling_s = self.timeline.ceiling_s(arrival_s)
        self.anchor.update(self._wall_s(arrival_s) - ceiling_s, arrival_s)

    def _decode(self, packet: Packet, parameters: CodecParameters) -> None:
        clean = packet.key and not packet.warmup
        was_all = self.ladder.decodes_all
        self.ladder.see(packet.at_s, clean_key=clean)
        if packet.at_s >= self._close_until_s:
            self._close_until_s = -math.inf
        was_whole, self._whole = self._whole, self._wants_whole
        if self._whole:
            job = Job(packet, parameters, self.session, self.anchor.offset_s)
            if not was_whole:
                self._catch_up(job)
            else:
                self._lane.feed(job)
            self._pool.ready(self._lane)
            return
        if was_whole:
            self._free_decoder(forget=was_all)
        if clean:
            early = early_share(self._interval_s, self.ladder.key_interval_s)
            job = Job(packet, parameters, self.session, self.anchor.offset_s)
            if self._lane.offer(job, early=early):
                self._pool.ready(self._lane)

    @property
    def _wants_whole(self) -> bool:
        return self.ladder.decodes_all or not math.isinf(self._close_until_s)

    def _free_decoder(self, *, forget: bool) -> None:
        """Go back to key packets; a close look's last pictures are still handed out."""
        if forget:
            self._lane.stop_feeding()
        self._lane.end_feeding()
        self._pool.ready(self._lane)

    def _catch_up(self, job: Job) -> None:
        """Start decoding everything at the last entry point, not at the next one."""
        run = self.ring.open_run()
        if run is not None:
            packets, parameters = run
            for packet in packets:
                self._lane.feed(Job(packet, parameters, job.session, job.utc_offset_s))

    def _since(self, from_s: float) -> list[Job]:
        """Return what the ring has from the entry point at or before from_s on."""
        excerpts = self.ring.excerpts(from_s, math.inf)
        if not excerpts or excerpts[-1].session != self.session:
            return []
        last = excerpts[-1]
        return [
            Job(packet, last.parameters, last.session, last.utc_offset_s) for packet in last.packets
        ]


def _stamps(units: list[Unit]) -> list[tuple[float | None, float]]:
    """Return (pts_s, arrival_s) of a session's first units.

    FFmpeg gives the first packet of an RTSP session no pts: it is shown one picture before the
    first of the others.
    """
    stamps = [(unit.pts_s, unit.arrival_s) for unit in units]
    known = sorted(pts_s for pts_s, _ in stamps if pts_s is not None)
    if stamps[0][0] is None and len(known) > 1:
        step_s = median(after - before for before, after in pairwise(known))
        stamps[0] = (known[0] - step_s, units[0].arrival_s)
    return stamps


def host_wall_s(monotonic_s: float) -> float:
    """Return UTC (seconds since the Unix epoch) of a monotonic time, by the host's clock now."""
    return monotonic_s + (time.time() - time.monotonic())
