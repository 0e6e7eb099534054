"""Which pictures are due: one a slot of a fixed grid in time, never two."""

import math

EARLY = 0.25
"""Share of the interval that a key picture may come before its due time. Key packets come when the
camera likes: one every 1.997 s for looks every 2 s is common, and without this every second one
would be taken."""
_ROUNDING_S = 1e-6
"""Times are multiples of a clock's ticks; a sum of them may fall short of the slot by this."""


def early_share(interval_s: float, key_interval_s: float | None) -> float:
    """Return the share of the interval that a key picture may be early.

    At most EARLY, and at most half the distance of the key pictures: of several, the one nearest
    to the due time is taken.
    """
    if interval_s == 0.0 or key_interval_s is None:
        return EARLY
    return min(EARLY, key_interval_s / (2 * interval_s))


class DueGrid:
    """Slots of interval_s on one camera's timeline, counted from the first picture asked about.

    A slot takes pictures from its due time (less the allowed earliness) to the next slot's. The
    average rate is therefore never higher than one a slot, whatever the camera sends.
    """

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._origin_s: float | None = None
        self._taken = -1
        self._last_s = -math.inf

    def take(self, at_s: float, *, early: float = 0.0) -> bool:
        """Say whether a picture is due and, if so, give it the slot.

        `early` is the share of the interval that it may come before its due time. A picture not
        after the last one taken is never due.
        """
        if at_s <= self._last_s:
            return False
        slot = self._slot(at_s, early)
        if slot is not None and slot <= self._taken:
            return False
        self._taken = self._taken if slot is None else slot
        self._last_s = at_s
        return True

    def _slot(self, at_s: float, early: float) -> int | None:
        """Return the slot's number; None when every picture is due."""
        if self.interval_s == 0.0:
            return None
        if self._origin_s is None:
            self._origin_s = at_s
        since_s = at_s - self._origin_s + early * self.interval_s + _ROUNDING_S
        return math.floor(since_s / self.interval_s)
