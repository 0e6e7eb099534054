"""A moment on the monotonic clock that an exchange keeps, however many steps it takes."""

import time
from typing import Self


class Deadline:
    """Ends `seconds` after it was made, or with `outer` where that one ends earlier."""

    def __init__(self, seconds: float, outer: Self | None = None) -> None:
        lasts_s = seconds if outer is None else min(seconds, outer.left_s())
        self._end_s = time.monotonic() + lasts_s

    def left_s(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end_s - time.monotonic())
