"""Whether a camera's picture has to go through the models, or still shows what they saw last.

The gate may only save work, never an onset: it opens for any change in the zones and around them,
stays open for some looks afterwards, and opens anyway every so often (docs/motion-gate.md).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from configs import Camera, Gate, Site
from detectors import Level, Outcome
from models import Detections
from streams import Frame, Picture
from streams.gate import (
    Blocks,
    Clock,
    Polygon,
    Small,
    changed,
    difference,
    is_still,
    small_of,
    usual,
    watched_blocks,
)

AFTER_LOOKS = 3
"""Looks after a change that a model makes in any case: what just came is not found every time."""
WATCHING_LOOKS = 2.0
"""While something dwells a model looks at least at every second look: then its dwell counts as
observed, and is complete no later than one look after the truth."""
_EARLY = 0.25
"""Share of an interval by which a forced look may come early: key frames are not on the grid."""


@dataclass(slots=True)
class GateCount:
    """Looks of a camera, by what became of them. Their sum is what the camera was looked at."""

    network: int = 0
    """Something had changed, or something is waited for: the models looked."""
    forced: int = 0
    """Nothing had changed, but it was time: the models looked."""
    gated: int = 0
    """Nothing had changed: the last detections stand."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The last picture that the models saw, and what they saw."""

    frame: tuple[int, int, int, tuple[int, ...]]
    """Session, width, height, shape: what must be the same for pictures to be compared."""
    at_s: float
    small: Small
    detections: Detections


class MotionGate:
    """One camera's gate. Called by one thread: decide(), then saw() for what the models saw."""

    def __init__(
        self,
        polygons: Sequence[Polygon] | None,
        *,
        interval_s: float,
        forced_s: float,
        turn: float = 0.0,
    ) -> None:
        """polygons: the zones of the camera's rules in shares of the picture; None: all of it.

        turn: when in each forced_s its forced look is due, as a share of it.
        """
        self._polygons = polygons
        self._interval_s = interval_s
        self._forced_s = forced_s
        self._turn_s = turn * forced_s
        self._seen: _Seen | None = None
        self._last: tuple[Picture, Small] | None = None
        self._open_looks = 0
        self._watching_until_s = float("-inf")
        self._clock = Clock()
        self._watched: Blocks | None = None
        self.counts = GateCount()
        self.still = False
        """Whether the last picture shows no change anywhere, beyond what a clock draws in."""

    def carry(self, frame: Frame) -> Detections | None:
        """Return the detections that still stand, or None: the models have to look."""
        self.still = False
        seen = self._seen
        comparable = seen is not None and seen.frame == _kind(frame) and seen.at_s <= frame.at_s
        if seen is None or not comparable or frame.close:
            self.counts.network += 1
            return None
        opened = self._change(seen.small, self._small_of(frame))
        if opened:
            self._open_looks = AFTER_LOOKS
        elif self._open_looks:
            self._open_looks -= 1
            opened = True
        if opened:
            self.counts.network += 1
            return None
        if self._due(frame.at_s, seen.at_s):
            self.counts.forced += 1
            return None
        self.counts.gated += 1
        return seen.detections

    def saw(self, frame: Frame, detections: Detections) -> None:
        """Take what the models saw in a picture."""
        self._seen = _Seen(_kind(frame), frame.at_s, self._small_of(frame), detections)

    def note(self, outcome: Outcome) -> None:
        """Take what the rules wait for."""
        wanted = outcome.attention
        if wanted is not None and wanted.level is not Level.IDLE:
            self._watching_until_s = wanted.until_s

    def _small_of(self, frame: Frame) -> Small:
        """Scale a picture down once, whoever asks for it first."""
        if self._last is None or self._last[0] is not frame.picture:
            self._last = (frame.picture, small_of(frame.picture))
        return self._last[1]

    def _change(self, before: Small, now: Small) -> bool:
        differences = difference(before, now)
        usually = usual(differences)
        blocks = changed(differences, usually)
        self.still = is_still(before, now, usually, blocks)
        if self._watched is None or self._watched.shape != blocks.shape:
            rows, columns = blocks.shape
            self._watched = watched_blocks(self._polygons, (rows, columns))
        clock = self._clock.blocks(self._watched)
        self._clock.learn(blocks)
        return bool((blocks & self._watched & ~clock).any())

    def _due(self, at_s: float, seen_s: float) -> bool:
        """Whether a model has to look although nothing has changed.

        By turns that are fixed in time: counted from the last look, all cameras that were started
        together would be forced together, and again after a cloud that opened all of them.
        """
        early_s = _EARLY * self._interval_s
        if at_s < self._watching_until_s:
            limit_s = min(self._forced_s, WATCHING_LOOKS * self._interval_s)
            if at_s - seen_s >= limit_s - early_s:
                return True
        return self._turns(at_s + early_s) > self._turns(seen_s + early_s)

    def _turns(self, at_s: float) -> int:
        return math.floor((at_s - self._turn_s) / self._forced_s)


def gate_of(site: Site, camera: Camera, *, asked: bool = False) -> MotionGate | None:
    """Build a camera's gate; None where the site file asks for none (`asked`: build one then)."""
    settings = site.gate_of(camera) or (Gate() if asked else None)
    if settings is None:
        return None
    named = {name for rule in camera.rules for name in rule.zones}
    whole = any(not rule.zones for rule in camera.rules)
    polygons = [tuple(zone.polygon) for zone in camera.zones if zone.id in named]
    return MotionGate(
        None if whole else polygons,
        interval_s=site.interval_s(camera),
        forced_s=settings.forced_s,
        turn=crc32(camera.id.encode()) / (1 << 32),
    )


def _kind(frame: Frame) -> tuple[int, int, int, tuple[int, ...]]:
    return frame.session, frame.width, frame.height, frame.picture.shape
