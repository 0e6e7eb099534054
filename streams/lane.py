"""One camera's way through the decode pool: what waits, what is shed, what is handed out.

A camera offers its due key packets; one that has waited when a newer one comes is shed before it is
decoded. A camera that is decoded completely, or looked at closely, queues all its packets and has a
decoder of its own, which goes when that ends.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from av.video.frame import VideoFrame

from streams.decoder import KeyDecoder, RunDecoder
from streams.due import DueGrid
from streams.frame import Frame
from streams.hardware import Hardware
from streams.packet import CodecParameters, Packet
from streams.scaler import Scaler

log = logging.getLogger(__name__)

QUEUE_S = 20.0
"""A camera that is decoded completely may fall behind by a long GOP, once; then it is shed."""
STALE_S = 0.25
"""A due key packet that has waited for so long gives way to a newer one. Those of a session's first
second are placed all at once, and none of them has waited."""
MOST_DUE = 4
BEHIND_S = 3.0
"""Packets of a camera that is looked at closely wait for at most so long; then those before the
newest entry point are shed."""
CLOSE_EARLY = 0.1
"""Share of a close look's interval that a picture may come early: 20 ms of 200, as pictures do not
come to the microsecond."""
TURN_PACKETS = 25
"""Packets of a camera's queue decoded in one turn; a turn ends earlier with a picture."""
LEAST_S = 0.04
"""Stands for an interval of 0 where intervals are compared: cameras send 25 pictures a second."""


@dataclass(frozen=True, slots=True)
class Job:
    """A packet with what decoding and dating it needs."""

    packet: Packet
    parameters: CodecParameters
    session: int
    utc_offset_s: float


class Tools:
    """What each worker of the pool has for itself."""

    def __init__(self) -> None:
        self.keys = KeyDecoder()
        self.scaler = Scaler()


