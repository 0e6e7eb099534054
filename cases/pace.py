"""When the next case may go out: so many a minute, spread out, and none in quiet hours.

Pure logic: the caller brings the clock. `Courier` takes a turn before every case.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from detectors import Window

MINUTE_S: Final = 60.0

LONGEST_WAIT_S: Final = 30.0
"""In quiet hours the clock is looked at again after this time, whatever has been done to it."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the week in which nothing is posted, on the site's clock."""

    windows: tuple[Window, ...]
    timezone: ZoneInfo

    def holds(self, at: datetime) -> bool:
        """Tell whether this (aware) time is quiet."""
        local = at.astimezone(self.timezone)
        return any(window.holds(local) for window in self.windows)


class Pace:
    """Turns of one courier. Not thread-safe: the courier's lock is around it.

    In any 60 s, [t, t + 60), there are at most `per_minute` turns, as limits of case systems are
    counted. The first half of them come at once, so that a single case never waits; the others,
    as in the flood after an outage, one by one, 60 / per_minute seconds apart. None: no limit.
    """

    def __init__(self, per_minute: float | None) -> None:
        if per_minute is not None and per_minute <= 0.0:
            raise ValueError(f"cases per minute: expected more than 0, got {per_minute:g}")
        self._gap_s = 0.0 if per_minute is None else MINUTE_S / per_minute
        # Below one a minute the gap alone is the limit.
        self._most = None if per_minute is None else max(1, int(per_minute))
        self._turns_s: deque[float] = deque(maxlen=self._most)

    def remember(self, turns_s: Iterable[float]) -> None:
        """Count turns of an earlier run, on the same clock as `take`."""
        self._turns_s = deque(sorted([*self._turns_s, *turns_s]), maxlen=self._most)

    def take(self, now_s: float) -> float:
        """Take a turn. Returns 0.0 when it is taken, else the seconds until one may be free."""
        wait_s = self._wait_s(now_s)
        if wait_s <= 0.0:
            if self._most is not None:
                self._turns_s.append(now_s)
            return 0.0
        return wait_s

    def give_back(self, turn_s: float) -> None:
        """Return a turn that was taken at `turn_s` and not used."""
        if turn_s in self._turns_s:
            self._turns_s.remove(turn_s)

    def _wait_s(self, now_s: float) -> float:
        if self._most is None or not self._turns_s:
            return 0.0
        waits = [0.0]
        if len(self._turns_s) == self._most:
            waits.append(self._turns_s[0] + max(MINUTE_S, self._gap_s) - now_s)
        recent = sum(turn_s > now_s - MINUTE_S for turn_s in self._turns_s)
        if recent * 2 >= self._most:
            waits.append(self._turns_s[-1] + self._gap_s - now_s)
        return max(waits)
