"""What can go wrong with a simulated camera, and when."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class FaultKind(StrEnum):
    """The faults that streams must survive, by the name they have on the command line."""

    REFUSE = "refuse"
    """Nothing listens: connections are refused, those that exist are reset."""
    AUTH = "auth"
    """401 to every request, right credentials or not; connections that exist are closed."""
    HALF_OPEN = "half-open"
    """Connections stay open and new ones are accepted, but not one more byte is sent."""
    STALL = "stall"
    """RTSP is answered, but no more video is sent."""
    DROP = "drop"
    """Every connection is closed after_s seconds after it was made."""
    PTS_JUMP = "pts-jump"
    """Every after_s seconds the timestamps jump: a minute ahead, then back again."""
    PTS_FAST = "pts-fast"
    """Timestamps run 1.25 times as fast as the pictures come."""
    PTS_SLOW = "pts-slow"
    """Timestamps run 0.8 times as fast as the pictures come."""
    CACHED_GOP = "cached-gop"
    """A new client first gets, at once, everything since the last key frame."""
    RESIZE = "resize"
    """The picture changes to about two thirds of its width and height, with new parameter sets."""
    GARBAGE = "garbage"
    """One RTP packet in ten carries damaged bytes."""


_AT_ONCE_S = 0.0
_MEANWHILE_S = 10.0  # long enough for a client to settle first

DEFAULT_AFTER_S = {
    FaultKind.REFUSE: _AT_ONCE_S,
    FaultKind.AUTH: _AT_ONCE_S,
    FaultKind.HALF_OPEN: _MEANWHILE_S,
    FaultKind.STALL: _MEANWHILE_S,
    FaultKind.DROP: _MEANWHILE_S,
    FaultKind.PTS_JUMP: _MEANWHILE_S,
    FaultKind.PTS_FAST: _AT_ONCE_S,
    FaultKind.PTS_SLOW: _AT_ONCE_S,
    FaultKind.CACHED_GOP: _AT_ONCE_S,
    FaultKind.RESIZE: _MEANWHILE_S,
    FaultKind.GARBAGE: _MEANWHILE_S,
}
_PERIODIC = (FaultKind.DROP, FaultKind.PTS_JUMP)
_LONGEST_S = 24 * 3600.0

JUMP_S = 60.0
"""How far `pts-jump` jumps."""
RATES = {FaultKind.PTS_FAST: 1.25, FaultKind.PTS_SLOW: 0.8}
"""Seconds of timestamps per second of video."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Raises ValueError when after_s is not a time that the kind can work with.
    """

    kind: FaultKind
    after_s: float
    """Seconds from the camera's start to the fault; for drop and pts-jump the period."""

    def __post_init__(self) -> None:
        """Refuse times without meaning."""
        if not 0 <= self.after_s <= _LONGEST_S:
            raise ValueError(f"fault {self.kind}: expected 0 to {_LONGEST_S:.0f} seconds")
        if self.kind in _PERIODIC and self.after_s == 0:
            raise ValueError(f"fault {self.kind}: expected a period of more than 0 seconds")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `KIND` or `KIND:SECONDS`; ValueError names the kinds there are."""
        name, colon, seconds = text.partition(":")
        try:
            kind = FaultKind(name)
        except ValueError:
            known = ", ".join(FaultKind)
            raise ValueError(f"fault {name!r} is not known; it is one of: {known}") from None
        if not colon:
            return cls(kind, DEFAULT_AFTER_S[kind])
        try:
            after_s = float(seconds)
        except ValueError:
            raise ValueError(
                f"fault {text!r}: expected seconds after the colon, as in {kind}:5"
            ) from None
        return cls(kind, after_s)

    def stamp_s(self, media_s: float) -> float:
        """Time that the timestamps claim for a picture shown at media_s (from the start)."""
        if self.kind is FaultKind.PTS_JUMP:
            return media_s + JUMP_S * (int(max(media_s, 0.0) // self.after_s) % 2)
        rate = RATES.get(self.kind, 1.0)
        return media_s + (rate - 1.0) * max(media_s - self.after_s, 0.0)