class Lane:
    """One camera's way through the pool. Hands pictures out with rising at_s."""

    def __init__(
        self,
        camera_id: str,
        *,
        longest_px: int,
        grid: DueGrid,
        on_frame: Callable[[Frame], None],
        priority: float = 1.0,
        hardware: Hardware | None = None,
    ) -> None:
        self.looks = 0
        self.close_looks = 0
        self.dropped = 0
        self.undecodable = 0
        self.undecodable_in_a_row = 0
        """Key packets that gave no picture since the last one that did."""
        self.shown_s = -math.inf
        """at_s of the last picture handed out."""
        self.busy = False
        """Owned by the pool: a worker is at it."""
        self.ready = False
        """Owned by the pool: something waits."""
        self.served_s = time.monotonic()
        """Owned by the pool: when its last turn began."""
        self.out = 0
        """Owned by the pool: pictures handed out and not yet looked at."""
        self._camera_id = camera_id
        self._longest_px = longest_px
        self._grid = grid
        self._on_frame = on_frame
        self._priority = priority
        self._hardware = hardware
        self._lock = threading.Lock()
        self._due: deque[tuple[Job, float]] = deque()
        """With the monotonic time of the offer."""
        self._queue: deque[tuple[Job, float]] = deque()
        """With the monotonic time at which it was queued."""
        self._run: RunDecoder | None = None
        self._run_job: Job
        """The last one fed: its session and UTC offset are those of the pictures coming out."""
        self._restart = False
        self._over = False
        self._close_until_s = -math.inf
        self._close_grid = DueGrid(0.0)
        self._close_every_s = 0.0

    def offer(self, job: Job, *, early: float) -> bool:
        """Take a clean key packet if it is due. Newer ones win over those that have waited."""
        with self._lock:
            if not self._grid.take(job.packet.at_s, early=early):
                return False
            now_s = time.monotonic()
            while self._due and (now_s - self._due[0][1] > STALE_S or len(self._due) >= MOST_DUE):
                self._due.popleft()
                self.dropped += 1
            self._due.append((job, now_s))
            return True

    def feed(self, job: Job) -> None:
        """Queue a packet of a camera that is decoded completely or looked at closely."""
        now_s = time.monotonic()
        with self._lock:
            if self._queue and job.packet.at_s < self._close_until_s:
                if now_s - self._queue[0][1] > BEHIND_S:
                    self._shed_to_entry(now_s)
            elif self._queue and job.packet.at_s - self._queue[0][0].packet.at_s > QUEUE_S:
                self._queue.clear()
                self.dropped += 1
                self._restart = True
            self._queue.append((job, now_s))

    def _shed_to_entry(self, now_s: float) -> None:
        """Leave what can be decoded from the newest entry point on; count the pictures lost."""
        first_s = last_s = self._queue[0][0].packet.at_s
        entry = max((n for n, (job, _) in enumerate(self._queue) if job.packet.key), default=0)
        for _ in range(entry or len(self._queue)):
            last_s = self._queue.popleft()[0].packet.at_s
        self._queue = deque((job, now_s) for job, _ in self._queue)  # it gets its time
        self.dropped += 1 + int((last_s - first_s) / max(self._close_every_s, LEAST_S))
        self._restart = True

    def look_closely(self, until_s: float, every_s: float, jobs: Sequence[Job] = ()) -> None:
        """Hand out a picture every every_s from now until until_s on the camera's timeline.

        `jobs` are what came since the last picture handed out, from an entry point on. Everything
        that follows is to be fed. Asked again while it lasts, it only goes on for longer.
        """
        with self._lock:
            if jobs:
                self._due.clear()  # a picture of the queue stands for each of them
                self._queue.clear()
                now_s = time.monotonic()
                self._queue.extend((job, now_s) for job in jobs)
                self._restart, self._over = True, False
            if self.shown_s >= self._close_until_s or every_s != self._close_every_s:
                self._close_grid, self._close_every_s = DueGrid(every_s), every_s
                if not math.isinf(self.shown_s):
                    self._close_grid.take(self.shown_s)  # the next is due every_s after it
            self._close_until_s = max(self._close_until_s, until_s)

    def stop_feeding(self) -> None:
        """Forget what is queued: the camera is decoded by key packets again."""
        with self._lock:
            self._queue.clear()
            self._restart = True

    def end_feeding(self) -> None:
        """Hand out what the decoder still holds once the queue is empty, then free it."""
        with self._lock:
            self._over = True

    @property
    def waiting(self) -> bool:
        """True when there is something to do."""
        return bool(self._due) or bool(self._queue) or self._over

    @property
    def queued(self) -> bool:
        """True when packets wait for a decoder of its own."""
        return bool(self._queue) or self._over

    @property
    def decoding(self) -> bool:
        """True while it has a decoder of its own."""
        return self._run is not None

    @property
    def decoder(self) -> str | None:
        """What its own decoder runs on: software or a device; None without one."""
        run = self._run
        return None if run is None else run.device or "software"

    def urgency(self, now_s: float) -> float:
        """Say how many of its intervals it has waited for a turn, times its priority.

        Who is served by this gets turns in proportion to its rate and priority when there are not
        enough for all, and none is left out: waiting alone makes it the most urgent in the end.
        """
        interval_s = self._grid.interval_s
        if self._queue:
            interval_s = self._close_every_s if self._is_close else min(interval_s, 1.0)
        return self._priority * (now_s - self.served_s) / max(interval_s, LEAST_S)

    @property
    def _is_close(self) -> bool:
        return self.shown_s < self._close_until_s

    def work(self, tools: Tools) -> None:
        """Take one turn: decode until a picture comes out. Called by one worker at a time."""
        with self._lock:
            restart, self._restart = self._restart, False
            key = self._due.popleft()[0] if self._due and not self._queue else None
        if restart:
            self._run = None
        shown = self.looks
        for _ in range(TURN_PACKETS):
            with self._lock:
                job = self._queue.popleft()[0] if self._queue and not self._restart else None
            if job is None:
                break
            self._decode_next(job, tools)
            if self.looks > shown:
                break
        with self._lock:
            over = self._over and not self._queue
            self._over = self._over and not over
        if over:
            self._end_run(tools)
        if key is not None:
            self._decode_key(key, tools)

    def _decode_key(self, job: Job, tools: Tools) -> None:
        if job.packet.at_s <= self.shown_s:
            return
        frame = tools.keys.decode(job.packet, job.parameters)
        if frame is None:
            self.undecodable += 1
            self.undecodable_in_a_row += 1
            return
        self._hand_out(job, job.packet, frame, tools, key=True)

    def _decode_next(self, job: Job, tools: Tools) -> None:
        if self._run is not None and self._run_job.session != job.session:
            self._end_run(tools)
        if self._run is None:
            self._run = RunDecoder(job.parameters, hardware=self._hardware)
        self._run_job = job
        damaged = self._run.undecodable
        self._hand_out_due(self._run.feed(job.packet, job.parameters), tools)
        failed = self._run.undecodable - damaged
        self.undecodable += failed
        self.undecodable_in_a_row += bool(failed) and job.packet.key

    def _end_run(self, tools: Tools) -> None:
        if self._run is not None:
            self._hand_out_due(self._run.drain(), tools)
            self._run = None

    def _hand_out_due(self, pictures: Iterable[tuple[Packet, VideoFrame]], tools: Tools) -> None:
        for packet, frame in pictures:
            if packet.at_s <= self.shown_s:
                continue
            close = packet.at_s < self._close_until_s
            if self._takes(packet.at_s, close=close):
                self._hand_out(self._run_job, packet, frame, tools, key=False, close=close)

    def _takes(self, at_s: float, *, close: bool) -> bool:
        """Say whether a picture of its own decoder is due."""
        if close and not self._close_grid.take(at_s, early=CLOSE_EARLY):
            return False
        with self._lock:
            return self._grid.take(at_s) or close  # a close look is its slot's look too

    def _hand_out(
        self,
        job: Job,
        packet: Packet,
        decoded: VideoFrame,
        tools: Tools,
        *,
        key: bool,
        close: bool = False,
    ) -> None:
        self.undecodable_in_a_row = 0
        frame = Frame(
            camera_id=self._camera_id,
            session=job.session,
            seq=self.looks,
            at_s=packet.at_s,
            captured_at=datetime.fromtimestamp(packet.at_s + job.utc_offset_s, UTC),
            width=decoded.width,
            height=decoded.height,
            picture=tools.scaler.picture(decoded, self._longest_px),
            arrival_s=packet.arrival_s,
            key=key,
            close=close,
        )
        self.shown_s = packet.at_s
        self.looks += 1
        self.close_looks += close
        try:
            self._on_frame(frame)
        except Exception:
            log.exception("camera %s: whoever takes its frames failed", self._camera_id)
