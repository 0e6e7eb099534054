"""A timeline's place in UTC: captured_at = at_s + offset, slewed to the host's clock."""

SLEW = 0.0005
"""Seconds a second, as adjtime(3) slews: more than crystals drift (0.0001), too little to matter
for a dwell."""
STEP_S = 1.0
"""Further off than this the offset is set at once: the host's clock was set, or the media's rate is
so wrong that slewing would never catch up."""


class UtcAnchor:
    """The offset of one camera's timeline. Pure; the caller reads the clocks."""

    def __init__(self) -> None:
        self.steps = 0
        """Times that the offset was set at once, the first time not counted."""
        self._offset_s: float | None = None
        self._updated_s = 0.0

    @property
    def offset_s(self) -> float:
        """Add to at_s to get seconds since the Unix epoch. Raises ValueError before an update."""
        if self._offset_s is None:
            raise ValueError("the anchor was never set")
        return self._offset_s

    def update(self, target_s: float, now_s: float) -> float:
        """Move towards the target (UTC minus the timeline's ceiling) and return the offset."""
        if self._offset_s is None:
            self._offset_s = target_s
        error_s = target_s - self._offset_s
        if abs(error_s) > STEP_S:
            self._offset_s = target_s
            self.steps += 1
        else:
            most_s = SLEW * max(0.0, now_s - self._updated_s)
            self._offset_s += max(-most_s, min(most_s, error_s))
        self._updated_s = now_s
        return self._offset_s
