"""Small things that stay where they are: followed so that a model's misses do not change a count.

A spot is a place in a zone where something of the rule's classes was seen. It is believed when it
was seen three times, and in most looks: what passes is somewhere else by then. It is forgotten
after a few clear looks without it; something nearer in front of it makes a look no clear one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.assignment import assign
from detectors.instant import Instant
from detectors.place import Boxes, hidden_share, in_place, overlaps
from detectors.presence import ENTER_S, ROUNDING_S, SEEN_SHARE
from detectors.scene import Scene
from detectors.violation import Box

BELIEVED_LOOKS = 3
"""Sightings that make it believed: dense traffic passes one place in two looks running."""
GONE_RISK = 1e-4
"""Chance of the misses in a row, if it were still there, at which it is forgotten."""
MISS_FLOOR = 0.1
"""Nothing is taken to be seen more reliably than this chance of a miss."""
GONE_LOOKS_MOST = 12
FLEETING_LOOKS = 4
"""Misses in a row at which what is not believed yet is forgotten ..."""
FLEETING_DRIFTING = 2
"""... of what drifts sooner: something else may be where it is due."""
FIRST_BOXES = 8
"""Boxes whose mean is the place of what stands; later ones do not move it."""
KEEP_S = 60.0
"""Hidden for longer, a spot is forgotten, whatever stands in front of it."""
HIDDEN_MUCH = 0.3
"""Share of a spot behind something nearer from which an undetected thing may still be there."""
MOST_SPOTS = 256
"""Bounds memory whatever a model finds; believed ones outlive new ones."""
NEAR_SIZE = 0.5
NEAR_UNITS = 9.0
"""What drifts is itself within this share of its size, or this many units, of where it is due."""


@dataclass(slots=True)
class Spot:
    """Something that is where it was."""

    box: Box
    """In units; the mean of its first boxes, or, of what drifts, where it is now."""
    since: Instant
    """First sighting."""
    last_s: float
    """Last sighting, on the watch's timeline."""
    label: str
    track_id: int
    score: float
    """Of the last sighting."""
    seen: int = 1
    busy: int = 0
    """Sightings in which somebody was at it."""
    clear: int = 0
    """Clear looks without it in all ..."""
    missing: int = 0
    """... and since the last sighting."""
    here: bool = True
    """Whether it was seen in this look."""
    hidden: bool = False
    """Whether something nearer stood in front of it in this look ..."""
    veiled: bool = False
    """... or in any since the last sighting: it may have left meanwhile."""

    @property
    def is_believed(self) -> bool:
        """Whether it was seen often enough, far enough apart, and in most looks since.

        Traffic that happens to pass one place at times is not.
        """
        long = self.last_s - self.since.now_s >= ENTER_S - ROUNDING_S
        return self.seen >= BELIEVED_LOOKS and long and self.is_seen_in(SEEN_SHARE)

    def is_seen_in(self, share: float) -> bool:
        """Whether it was seen in this share of the clear looks since it came."""
        return self.seen >= share * (self.seen + self.clear)

    @property
    def is_busy(self) -> bool:
        """Whether somebody was at it in at least half of its sightings."""
        return 2 * self.busy >= self.seen

    def is_gone(self, fleeting: int) -> bool:
        """Whether it was missed in so many looks in a row that it is not there any more.

        fleeting: how many that are where it is not believed yet.
        """
        if not self.is_believed:
            return self.missing >= fleeting
        before = self.clear - self.missing
        chance = max(MISS_FLOOR, (before + 1) / (self.seen + before + 2))
        return self.missing >= min(
            GONE_LOOKS_MOST, math.ceil(math.log(GONE_RISK) / math.log(chance))
        )

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        fields = {name: getattr(self, name) for name in Spot.__slots__}
        return {**fields, "box": list(self.box), "since": self.since.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Spot":
        """Undo to_json()."""
        x0, y0, x1, y1 = data["box"]
        since = Instant.from_json(data["since"])
        return cls(**{**data, "box": (x0, y0, x1, y1), "since": since})


class Spots:
    """The spots of one zone."""

    def __init__(self, *, drifting: bool = False) -> None:
        """Drifting: what is followed moves with a current, and update() is told how far."""
        self._drifting = drifting
        self.spots: list[Spot] = []

    def update(
        self,
        scene: Scene,
        columns: NDArray[np.intp],
        strong: NDArray[np.bool_],
        *,
        busy: NDArray[np.bool_] | None = None,
        front: Boxes | None = None,
        shift: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Take the sightings of a look that lie in the zone.

        columns: (N,) their indexes; strong: (N,) which may be something new; busy: (N,) at which
        of them somebody is; front: boxes that may hide spots; shift: how far the current has
        carried everything since the last look, in units.
        """
        boxes = scene.seen.boxes[columns]
        if self._drifting:
            self._move(shift)
        taken = self._match(scene, columns, boxes, busy)
        self._overlook(scene.instant.now_s, front)
        for column in np.flatnonzero(strong).tolist():
            if column not in taken:
                self.spots.append(_new(scene, int(columns[column])))
                self.spots[-1].busy = int(busy is not None and busy[column])
        if len(self.spots) > MOST_SPOTS:
            self.spots.sort(key=lambda spot: (spot.is_believed, spot.last_s, spot.box))
            self.spots = self.spots[-MOST_SPOTS:]

    def _match(
        self,
        scene: Scene,
        columns: NDArray[np.intp],
        boxes: Boxes,
        busy: NDArray[np.bool_] | None,
    ) -> set[int]:
        """Give sightings to spots; returns the positions in columns that were given."""
        for spot in self.spots:
            spot.here = spot.hidden = False
        if not self.spots or not len(columns):
            return set()
        places = boxes_of(self.spots)
        allowed = near(places, boxes) if self._drifting else in_place(places, boxes)
        believed = np.asarray([spot.is_believed for spot in self.spots], float)
        cost = 2.0 - overlaps(places, boxes) - believed[:, None]
        pairs = assign(cost, allowed)
        for row, column in pairs:
            spot = self.spots[row]
            self._see(spot, scene, int(columns[column]))
            spot.busy += int(busy is not None and busy[column])
        return {column for _, column in pairs}

    def _see(self, spot: Spot, scene: Scene, index: int) -> None:
        spot.seen += 1
        spot.missing = 0
        spot.here = True
        spot.veiled = False
        spot.last_s = scene.instant.now_s
        spot.label = scene.seen.names[index]
        spot.track_id = scene.tracks[index].track_id
        spot.score = float(scene.seen.scores[index])
        weight = 0.7 if self._drifting else 1 / spot.seen if spot.seen <= FIRST_BOXES else 0.0
        x0, y0, x1, y1 = (
            old + weight * (new - old)
            for old, new in zip(spot.box, scene.seen.box(index), strict=True)
        )
        spot.box = (x0, y0, x1, y1)

    def _move(self, shift: tuple[float, float]) -> None:
        for spot in self.spots:
            x0, y0, x1, y1 = spot.box
            spot.box = (x0 + shift[0], y0 + shift[1], x1 + shift[0], y1 + shift[1])

    def _overlook(self, now_s: float, front: Boxes | None) -> None:
        """Say what it means that spots were not seen, and forget those that are gone."""
        fleeting = FLEETING_DRIFTING if self._drifting else FLEETING_LOOKS
        kept = []
        for spot in self.spots:
            if not spot.here:
                spot.hidden = front is not None and hidden_share(spot.box, front) >= HIDDEN_MUCH
                spot.veiled = spot.veiled or spot.hidden
                spot.clear += not spot.hidden
                spot.missing += not spot.hidden
            lost = spot.hidden and now_s - spot.last_s > KEEP_S
            if not (spot.is_gone(fleeting) or lost):
                kept.append(spot)
        self.spots = kept

    def to_json(self) -> list[dict[str, Any]]:
        """State as JSON-able data, bounded in size."""
        return [spot.to_json() for spot in self.spots]

    def take_up(self, data: Iterable[dict[str, Any]]) -> None:
        """Undo to_json()."""
        self.spots = [Spot.from_json(one) for one in data]


def _new(scene: Scene, index: int) -> Spot:
    return Spot(
        box=scene.seen.box(index),
        since=scene.instant,
        last_s=scene.instant.now_s,
        label=scene.seen.names[index],
        track_id=scene.tracks[index].track_id,
        score=float(scene.seen.scores[index]),
    )


def near(due: Boxes, seen: Boxes) -> NDArray[np.bool_]:
    """(N, M) whether a seen box is about where one was due, and about as large."""
    middles = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (due, seen)]
    gap = middles[0][:, None, :] - middles[1][None, :, :]
    sizes = [np.sqrt(np.prod(np.maximum(b[:, 2:] - b[:, :2], 1e-6), axis=1)) for b in (due, seen)]
    smaller = np.minimum(sizes[0][:, None], sizes[1][None, :])
    larger = np.maximum(sizes[0][:, None], sizes[1][None, :])
    reach = np.maximum(NEAR_SIZE * smaller, NEAR_UNITS)
    return np.asarray((np.hypot(gap[..., 0], gap[..., 1]) <= reach) & (larger <= 2.0 * smaller))


def boxes_of(spots: Iterable[Spot]) -> Boxes:
    """(N, 4) places of spots."""
    return np.asarray([spot.box for spot in spots], np.float64).reshape(-1, 4)
