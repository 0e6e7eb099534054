"""A few decoding threads for many cameras: whoever has waited longest is next.

A camera offers its due key packets; one that has waited when a newer one comes is shed before it is
decoded. A camera that is decoded completely queues all its packets and has a decoder of its own.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from av.video.frame import VideoFrame

from streams.decoder import KeyDecoder, RunDecoder, Scaler
from streams.due import DueGrid
from streams.frame import Frame
from streams.packet import CodecParameters, Packet

log = logging.getLogger(__name__)

QUEUE_S = 20.0
"""A camera that is decoded completely may fall behind by a long GOP, once; then it is shed."""
STALE_S = 0.25
"""A due key packet that has waited for so long gives way to a newer one. Those of a session's first
second are placed all at once, and none of them has waited."""
MOST_DUE = 4
_BATCH = 25
"""Packets of such a camera decoded before the others get a turn."""


@dataclass(frozen=True, slots=True)
class Job:
    """A packet with what decoding and dating it needs."""

    packet: Packet
    parameters: CodecParameters
    session: int
    utc_offset_s: float


class _Tools:
    """What each worker has for itself."""

    def __init__(self) -> None:
        self.keys = KeyDecoder()
        self.scaler = Scaler()


class Lane:
    """One camera's way through the pool."""

    def __init__(
        self,
        camera_id: str,
        *,
        longest_px: int,
        grid: DueGrid,
        on_frame: Callable[[Frame], None],
    ) -> None:
        self.looks = 0
        self.dropped = 0
        self.undecodable = 0
        self.undecodable_in_a_row = 0
        """Key packets that gave no picture since the last one that did."""
        self.busy = False
        """Owned by the pool: a worker is at it."""
        self.ready_s: float | None = None
        """Owned by the pool: since when something waits."""
        self._camera_id = camera_id
        self._longest_px = longest_px
        self._grid = grid
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._due: deque[tuple[Job, float]] = deque()
        """With the monotonic time of the offer."""
        self._queue: deque[Job] = deque()
        self._run: RunDecoder | None = None
        self._run_job: Job
        """The last one fed: its session and UTC offset are those of the pictures coming out."""
        self._restart = False
        self._over = False

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
        """Queue a packet of a camera that is decoded completely."""
        with self._lock:
            if self._queue and job.packet.at_s - self._queue[0].packet.at_s > QUEUE_S:
                self._queue.clear()
                self.dropped += 1
                self._restart = True
            self._queue.append(job)

    def stop_feeding(self) -> None:
        """Forget what is queued: the camera is decoded by key packets again."""
        with self._lock:
            self._queue.clear()
            self._restart = True

    def end_feeding(self) -> None:
        """Hand out what the decoder still holds once the queue is empty: the session is over."""
        with self._lock:
            self._over = True

    @property
    def waiting(self) -> bool:
        """True when there is something to decode."""
        return bool(self._due) or bool(self._queue)

    def work(self, tools: _Tools) -> None:
        """Decode what waits. Called by one worker at a time."""
        with self._lock:
            due = self._due.popleft()[0] if self._due else None
            batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            restart, self._restart = self._restart, False
            over = self._over and not self._queue
            self._over = self._over and not over
        if restart:
            self._run = None
        if due is not None:
            self._decode_key(due, tools)
        for job in batch:
            self._decode_next(job, tools)
        if over:
            self._end_run(tools)

    def _decode_key(self, job: Job, tools: _Tools) -> None:
        frame = tools.keys.decode(job.packet, job.parameters)
        if frame is None:
            self.undecodable += 1
            self.undecodable_in_a_row += 1
            return
        self._hand_out(job, job.packet, frame, tools, key=True)

    def _decode_next(self, job: Job, tools: _Tools) -> None:
        if self._run is not None and self._run_job.session != job.session:
            self._end_run(tools)
        if self._run is None:
            self._run = RunDecoder(job.parameters)
        self._run_job = job
        damaged = self._run.undecodable
        self._hand_out_due(self._run.feed(job.packet, job.parameters), tools)
        failed = self._run.undecodable - damaged
        self.undecodable += failed
        self.undecodable_in_a_row += bool(failed) and job.packet.key

    def _end_run(self, tools: _Tools) -> None:
        if self._run is not None:
            self._hand_out_due(self._run.drain(), tools)
            self._run = None

    def _hand_out_due(self, pictures: Iterable[tuple[Packet, VideoFrame]], tools: _Tools) -> None:
        for packet, frame in pictures:
            if self._grid.take(packet.at_s):
                self._hand_out(self._run_job, packet, frame, tools, key=False)

    def _hand_out(
        self, job: Job, packet: Packet, decoded: VideoFrame, tools: _Tools, *, key: bool
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
        )
        self.looks += 1
        try:
            self._on_frame(frame)
        except Exception:
            log.exception("camera %s: whoever takes its frames failed", self._camera_id)


class DecodePool:
    """The threads. Lanes are added before start()."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"expected at least one decoding thread, got {workers}")
        self._lanes: list[Lane] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"decode-{number}", daemon=True)
            for number in range(workers)
        ]

    def add(self, lane: Lane) -> None:
        """Serve a lane from now on."""
        with self._wake:
            self._lanes.append(lane)

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Let each thread finish what it is at; wait at most timeout_s for all of them."""
        deadline_s = time.monotonic() + timeout_s
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline_s - time.monotonic()))

    def ready(self, lane: Lane) -> None:
        """Say that a lane has something to decode."""
        with self._wake:
            if lane.ready_s is None:
                lane.ready_s = time.monotonic()
                self._wake.notify()

    def _work(self) -> None:
        tools = _Tools()
        while True:
            lane = self._next()
            if lane is None:
                return
            try:
                lane.work(tools)
            except Exception:
                log.exception("decoding failed")
                tools = _Tools()
            finally:
                self._done(lane)

    def _next(self) -> Lane | None:
        """Wait for the lane that has waited longest; None when stopping."""
        with self._wake:
            while not self._stopping:
                ready = [
                    (lane.ready_s, number, lane)
                    for number, lane in enumerate(self._lanes)
                    if lane.ready_s is not None and not lane.busy
                ]
                if ready:
                    lane = min(ready)[2]
                    lane.busy, lane.ready_s = True, None
                    return lane
                self._wake.wait()
            return None

    def _done(self, lane: Lane) -> None:
        with self._wake:
            lane.busy = False
            if lane.waiting and lane.ready_s is None:
                lane.ready_s = time.monotonic()
            if lane.ready_s is not None:
                self._wake.notify()
