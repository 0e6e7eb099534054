"""A decoded picture with its time."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera, scaled for analysis. No decoder object is inside."""

    camera_id: str
    session: int
    """Counts up by one at every reconnect."""
    seq: int
    """Counts pictures handed out by this camera in this process, from 0; never used as time."""
    at_s: float
    """Seconds on the camera's timeline (docs/time.md)."""
    captured_at: datetime
    """at_s anchored to UTC; aware."""
    width: int
    """Width of the source picture in pixels; boxes are given in source pixels."""
    height: int
    picture: Picture
    """(h, w, 3) uint8 RGB with h <= height, w <= width and the source's aspect ratio."""
    arrival_s: float
    """When the frame's last packet was read, on this machine's monotonic clock (staleness)."""
    key: bool
    """True when decoded from a key packet alone."""
    close: bool = False
    """True while the camera is looked at closely: one of many pictures a second."""

    def __post_init__(self) -> None:
        """Check that the picture is what the pipeline expects."""
        if self.picture.ndim != 3 or self.picture.shape[2] != 3 or self.picture.dtype != np.uint8:
            raise ValueError(
                f"picture: expected (h, w, 3) uint8, got {self.picture.shape} {self.picture.dtype}"
            )
        if self.captured_at.tzinfo is None:
            raise ValueError("captured_at: expected an aware time")

    def __repr__(self) -> str:
        """Say shape and time, never pixels."""
        height, width = self.picture.shape[:2]
        return (
            f"Frame({self.camera_id} session={self.session} seq={self.seq} at_s={self.at_s:.3f} "
            f"{self.width}x{self.height} as {width}x{height})"
        )
