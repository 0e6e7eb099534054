"""When a look was taken, on every clock that matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from detectors.violation import Box


@dataclass(frozen=True, slots=True)
class Instant:
    """When a look was taken."""

    now_s: float
    """On the watch's own timeline, which never goes back and survives restarts."""
    at_s: float
    """On the camera's timeline, as events and pins give it."""
    captured_at: datetime
    session: int
    unit_px: float
    """Source pixels in a unit (see place.py)."""
    still: bool = False
    """The picture is that of the look before, and may be a frozen one ..."""
    frozen: bool = False
    """... as is known by now."""

    def pixels(self, box: Box) -> Box:
        """Turn a box in units into one in source pixels."""
        x0, y0, x1, y1 = (value * self.unit_px for value in box)
        return (x0, y0, x1, y1)

    def to_json(self) -> list[Any]:
        """State as JSON-able data; whether the picture was still is of its own look alone."""
        return [self.now_s, self.at_s, self.captured_at.isoformat(), self.session, self.unit_px]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> Self:
        """Undo to_json()."""
        now_s, at_s, at, session, unit_px = data
        return cls(now_s, at_s, datetime.fromisoformat(at), session, unit_px)
