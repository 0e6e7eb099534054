"""What a running site can afford: close looks within the budget, and whether it sheds."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from configs import Site
from detectors import Attention, Level, Outcome
from pipeline.attention import CloseBudget
from streams import Frame

SHED_WINDOW_S = 30.0
"""Shedding is judged over so long: once the cause is gone, it is over half a minute later."""
SHED_SHARE = 0.02
"""More of the due looks lost than this is shedding; one that met a busy moment is not."""
TALLY_S = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """How a site copes, at one moment."""

    shedding: bool
    """True while more looks are due than can be made: every camera's rate is lowered."""
    shed_share: float
    """Share of the due looks of the last half minute that were not made, 0 to 1."""
    close_left_s: float
    """Close seconds in the site's budget."""
    close_cameras: frozenset[str]
    """Looked at closely now."""


class Shedding:
    """Due looks against lost ones, over the last SHED_WINDOW_S. Pure: time is an argument."""

    def __init__(self) -> None:
        self._tallies: deque[tuple[float, int, int]] = deque()

    def note(self, now_s: float, looks: int, lost: int) -> None:
        """Take the counters: looks made and looks lost since the start."""
        if self._tallies and (looks < self._tallies[-1][1] or lost < self._tallies[-1][2]):
            self._tallies.clear()  # a worker was started again and counts from 0
        self._tallies.append((now_s, looks, lost))
        while now_s - self._tallies[0][0] > SHED_WINDOW_S:
            self._tallies.popleft()

    @property
    def share(self) -> float:
        """Lost looks among the due ones, 0 to 1."""
        if not self._tallies:
            return 0.0
        looks = self._tallies[-1][1] - self._tallies[0][1]
        lost = self._tallies[-1][2] - self._tallies[0][2]
        return lost / max(1, looks + lost)


class LoadKeeper:
    """Applies what rules ask for, within the budget. The inference thread calls it."""

    def __init__(
        self,
        site: Site,
        *,
        look_closely: Callable[[str, float, float], None],
        tally: Callable[[], tuple[int, int]],
    ) -> None:
        """look_closely takes camera, until_s, every_s; tally gives looks made and looks lost."""
        self._look_closely = look_closely
        self._tally = tally
        self._every_s = {camera.id: site.close_every_s(camera) for camera in site.cameras}
        self._budget = CloseBudget(
            {camera.id: camera.priority for camera in site.cameras},
            seconds_a_minute=site.attention.close_s_a_minute,
            at_once=site.attention.close_at_once,
            most_s=site.attention.close_most_s,
        )
        self._shedding = Shedding()
        self._asked: dict[str, tuple[Attention, float]] = {}
        """What was asked last, with at_s of the look that asked."""
        self._tallied_s = 0.0
        self._lock = threading.Lock()

    def note(self, frame: Frame, outcome: Outcome) -> None:
        """Take what a camera's rules made of a picture."""
        asked = outcome.attention
        with self._lock:
            if asked is None:
                before = self._asked.get(frame.camera_id)
                if before is not None and before[0].until_s <= frame.at_s:
                    del self._asked[frame.camera_id]
                return
            self._asked[frame.camera_id] = (asked, frame.at_s)
            if asked.level is Level.CLOSE:
                self._budget.want(
                    frame.camera_id,
                    at_s=frame.at_s,
                    until_s=asked.until_s,
                    arrival_s=frame.arrival_s,
                )
        self.tick()

    def tick(self) -> None:
        """Grant what can be granted now; count what was shed. At least every half second."""
        now_s = time.monotonic()
        with self._lock:
            grants = self._budget.grants(now_s)
            if now_s - self._tallied_s >= TALLY_S:
                self._tallied_s = now_s
                self._shedding.note(now_s, *self._tally())
        for grant in grants:
            every_s = self._every_s[grant.camera_id]
            self._look_closely(grant.camera_id, grant.until_s, every_s)

    def load(self) -> Load:
        """Say how the site copes."""
        with self._lock:
            share = self._shedding.share
            return Load(
                shedding=share > SHED_SHARE,
                shed_share=share,
                close_left_s=self._budget.left_s,
                close_cameras=self._budget.running,
            )

    def level(self, camera_id: str) -> Level:
        """Say how closely a camera is looked at."""
        with self._lock:
            if camera_id in self._budget.running:
                return Level.CLOSE
            return Level.WATCHING if camera_id in self._asked else Level.IDLE

    def close_s(self) -> Mapping[str, float]:
        """Close seconds granted since the start, a camera."""
        with self._lock:
            return dict(self._budget.granted_s)

    def refused(self) -> Mapping[str, int]:
        """Wishes for a close look that lapsed without one, a camera."""
        with self._lock:
            return dict(self._budget.refused)
