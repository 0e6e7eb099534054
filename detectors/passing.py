"""A vehicle on its way through the picture, and what looks at it say."""

import math
from dataclasses import astuple, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.instant import Instant
from detectors.place import Boxes, areas
from detectors.record import Record
from detectors.violation import Box

FASTEST_SIZES_S = 2.0
"""Sizes of itself that a vehicle of unknown speed may go in a second: 20 m a second, 10 m long."""
REACH_SIZE = 0.5
REACH_UNITS = 12.0
"""A vehicle of known speed is within this share of its size, or this many units, of where it is
due ..."""
REACH_WAY = 0.5
"""... and this share of the way it went since: it brakes, turns, comes nearer."""
GROWTH = 2.0
"""Two boxes of one vehicle differ in size by no more than this."""
VOTES = 8
"""Looks that are kept; older ones showed it farther away."""
SLOW_SIZES_S = 0.25
"""A vehicle this slow stands, and may drive on at any time."""
SMOOTH = 0.6
"""Weight of the newest speed."""


Distances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one look says."""

    now_s: float
    says: bool
    """Whether it shows the violation."""
    score: float
    x: float = 0.0
    """Where the vehicle was, in units ..."""
    y: float = 0.0
    size: float = 1.0
    """... and how large: the root of its box's area."""


