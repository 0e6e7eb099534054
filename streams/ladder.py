"""What of a camera is decoded: the cheapest way that still gives a picture for every look.

Key packets alone, as long as they are close enough. Else the second stream, if there is one; else
everything, within the group's budget; else the key packets that there are.
"""

import threading
from collections import deque
from statistics import median

from streams.camera import Mode

TOO_FAR = 2.0
"""Key packets further apart than this many intervals are too far apart."""
NONE_S = 10.0
"""Without a clean key packet for so long, none is expected (intra refresh, endless GOPs)."""
_MEASURED = 5
"""Intervals that the median is taken of: an extra key frame at a scene change does not matter."""
_SURE = 3
"""Intervals to see before less is decoded again."""


class Budget:
    """How many cameras of a group may be decoded completely. Safe for threads."""

    def __init__(self, cameras: int) -> None:
        self._left = cameras
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a place; False when there is none."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give(self) -> None:
        """Give a place back."""
        with self._lock:
            self._left += 1


class Ladder:
    """The mode of one camera. Pure but for the shared budget; one thread at a time."""

    def __init__(self, interval_s: float, *, has_sub: bool, budget: Budget) -> None:
        self._interval_s = interval_s
        self._budget = budget
        self._has_sub = has_sub
        self._step: Mode = "key"
        self.on_sub = False
        """True when the second stream is the one to open."""
        self._measured: deque[float] = deque(maxlen=_MEASURED)
        self._median_s: float | None = None
        """Of _measured: asked for at every packet."""
        self._since_s = 0.0
        self._last_key_s: float | None = None
        self._switching = False
        """True until the other stream's first session: what still comes is of the old one."""
        if interval_s == 0.0:
            self._climb()  # every picture is wanted

    @property
    def mode(self) -> Mode:
        """As CameraState.mode."""
        return "sub" if self._step == "key" and self.on_sub else self._step

    @property
    def decodes_all(self) -> bool:
        """True when every packet goes to a decoder of the camera's own."""
        return self._step == "all"

    @property
    def key_interval_s(self) -> float | None:
        """Median distance of the last clean key packets; None until there were two."""
        return self._median_s

    def begin(self, at_s: float) -> None:
        """Start a session; distances do not span two."""
        self._since_s, self._last_key_s = at_s, None
        self._switching = False

    def see(self, at_s: float, *, clean_key: bool) -> bool:
        """Note a packet; say whether the mode changed."""
        if self._switching:
            return False
        if clean_key:
            if self._last_key_s is not None and at_s > self._last_key_s:
                self._measured.append(at_s - self._last_key_s)
                self._median_s = median(self._measured)
            self._last_key_s = at_s
        before = self.mode
        if self._step == "key" and self._too_far(at_s):
            self._climb()
        elif self._step != "key" and clean_key and self._near():
            self._descend()
        elif self._step == "long" and clean_key:
            self._climb()  # a place may have become free
        return self.mode != before

    def sub_failed(self) -> None:
        """Give the second stream up for good: it could not be opened."""
        if self.on_sub:
            self.on_sub = self._has_sub = False
            self._forget_measured()
            self._climb()

    def release(self) -> None:
        """Give back what was taken; the camera stops."""
        if self._step == "all":
            self._budget.give()
        self._step = "key"

    def _climb(self) -> None:
        if self._has_sub and not self.on_sub and self._interval_s > 0.0:
            self.on_sub = self._switching = True
            self._forget_measured()
        elif self._step != "all":
            self._step = "all" if self._budget.take() else "long"

    def _forget_measured(self) -> None:
        self._measured.clear()
        self._median_s = None

    def _descend(self) -> None:
        if self._step == "all":
            self._budget.give()
        self._step = "key"

    def _too_far(self, at_s: float) -> bool:
        last_s = self._since_s if self._last_key_s is None else self._last_key_s
        if at_s - last_s > max(NONE_S, TOO_FAR * self._interval_s):
            return True
        interval_s = self.key_interval_s
        return interval_s is not None and interval_s > TOO_FAR * self._interval_s

    def _near(self) -> bool:
        interval_s = self.key_interval_s
        return (
            self._interval_s > 0.0
            and len(self._measured) >= _SURE
            and interval_s is not None
            and interval_s <= TOO_FAR * self._interval_s
        )
