"""Who may be looked at closely: one budget of seconds a site, shared by need and priority.

Decoding a whole stream costs as much as looks at some dozen idle cameras, so close looks are
granted in short slices out of a purse that fills steadily. Pure: time is an argument.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SLICE_S = 2.0
"""Granted at a time; between two slices another camera may have its turn."""
AHEAD_S = 1.0
"""A slice is prolonged when less than this is left of it: looks and messages take their time."""
FORGET_S = 120.0
"""What a camera used counts half against it after so long."""
REST_SHARE = 0.25
"""Share of most_s that a camera rests after having been looked at closely for most_s in a row."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Look closely at a camera."""

    camera_id: str
    until_s: float
    """On the camera's timeline."""


@dataclass(slots=True)
class _Wish:
    """What a camera's rules asked for last."""

    until: float
    """On the monotonic clock."""
    ahead_s: float
    """The camera's timeline minus the monotonic clock."""
    granted: bool = False


@dataclass(slots=True)
class _Running:
    """A close look that was granted, on the monotonic clock."""

    since: float
    until: float


class CloseBudget:
    """Grants close looks. Not safe for threads: the inference thread owns it."""

    def __init__(
        self,
        priorities: Mapping[str, float],
        *,
        seconds_a_minute: float,
        at_once: int,
        most_s: float,
    ) -> None:
        """Fill the purse: it takes a minute's seconds."""
        self._priorities = dict(priorities)
        self._rate = seconds_a_minute / 60.0
        self._full_s = seconds_a_minute
        self._at_once = at_once
        self._most_s = most_s
        self._left_s = seconds_a_minute
        self._now_s: float | None = None
        self._wishes: dict[str, _Wish] = {}
        self._running: dict[str, _Running] = {}
        self._rest: dict[str, float] = {}
        self._used: dict[str, float] = dict.fromkeys(priorities, 0.0)
        self.granted_s: dict[str, float] = dict.fromkeys(priorities, 0.0)
        """Close seconds granted since the start, a camera."""
        self.refused: dict[str, int] = dict.fromkeys(priorities, 0)
        """Wishes that lapsed without a grant, a camera."""

    @property
    def left_s(self) -> float:
        """Close seconds in the purse."""
        return self._left_s

    @property
    def running(self) -> frozenset[str]:
        """Cameras that are looked at closely."""
        return frozenset(self._running)

    def want(self, camera_id: str, *, at_s: float, until_s: float, arrival_s: float) -> None:
        """Note what a look at at_s, whose packet arrived at the monotonic arrival_s, asked for."""
        ahead_s = at_s - arrival_s
        wish = self._wishes.get(camera_id)
        until = until_s - ahead_s
        if wish is None:
            self._wishes[camera_id] = _Wish(until, ahead_s)
        else:
            wish.until, wish.ahead_s = max(wish.until, until), ahead_s

    def grants(self, now_s: float) -> tuple[Grant, ...]:
        """Return what is granted or prolonged at a monotonic time."""
        self._pass_time(now_s)
        holding = {
            camera_id
            for camera_id, running in self._running.items()
            if running.until - now_s >= AHEAD_S
        }
        grants = []
        for camera_id in sorted(self._wishes, key=lambda c: (self._share(c), c)):
            if camera_id in holding or now_s < self._rest.get(camera_id, now_s):
                continue
            if len(holding) >= self._at_once:
                break
            if camera_id not in self._running and len(self._running) > self._at_once:
                continue  # one may overlap with a slice that runs out, not more
            grant = self._grant(camera_id, now_s)
            if grant is not None:
                grants.append(grant)
                holding.add(camera_id)
        return tuple(grants)

    def _share(self, camera_id: str) -> float:
        """Say what it had lately, for its priority: whoever had least is next."""
        return self._used[camera_id] / self._priorities[camera_id]

    def _grant(self, camera_id: str, now_s: float) -> Grant | None:
        wish, running = self._wishes[camera_id], self._running.get(camera_id)
        start_s = now_s if running is None else running.until
        since_s = now_s if running is None else running.since
        until_s = min(wish.until, start_s + SLICE_S, since_s + self._most_s)
        cost_s = until_s - start_s
        if cost_s <= 0.0 or cost_s > self._left_s:
            return None
        self._left_s -= cost_s
        self._used[camera_id] += cost_s
        self.granted_s[camera_id] += cost_s
        self._running[camera_id] = _Running(since_s, until_s)
        wish.granted = True
        return Grant(camera_id, until_s + wish.ahead_s)

    def _pass_time(self, now_s: float) -> None:
        passed_s = 0.0 if self._now_s is None else max(0.0, now_s - self._now_s)
        self._now_s = now_s
        self._left_s = min(self._full_s, self._left_s + self._rate * passed_s)
        keep = 0.5 ** (passed_s / FORGET_S)
        for camera_id in self._used:
            self._used[camera_id] *= keep
        for camera_id, running in list(self._running.items()):
            if running.until <= now_s:
                del self._running[camera_id]
                if running.until - running.since >= self._most_s:
                    self._rest[camera_id] = now_s + REST_SHARE * self._most_s
        for camera_id, wish in list(self._wishes.items()):
            if wish.until <= now_s:
                del self._wishes[camera_id]
                self.refused[camera_id] += not wish.granted
