"""From what was counted in a zone to a reading: how many at least, how much, and since when."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.coverage import Coverage
from detectors.instant import Instant
from detectors.reading import Level, Reading
from detectors.spots import Spot, boxes_of
from detectors.violation import Box

ROUNDING = 1e-9
HERE_SHARE = 0.5
"""Share of what is known to be there that a look has to show to be a sighting of all of it."""
SEVERAL = 4
"""Things from which on it is more than chance that those of a zone have been forgotten."""
GONE_SHARE = 0.4
"""Where it takes many, a look that shows less than this share of them shows that they are gone."""
MISS_MOST = 0.35
"""Largest share of misses that a beginning is reckoned with."""
TOGETHER_S = 5.0
"""What is first seen so shortly after the others may have come with them, and have been missed."""
BLIND_SHARE = 0.3
"""Share of a zone behind something large from which a look that shows little cannot tell."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From where on it is a violation, and down to where it stays one."""

    n: int
    """Things at which it begins."""
    leave: int
    """It ends at that many or fewer."""
    share: float | None = None
    """Share 0..1 of the zone under their boxes at which it begins as well; None: count only."""
    pieces: int = 1
    """Fewest things that may make the share."""
    many: bool = False
    """Whether it takes so many that a look without most of them is no chance of the model's."""

    def level(self, count: int, share: float) -> Level:
        """Compare what is there."""
        if count >= self.n:
            return Level.ENTER
        by_share = self.share is not None and count >= self.pieces
        if by_share and share >= (self.share or 0.0):
            return Level.ENTER
        if count > self.leave or (by_share and share > (self.share or 0.0) / 2):
            return Level.STAY
        return Level.CLEAR


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands in a zone, as one look and those before it say."""

    here: Sequence[Spot]
    """Seen in this look."""
    missed: Sequence[Spot]
    """Known to be there, not seen in this look though nothing hides them."""
    hidden: Sequence[Spot]
    """Known to be there, behind something nearer now."""


def reading_of(
    counted: Counted, limit: Threshold, coverage: Coverage, height: float, blocked: float
) -> Reading:
    """Read a zone; blocked: share 0..1 of it behind large things, height: the picture's."""
    seen = [*counted.here]
    known = [*counted.here, *counted.missed]
    now = limit.level(len(seen), coverage.share(boxes_of(seen), height))
    share = coverage.share(boxes_of(known), height)
    level = limit.level(len(known), share)
    if level is not now and len(seen) < HERE_SHARE * len(known):
        level = now
    if level is Level.CLEAR and (counted.hidden or blocked >= BLIND_SHARE):
        everything = [*known, *counted.hidden]
        everywhere = coverage.share(boxes_of(everything), height)
        if blocked >= BLIND_SHARE or limit.level(len(everything), everywhere) is not Level.CLEAR:
            return Reading.none(blind=True)
    if level is Level.CLEAR:
        # of few things a miss is a miss; that many are gone together is no chance
        dropped = limit.many and len(seen) < GONE_SHARE * len(known)
        forgotten = limit.n >= SEVERAL and limit.level(len(known), share) is Level.CLEAR
        return Reading(level, empty=dropped or forgotten, against=limit.n >= SEVERAL)
    return Reading(
        level=level,
        box=_hull(seen),
        score=sum(spot.score for spot in seen) / len(seen),
        label=_most(spot.label for spot in seen),
        count=len(known),
        track_id=seen[0].track_id,
        share=None if limit.share is None else share,
        since=_since(known, limit, coverage, height) if level is Level.ENTER else None,
    )


def _since(
    known: Sequence[Spot], limit: Threshold, coverage: Coverage, height: float
) -> Instant | None:
    """Return the look from which on enough of it was there; None where it was never enough.

    Of n that come together a first look misses some, as many as later looks do.
    """
    spots = sorted(known, key=lambda spot: (spot.since.now_s, spot.box))
    if len(spots) >= limit.n:
        clear = sum(spot.clear for spot in spots)
        missed = min(MISS_MOST, clear / (clear + sum(spot.seen for spot in spots)))
        last = spots[limit.n - 1].since
        first = math.ceil((1 - missed) * limit.n - ROUNDING) - 1
        together = (one.since for one in spots[first : limit.n])
        return next(since for since in together if last.now_s - since.now_s <= TOGETHER_S)
    for count in range(1, len(spots) + 1):
        share = coverage.share(boxes_of(spots[:count]), height)
        if limit.level(count, share) is Level.ENTER:
            return spots[count - 1].since
    return None


def _hull(spots: Sequence[Spot]) -> Box:
    boxes = boxes_of(spots)
    x0, y0 = boxes[:, :2].min(axis=0).tolist()
    x1, y1 = boxes[:, 2:].max(axis=0).tolist()
    return (x0, y0, x1, y1)


def _most(labels: Iterable[str]) -> str:
    votes = Counter(labels)
    return min(votes, key=lambda name: (-votes[name], name))
