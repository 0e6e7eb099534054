"""A few decoding threads for many cameras: the most urgent is next.

Where whoever takes the pictures gives room for them one by one, nothing is decoded that nobody
would look at: packets wait instead, and what is shed is shed before it is decoded.
"""

import logging
import threading
import time
from collections.abc import Sequence

from streams.lane import Lane, Tools

log = logging.getLogger(__name__)


class DecodePool:
    """The threads. Lanes are added before start()."""

    def __init__(self, workers: int, *, room: int | None = None) -> None:
        """`room` is how many pictures may be handed out before more() is called; None: any."""
        if workers < 1:
            raise ValueError(f"expected at least one decoding thread, got {workers}")
        self._lanes: list[Lane] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._room = room
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
            if not lane.ready:
                lane.ready = True
                self._wake.notify()

    def more(self, lanes: Sequence[Lane]) -> None:
        """Make room again: a picture of each of these was looked at. Never for more than at first.

        A lane's next look is decoded only once the one before was looked at: two would make one of
        them worthless. Pictures from a decoder of its own follow each other.
        """
        with self._wake:
            for lane in lanes:
                # While a turn lasts it may be told before the turn is counted; see _done.
                lane.out = lane.out - 1 if lane.busy else max(0, lane.out - 1)
            self._wake.notify_all()

    def _work(self) -> None:
        tools = Tools()
        while True:
            lane = self._next()
            if lane is None:
                return
            before = lane.looks
            try:
                lane.work(tools)
            except Exception:
                log.exception("decoding failed")
                tools = Tools()
            finally:
                self._done(lane, lane.looks - before)

    def _next(self) -> Lane | None:
        """Wait for room and for the most urgent lane; None when stopping."""
        with self._wake:
            while not self._stopping:
                lane = self._most_urgent() if self._has_room else None
                if lane is not None:
                    lane.busy, lane.ready = True, False
                    lane.served_s = time.monotonic()
                    return lane
                self._wake.wait()
            return None

    @property
    def _has_room(self) -> bool:
        """Count what is out, and a picture for each turn that is going on."""
        if self._room is None:
            return True
        return sum(max(0, lane.out) + lane.busy for lane in self._lanes) < self._room

    def _most_urgent(self) -> Lane | None:
        now_s = time.monotonic()
        ready = [
            lane
            for lane in self._lanes
            if lane.ready and not lane.busy and (lane.queued or lane.out == 0)
        ]
        return max(ready, key=lambda lane: lane.urgency(now_s), default=None)

    def _done(self, lane: Lane, handed_out: int) -> None:
        with self._wake:
            lane.busy = False
            lane.out = max(0, lane.out + handed_out) if self._room is not None else 0
            lane.ready = lane.ready or lane.waiting
            if lane.ready or handed_out == 0:
                self._wake.notify()
