"""One connection to a camera, in a thread of its own: it only demuxes.

Nothing here keeps a deadline. FFmpeg's own are rough (see Demuxer) and a name server can block a
thread for half a minute; the watchdog judges from outside, gives an attempt up, and leaves the
thread to end by itself when FFmpeg lets it go.
"""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from streams.bursts import Bursts
from streams.demuxer import Demuxer
from streams.errors import Reason, StreamError, stream_error
from streams.intake import Intake, Superseded
from streams.receiver import Receiver, Unsuitable
from streams.source import Source
from streams.unit import Unit

log = logging.getLogger(__name__)

OPEN_S = 8.0
"""From the start to the first packet. A camera that comes back while this runs out is tried again
within a second, so that it is back within 10 s."""
STALL_S = 8.0
"""Without a packet for so long, a stream has stalled. Cameras send several pictures a second."""
_READ_S = STALL_S + 2.0
"""FFmpeg's own time-out, later than ours: when it strikes, FFmpeg first hands out the packet that
its parser still held, and a stalled stream would look alive."""
_CLOCK_EVERY_S = 5.0
"""RTCP reports come about every five seconds."""


class Opened(Protocol):
    """An open stream."""

    @property
    def camera_start_s(self) -> float | None:
        """UTC of pts 0 by the camera's own clock; None until it has told."""

    def units(self) -> Iterator[Unit]:
        """Yield what comes until the stream ends."""


class Attempt:
    """A connection that was started; what the watchdog may ask about it."""

    def __init__(
        self, source: Source, intake: Intake, name: str, *, interval_s: float = 0.0
    ) -> None:
        """interval_s: between looks; where packets may gather, they are read in bursts."""
        self.started_s = time.monotonic()
        self.first_packet_s: float | None = None
        self.last_packet_s: float | None = None
        self.error: StreamError | None = None
        """Why it ended, once it has."""
        self._source = source
        self._intake = intake
        self._interval_s = interval_s
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Connect and read, in the background."""
        self._intake.open_to(self)
        self._thread.start()

    def give_up(self) -> None:
        """Take no more packets from it, now; the thread ends when it can."""
        self._given_up.set()
        self._intake.open_to(None)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread."""
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._read()
            error = stream_error(Reason.ENDED, self._source, "it closed the stream")
        except Superseded:
            return
        except StreamError as found:
            error = found
        except Exception:
            log.exception("reading %s failed", self._source)
            error = stream_error(Reason.CODEC, self._source, "reading failed")
        self._intake.end(self)
        self.error = error

    def _read(self) -> None:
        try:
            with Receiver(self._source, open_timeout_s=OPEN_S, read_timeout_s=_READ_S) as receiver:
                self._read_from(receiver)
        except Unsuitable as reason:
            log.debug("%s: read by FFmpeg (%s)", self._source, reason)
            with Demuxer(self._source, open_timeout_s=OPEN_S, read_timeout_s=_READ_S) as demuxer:
                self._read_from(demuxer)

    def _read_from(self, opened: Opened) -> None:
        pace = Pace() if self._source.is_file else None
        bursts = Bursts(0.0 if self._source.is_file else self._interval_s)
        clock_s = time.monotonic() + _CLOCK_EVERY_S
        for unit in opened.units():
            placed = unit if pace is None else pace.wait(unit, self._given_up)
            self.last_packet_s = placed.arrival_s
            if self.first_packet_s is None:
                self.first_packet_s = placed.arrival_s
            self._intake.add(self, placed)
            if placed.arrival_s >= clock_s:
                clock_s = placed.arrival_s + _CLOCK_EVERY_S
                start_s = opened.camera_start_s
                if start_s is not None:
                    self._intake.note_camera_clock(self, start_s)
            pause_s = bursts.pause_s(placed.pts_s, placed.arrival_s, len(placed.data))
            if pause_s and not self._intake.decodes_whole:
                # Cheaper than waiting for an event; given up meanwhile, the next packet tells.
                time.sleep(pause_s)


class Pace:
    """Makes a file behave as a camera: each packet arrives when its time has come."""

    def __init__(self) -> None:
        self._ahead_s: float | None = None
        """Monotonic time minus the file's."""

    def wait(self, unit: Unit, given_up: threading.Event) -> Unit:
        """Return the packet when it is due, with its arrival. Raises Superseded."""
        ticks = unit.dts if unit.dts is not None else unit.pts
        if ticks is not None:
            file_s = float(ticks * unit.parameters.time_base)
            if self._ahead_s is None:
                self._ahead_s = time.monotonic() - file_s
            given_up.wait(max(0.0, self._ahead_s + file_s - time.monotonic()))
        if given_up.is_set():
            raise Superseded
        return replace(unit, arrival_s=time.monotonic())