@dataclass(slots=True)
class Passing:
    """One vehicle, whatever numbers a tracker gives it."""

    number: int
    zone_id: str
    """Where it is; once a record of it is begun, where that was."""
    since: Instant
    first_box: Box
    box: Box
    """Last seen, in units."""
    last_s: float
    track_id: int
    seen: int = 1
    speed: tuple[float, float] = (0.0, 0.0)
    """Units a second, to the right and down."""
    votes: list[Vote] = field(default_factory=list)
    """The latest looks."""
    first_votes: list[Vote] = field(default_factory=list)
    """The first two that showed it."""
    asked_s: float = 0.0
    """How long close looks were asked for since it last moved on."""
    asked_box: Box = (0.0, 0.0, 0.0, 0.0)
    """Where it was then."""
    record: Record | None = None
    stood: Box | None = None
    """Where it stood until it was last seen far from there, which may have been a stray box."""

    @property
    def is_confirmed(self) -> bool:
        """Whether it is a case already."""
        return self.record is not None and self.record.confirmed

    @property
    def may_start(self) -> bool:
        """Whether nobody knows how fast it will be: seen once, or standing."""
        x0, y0, x1, y1 = self.box
        slow = SLOW_SIZES_S * ((x1 - x0) * (y1 - y0)) ** 0.5
        return self.seen == 1 or math.hypot(*self.speed) <= slow

    def see(self, box: Box, track_id: int, now_s: float) -> None:
        """Take a sighting."""
        passed_s = now_s - self.last_s
        back = self.stood is not None and distance(self.stood, box) < distance(self.box, box)
        if back and self.stood is not None:
            self.box, self.speed = self.stood, (0.0, 0.0)
        leapt = self.seen > 1 and self.may_start and distance(self.box, box) >= 1.0
        self.stood = self.box if leapt else None
        if passed_s > 0:
            way = _way(self.box, box)
            new = (way[0] / passed_s, way[1] / passed_s)
            weight = SMOOTH if self.seen > 1 else 1.0
            self.speed = (
                self.speed[0] + weight * (new[0] - self.speed[0]),
                self.speed[1] + weight * (new[1] - self.speed[1]),
            )
        self.seen += 1
        self.box, self.last_s, self.track_id = box, now_s, track_id
        if distance(self.asked_box, box) >= 1.0:
            self.asked_s, self.asked_box = 0.0, box

    def moved(self) -> float:
        """How far it went since looks began to show it, in its own sizes.

        Of the first two and the last two such looks the nearest pair: a stray box is no way.
        """
        last = [vote for vote in self.votes if vote.says][-2:]
        if not last:
            return 0.0
        first = self.first_votes
        if any(vote in first for vote in last):  # fewer than four looks
            last, first = last[-1:], first[:1]
        return min(
            math.hypot(after.x - before.x, after.y - before.y)
            / max(min(before.size, after.size), 1e-6)
            for before in first
            for after in last
        )

    def vote(self, vote: Vote, least_s: float) -> None:
        """Take what a look says; looks that follow too fast show the same picture again."""
        if self.votes and vote.now_s - self.votes[-1].now_s < least_s:
            return
        self.votes = [*self.votes, vote][-VOTES:]
        if vote.says and len(self.first_votes) < 2:
            self.first_votes.append(vote)

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        plain = ("number", "zone_id", "last_s", "track_id", "seen", "asked_s")
        return {
            **{name: getattr(self, name) for name in plain},
            "since": self.since.to_json(),
            "boxes": [list(self.first_box), list(self.box), list(self.asked_box)],
            "speed": list(self.speed),
            "stood": None if self.stood is None else list(self.stood),
            "votes": [list(astuple(vote)) for vote in self.votes],
            "first_votes": [list(astuple(vote)) for vote in self.first_votes],
            "record": None if self.record is None else self.record.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Passing":
        """Undo to_json()."""
        fields = dict(data)
        first, box, asked = (_box(one) for one in fields.pop("boxes"))
        record = fields.pop("record")
        fields["since"] = Instant.from_json(fields["since"])
        stood = data.get("stood")
        fields["stood"] = None if stood is None else _box(stood)
        fields["speed"] = (data["speed"][0], data["speed"][1])
        for name in ("votes", "first_votes"):
            fields[name] = [Vote(*vote) for vote in data[name]]
        return cls(
            **fields,
            first_box=first,
            box=box,
            asked_box=asked,
            record=None if record is None else Record.from_json(record),
        )


def reachable(passing: Passing, boxes: Boxes, now_s: float, *, far: bool) -> Distances:
    """(N,) how far seen boxes are from where a vehicle is due, 0..1 of what it may be off.

    far: as far as a vehicle that stood may go. Infinite where the vehicle cannot be there.
    """
    passed_s = max(0.0, now_s - passing.last_s)
    own = np.asarray([passing.box], np.float64)
    size = float(np.sqrt(areas(own)[0]))
    sizes = np.sqrt(areas(boxes))
    due = (own[0, :2] + own[0, 2:]) / 2 + np.asarray(passing.speed) * passed_s
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    gap = np.hypot(*(middles - due).T)
    reach = np.maximum(REACH_SIZE * np.minimum(size, sizes), REACH_UNITS)
    reach = reach + REACH_WAY * np.hypot(*passing.speed) * passed_s
    if far:
        reach = reach + FASTEST_SIZES_S * size * passed_s
    alike = np.maximum(size, sizes) <= GROWTH * np.minimum(size, sizes)
    off = np.where(alike & (gap <= reach), gap / reach, np.inf)
    if passing.stood is None:
        return off
    stood = np.asarray([passing.stood], np.float64)
    back = np.hypot(*(middles - (stood[0, :2] + stood[0, 2:]) / 2).T)
    near = REACH_SIZE * float(np.sqrt(areas(stood)[0]))
    return np.minimum(off, np.where(back <= near, back / near, np.inf))


def distance(one: Box, other: Box) -> float:
    """How far apart the middles of two boxes are, in sizes of the smaller."""
    x, y = _way(one, other)
    sizes = [((box[2] - box[0]) * (box[3] - box[1])) ** 0.5 for box in (one, other)]
    return math.hypot(x, y) / float(max(min(sizes), 1e-6))


def _way(one: Box, other: Box) -> tuple[float, float]:
    return (
        (other[0] + other[2] - one[0] - one[2]) / 2,
        (other[1] + other[3] - one[1] - one[3]) / 2,
    )


def _box(edges: list[float]) -> Box:
    x0, y0, x1, y1 = edges
    return (x0, y0, x1, y1)
