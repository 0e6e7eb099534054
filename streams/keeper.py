"""Keeps one camera connected: owns every deadline, and what is said about the camera.

    connecting --packet--> up --no packet, error--> down --delay--> (tried again) --packet--> up
    down --second refusal of the password in a row--> resting --30 minutes--> (tried again)
    any --end of a file--> ended

While a camera that was lost is tried again it stays down (or resting) with its last reason.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from streams.attempt import OPEN_S, STALL_S
from streams.backoff import REFUSALS, REST_S, Backoff
from streams.camera import CameraSpec, State
from streams.errors import Reason, RetryError, StreamError, stream_error
from streams.intake import Intake
from streams.lane import Lane
from streams.source import Source

log = logging.getLogger(__name__)

STEADY_S = 10.0
"""A connection that held for so long was a good one: the next delay is the shortest again."""
SOON_S = 1.0
"""Least pause between two connections."""
ENTRY_S = 30.0
"""Packets for so long without one that decoding can start at: nothing will ever be seen. The
longest GOPs met are 12 s."""
UNDECODABLE = 3
"""Key packets in a row that give no picture: what comes is not what the camera announced."""
SUB_FAILURES = 3
"""Connections in a row without a packet before a second stream is given up for the first one."""
STUCK = 4
"""Given-up connections that may still hang in FFmpeg or in a name server before no new is made."""


class Connection(Protocol):
    """What the keeper needs of an attempt."""

    started_s: float
    first_packet_s: float | None
    last_packet_s: float | None
    error: StreamError | None

    def start(self) -> None:
        """Connect and read, in the background."""

    def give_up(self) -> None:
        """Take no more packets from it."""

    def join(self, timeout_s: float) -> None:
        """Wait for its thread."""

    @property
    def alive(self) -> bool:
        """True while its thread runs."""


class Keeper:
    """One camera's connections, one after the other. tick() is called by one thread."""

    def __init__(
        self,
        spec: CameraSpec,
        intake: Intake,
        lane: Lane,
        connect: Callable[[Source], Connection],
        *,
        wall_s: Callable[[float], float],
        backoff: Backoff | None = None,
    ) -> None:
        self.state: State = "connecting"
        self.reason: Reason | None = None
        self.since = datetime.now(UTC)
        self.failures = 0
        self._spec = spec
        self._intake = intake
        self._lane = lane
        self._connect = connect
        self._wall_s = wall_s
        self._backoff = backoff or Backoff()
        self._attempt: Connection | None = None
        self._given_up: list[Connection] = []
        self._next_s = 0.0
        self._refusals = 0
        self._looks_to_trust: int | None = None
        """After undecodable packets: up only when more looks than this were handed out."""
        self._on_sub = False
        self._sub_failures = 0

    def tick(self, now_s: float) -> bool:
        """Do what is due at a monotonic time; say whether state or reason changed."""
        before = (self.state, self.reason)
        if self._attempt is None:
            if self.state != "ended" and now_s >= self._next_s:
                self._try(now_s)
        else:
            self._judge(self._attempt, now_s)
        return (self.state, self.reason) != before

    def stop(self) -> None:
        """Give the connection up and start no other."""
        if self._attempt is not None:
            self._give_up(self._attempt)
        self.state = "ended"

    def join(self, timeout_s: float) -> None:
        """Wait for the last connection's thread."""
        for attempt in self._given_up[-1:]:
            attempt.join(timeout_s)

    def _try(self, now_s: float) -> None:
        self._given_up = [attempt for attempt in self._given_up if attempt.alive]
        if len(self._given_up) >= STUCK:
            self._next_s = now_s + SOON_S
            return
        self._on_sub = self._intake.ladder.on_sub
        sub = self._spec.sub_source
        source = sub if self._on_sub and sub is not None else self._spec.source
        self._attempt = self._connect(source)
        self._attempt.start()

    def _judge(self, attempt: Connection, now_s: float) -> None:
        error = attempt.error or self._verdict(attempt, now_s)
        if error is not None:
            self._fail(attempt, error, now_s)
        elif attempt.first_packet_s is not None:
            self._note_up(attempt, now_s)
            if self._intake.ladder.on_sub != self._on_sub:
                self._give_up(attempt)
                self._next_s = now_s

    def _verdict(self, attempt: Connection, now_s: float) -> StreamError | None:
        """Apply the deadlines."""
        source = self._spec.source
        if attempt.last_packet_s is None:
            if now_s - attempt.started_s > OPEN_S:
                return stream_error(Reason.TIMEOUT, source, f"no packet within {OPEN_S:.0f} s")
            return None
        if now_s - attempt.last_packet_s > STALL_S:
            return stream_error(Reason.STALLED, source, f"no packet for {STALL_S:.0f} s")
        if self._lane.undecodable_in_a_row >= UNDECODABLE:
            return stream_error(Reason.CODEC, source, "its key packets give no picture")
        entry_s = self._intake.entry_s
        if entry_s is not None and now_s - entry_s > ENTRY_S:
            return stream_error(
                Reason.CODEC, source, f"nothing to start decoding at for {ENTRY_S:.0f} s"
            )
        return None

    def _note_up(self, attempt: Connection, now_s: float) -> None:
        if self._looks_to_trust is not None and self._lane.looks <= self._looks_to_trust:
            return
        self._looks_to_trust = None
        self._refusals = 0
        self._set("up", None, now_s)
        if attempt.first_packet_s is not None and now_s - attempt.first_packet_s > STEADY_S:
            self._backoff.reset()

    def _fail(self, attempt: Connection, error: StreamError, now_s: float) -> None:
        self.failures += 1
        self._give_up(attempt)
        self._lane.undecodable_in_a_row = 0
        self._judge_sub(attempt, error)
        if error.reason is Reason.ENDED and self._spec.source.is_file:
            self._set("ended", Reason.ENDED, now_s, error)
            return
        self._looks_to_trust = self._lane.looks if error.reason is Reason.CODEC else None
        self._refusals = self._refusals + 1 if error.reason is Reason.AUTH else 0
        if self._refusals >= REFUSALS:
            self._next_s = now_s + REST_S
            self._set("resting", error.reason, now_s, error)
            return
        self._next_s = max(now_s + SOON_S, attempt.started_s + self._backoff.delay_s())
        self._set("down", error.reason, now_s, error)

    def _judge_sub(self, attempt: Connection, error: StreamError) -> None:
        """Give a second stream up that cannot be opened: the first one works, if expensively."""
        if not self._on_sub or attempt.first_packet_s is not None:
            self._sub_failures = 0
            return
        self._sub_failures += 1
        if self._sub_failures >= SUB_FAILURES or not isinstance(error, RetryError):
            log.warning("camera %s: second stream given up: %s", self._spec.camera_id, error)
            self._intake.ladder.sub_failed()

    def _give_up(self, attempt: Connection) -> None:
        attempt.give_up()
        self._given_up.append(attempt)
        self._attempt = None

    def _set(
        self, state: State, reason: Reason | None, now_s: float, error: StreamError | None = None
    ) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason = state, reason
        self.since = datetime.fromtimestamp(self._wall_s(now_s), UTC)
        if error is None:
            log.info("camera %s: up", self._spec.camera_id)
        else:
            log.warning("camera %s: %s (%s)", self._spec.camera_id, state, error)
