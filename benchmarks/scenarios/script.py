"""A scripted street: who is where when, what breaks a rule, and what the camera goes through.

The truth is written here, by whoever writes the script, before any noise is added and without the
engine that is measured against it. Times are seconds from the start of the script, boxes are
x0 y0 x1 y1 in pixels of a picture of 640 x 360.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from detectors import Box, PictureState, Rule, Zone

WIDTH, HEIGHT = 640, 360
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
"""A Monday, 12:00 in Shanghai."""
EVER = math.inf
INTERVAL_S = 2.0

Random = np.random.Generator
Interval = tuple[float, float]
"""[start, end) in seconds."""


@dataclass(frozen=True, slots=True)
class Stay:
    """In one place, or rolling on from it, during [start_s, end_s)."""

    box: Box
    start_s: float = 0.0
    end_s: float = EVER
    speed_px_s: tuple[float, float] = (0.0, 0.0)
    paint: int | None = None
    """Looks like this now; None: as the actor does."""
    label: str | None = None
    """Is taken for this now; None: for what the actor is."""

    def at(self, at_s: float) -> Box | None:
        """Where it is; None where it is not."""
        if not self.start_s <= at_s < self.end_s:
            return None
        if self.speed_px_s == (0.0, 0.0):
            return self.box
        x, y = (speed * (at_s - self.start_s) for speed in self.speed_px_s)
        x0, y0, x1, y1 = self.box
        return (x0 + x, y0 + y, x1 + x, y1 + y)


@dataclass(frozen=True, slots=True)
class Actor:
    """One thing of the street."""

    label: str
    stays: tuple[Stay, ...]
    paint: int = 0
    """Which one it is: its colours and pattern."""
    score: float = 0.75
    """Mean score that a model gives it."""
    miss: float | None = None
    """Chance that it is not detected in a look; None: as everything else."""
    seen: bool = True
    """False: no model knows it, but it is in the picture, and hides what is behind it."""
    layer: int = 0
    """-1: flat on the ground, 1: on top of whatever it overlaps; neither hides anything."""

    @classmethod
    def standing(
        cls,
        label: str,
        box: Box,
        start_s: float = 0.0,
        end_s: float = EVER,
        *,
        paint: int = 0,
        layer: int = 0,
    ) -> "Actor":
        """Stand in one place."""
        return cls(label, (Stay(box, start_s, end_s),), paint, layer=layer)

    def stay(self, at_s: float) -> tuple[Stay, Box] | None:
        """Where it is, and how it looks there; None where it is not."""
        for stay in self.stays:
            box = stay.at(at_s)
            if box is not None:
                return stay, box
        return None


@dataclass(frozen=True, slots=True)
class Spell:
    """What the camera goes through during [start_s, end_s)."""

    start_s: float
    end_s: float
    state: PictureState = PictureState.OK
    """What the picture is known to be; nothing is detected in one that is not OK."""
    lost: bool = False
    """No looks come; the next one belongs to a new session."""
    restart: bool = False
    """No looks come; the process is started anew, from its last snapshot."""
    shake_px: float = 0.0
    """By how much the whole picture jumps from look to look."""
    miss: float = 0.0
    """Chance of a miss on top of the noise's."""
    score: float = 1.0
    """Factor of all scores."""
    light: float = 1.0
    """Factor of the picture's brightness."""
    sparks: float = 0.0
    """Share of pixels that rain or noise spoils."""

    def holds(self, at_s: float) -> bool:
        """Whether it is now."""
        return self.start_s <= at_s < self.end_s

    @property
    def blind_s(self) -> float:
        """Seconds in which nothing can be seen."""
        blind = self.lost or self.restart or self.state is not PictureState.OK
        return self.end_s - self.start_s if blind else 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """A violation that is there to be found."""

    kind: str
    zone_id: str
    counted: tuple[Interval, ...]
    """When it is there and forbidden: its clock runs."""
    dwell_s: float
    """Seconds of `counted` that make the violation."""
    place: Box | None = None
    """Where it is, if there may be more than one in the zone."""
    window: Interval | None = None
    """When it has to be confirmed, where no dwell says so."""
    came_s: float | None = None
    """When it came, if it was excused at first: an excuse shows only after a few looks."""
    slack_s: float = 0.0
    """How much later than usual it may be confirmed, where the script makes it hard."""

    def dwelt_s(self, at_s: float, interval_s: float, blind: Sequence[Interval] = ()) -> float:
        """Seconds it has been there and forbidden by at_s, as looks at that rhythm can know it.

        blind: when there was nothing to see; who comes then is known from the look after it.
        """
        total = 0.0
        for start, end in self.counted:
            shown = math.ceil(start / interval_s - 1e-9) * interval_s
            while any(b0 - 1e-9 <= shown < b1 - 1e-9 for b0, b1 in blind):
                shown += interval_s
            total += max(0.0, min(end, at_s) - shown)
        return total

    def due_s(self, interval_s: float) -> float:
        """Time of the first look at which its dwell is complete; infinite if it never is."""
        left = self.dwell_s
        for start, end in self.counted:
            shown = math.ceil(start / interval_s - 1e-9) * interval_s
            if end - shown >= left:
                return shown + math.ceil(left / interval_s - 1e-9) * interval_s
            left -= max(0.0, end - shown)
        return EVER


