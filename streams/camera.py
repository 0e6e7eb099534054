"""What a camera is told to do, and what it says about itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from streams.errors import Reason
from streams.source import Source

RING_S = 20.0
"""Everything of the last 20 s is kept: a moment's lead-in and the delay of asking for it."""
RING_BYTES = 24 * 1024 * 1024
"""20 s of 8 Mbit/s and the key packets of about a minute more; memory a camera is bounded."""

State = Literal["connecting", "up", "down", "resting", "ended"]
Mode = Literal["key", "all", "sub", "long"]


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera of a group."""

    camera_id: str
    source: Source
    sub_source: Source | None = None
    """A second stream, used when the first one's key packets are too far apart."""
    interval_s: float = 2.0
    """Seconds between looks; 0 means every picture."""
    longest_px: int = 640
    """Pictures are scaled so that the longer side has at most this; never enlarged."""
    ring_s: float = RING_S
    ring_bytes: int = RING_BYTES
    priority: float = 1.0
    """Share of decoding where there is not enough for all, against the other cameras'."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if self.priority <= 0:
            raise ValueError(f"expected priority > 0, got {self.priority}")
        if self.interval_s < 0 or self.longest_px < 1 or self.ring_s < 0 or self.ring_bytes < 1:
            raise ValueError(
                "expected interval_s >= 0, longest_px >= 1, ring_s >= 0, ring_bytes >= 1; got "
                f"{self.interval_s}, {self.longest_px}, {self.ring_s}, {self.ring_bytes}"
            )


@dataclass(frozen=True, slots=True)
class CameraState:
    """How a camera is at one moment."""

    camera_id: str
    state: State
    reason: Reason | None
    """Why it is down, resting or ended; None while connecting for the first time or up."""
    since: datetime
    """When `state` or `reason` last changed, UTC."""
    session: int
    """The connection that is up, or the last one that was; -1 before the first packet."""
    key_interval_s: float | None
    """Seconds between clean key packets, measured; None until two have been seen."""
    mode: Mode
    """key: key packets only. sub: the same on the second stream. all: everything is decoded,
    because key packets are too far apart. long: key packets, although they are too far apart."""
    looks: int
    """Frames handed out."""
    dropped: int
    """Due pictures that were shed before they were decoded."""
    packets: int
    """Packets read."""
    last_packet_s: float | None
    """When the last packet was read, on this process's monotonic clock."""
    media_rate: float | None = None
    """Media seconds per second of this machine's monotonic clock, over the last 20 s or more."""
    media_rate_declared: bool = False
    """True when the two are more than 2 % apart (docs/time.md)."""
    camera_clock_s: float | None = None
    """The camera's own clock (RTCP) minus captured_at, recorded, never obeyed; None if unknown."""
    close_until_s: float | None = None
    """Until when on its timeline it is looked at closely; None while it is not."""
    close_looks: int = 0
    """Frames handed out while looked at closely; counted in `looks` too."""
    ring_bytes: int = 0
    """Memory of the packet ring."""
    decoder: str | None = None
    """What its own decoder runs on: software, cuda, qsv; None while it has none."""
