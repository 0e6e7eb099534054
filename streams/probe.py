"""Open a stream once and say what it is."""

from dataclasses import dataclass, field

from streams.frame import Picture
from streams.source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What a stream turned out to be."""

    codec: str
    """FFmpeg's codec name."""
    width: int
    height: int
    fps: float | None
    """Pictures a second as counted while probing; None with fewer than two."""
    key_interval_s: float | None
    """Seconds between clean key packets; None when fewer than two came in time."""
    b_frames: bool
    cost_ms_per_key: float | None
    """CPU milliseconds to decode and scale one key packet as looks do; None without one."""
    still: Picture = field(repr=False)
    """(height, width, 3) uint8 RGB, full size."""
    bit_rate: float | None = None
    """Bits a second while probing."""


def probe(source: Source, *, timeout_s: float = 10.0) -> Probe:
    """Read the stream until its key-packet interval is known, at most timeout_s.

    Raises StreamError.
    """
    raise NotImplementedError