@dataclass(frozen=True, slots=True)
class Script:
    """A sequence: a street, the rules that watch it, and the truth."""

    rules: tuple[Rule, ...]
    actors: tuple[Actor, ...]
    until_s: float
    expected: tuple[Expected, ...] = ()
    spells: tuple[Spell, ...] = ()
    interval_s: float = INTERVAL_S
    idle_every: int = 1
    """Looks of which only one is had unless the rules ask for close attention."""
    start: datetime = NOON
    pictures: bool = False
    """Whether looks carry small pictures."""
    stray: tuple[str, ...] = ()
    """Labels of false boxes; empty: those that the rules look for."""
    hard: bool = True
    """Whether night, rain, a dropped stream and the like may be added ..."""
    unless: frozenset[str] = frozenset()
    """... and which of them may not, because the truth would be another one."""
    decisive: tuple[Interval, ...] = ()
    """When it has to be seen: nothing is drawn that hides all of the picture then."""

    def with_spells(self, *spells: Spell) -> "Script":
        """Add to what the camera goes through."""
        return replace(self, spells=self.spells + spells)


Make = Callable[[Random], Script]
"""Draws a script; its docstring says what happens in it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story, in as many variations as there are seeds."""

    kind: str
    name: str
    innocent: bool
    make: Make


def rule_of(kind: str, *zones: Zone, **fields: object) -> Rule:
    """Make a rule; fields by their names in Rule."""
    return Rule(kind, zones=zones, **fields)  # type: ignore[arg-type]  # fields by name


def zone(zone_id: str, kind: str, left: float, top: float, right: float, bottom: float) -> Zone:
    """Make a rectangular zone; sides in fractions of the picture."""
    return Zone(zone_id, kind, ((left, top), (right, top), (right, bottom), (left, bottom)))


def box_at(x: float, y: float, width: float, height: float) -> Box:
    """Make a box from the middle of its lower side."""
    return (x - width / 2, y - height, x + width / 2, y)


def row_of(
    label: str,
    count: int,
    corner: tuple[float, float],
    size: tuple[float, float],
    apart: tuple[float, float],
    *,
    start_s: float = 0.0,
    end_s: float = EVER,
    columns: int = 100,
) -> tuple[Actor, ...]:
    """Set things up in rows from the upper left corner of the first, farthest row first."""
    places = [
        (corner[0] + apart[0] * (number % columns), corner[1] + apart[1] * (number // columns))
        for number in range(count)
    ]
    return tuple(
        Actor.standing(label, (x, y, x + size[0], y + size[1]), start_s, end_s, paint=number)
        for number, (x, y) in enumerate(places)
    )


def passing(
    random: Random,
    label: str,
    until_s: float,
    count: int,
    low: float,
    *,
    size: tuple[float, float] = (95.0, 55.0),
    speed: tuple[float, float] = (70.0, 150.0),
) -> tuple[Actor, ...]:
    """Let things pass from left to right at random times; low: y of their lower side."""
    starts = random.uniform(0.0, until_s, count).tolist()
    speeds = random.uniform(*speed, count).tolist()
    return tuple(
        Actor(
            label,
            (Stay(box_at(-size[0] / 2, low, *size), start, start + 760.0 / fast, (fast, 0.0)),),
            20 + number,
        )
        for number, (start, fast) in enumerate(zip(starts, speeds, strict=True))
    )


def shift(box: Box, x: float, y: float) -> Box:
    """Move a box."""
    return (box[0] + x, box[1] + y, box[2] + x, box[3] + y)


def whole(random: Random, low: float, high: float) -> float:
    """Draw a whole number of seconds in [low, high]."""
    return float(random.integers(round(low), round(high) + 1))


def paints(random: Random, count: int) -> list[int]:
    """Draw paints that differ."""
    return [int(number) for number in random.permutation(90)[:count]]
