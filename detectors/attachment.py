"""Which sighting of a look is which standing thing, by place and appearance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import appearance
from detectors.assignment import assign
from detectors.place import (
    Boxes,
    areas,
    hidden_shares,
    in_place,
    intersections,
    overlaps,
    rivals,
)
from detectors.scene import Scene
from detectors.states import State
from detectors.thing import Thing

HIDDEN_SOME = 0.05
"""Share of a place that something nearer covers from which it need not look as it did."""
PART_SHARE = 0.85
"""A box of the thing's group that lies this much inside its place is a part of it."""
LEAST_SIDE = 8.0
"""Side of a box, in units, under which nobody could be accused."""
STEADY_BOXES = 4
"""Clear boxes of a thing from which on it is known how far its boxes differ."""
MOVED = 0.1
"""By how much less a box overlaps the place than any before where something else stands there."""
LOOKS_LIKE_NOTHING_ELSE = 0.8
"""From this likeness on nothing else can have stood in a place that was hidden for a moment."""
ARRIVING_COST = 1.0
"""Makes a sighting go to a thing already believed, where a new one claims it too."""


class Looks(Enum):
    """How the place of a thing looks now."""

    SAME = auto()
    UNSURE = auto()
    OTHER = auto()
    HIDDEN = auto()
    """Not the same, but something nearer covers some of it."""
    UNKNOWN = auto()
    """There is no picture, or too little of one, to compare."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A thing's place now, beside what it was."""

    looks: Looks
    hidden: float
    """Share of the place that one nearer thing covers."""
    likeness: float | None = None
    """See appearance.likeness()."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule takes for its things."""

    classes: frozenset[str]
    take_score: float
    """Least score of a new thing."""
    stay_score: float
    """Least score of one that is known."""
    short_s: float
    """How long a believed thing may be half covered since it was last seen to be the same."""
    rigid: bool = False
    """Whether boxes of one of them are alike as long as it stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a look says about the things of a rule; rows number things, columns sightings."""

    seen: Mapping[int, int]
    """Column of each row that was seen."""
    claimed: NDArray[np.bool_]
    """(things, N) whether a sighting stands in the thing's place."""
    looks: tuple["Compared", ...]
    free: tuple[int, ...]
    """Columns that may be new things, from left to right ..."""
    faint: tuple[int, ...]
    """... and those that score too little for that."""


def attach(
    things: Sequence[Thing], scene: Scene, wanted: Wanted, *, changing: bool = False
) -> Evidence:
    """Match the sightings of a scene with standing things; changing: see compare()."""
    seen = scene.seen
    usable = _usable(scene, wanted)
    places = np.asarray([thing.box for thing in things], np.float64).reshape(-1, 4)
    claimed = in_place(places, seen.boxes) & usable[None, :]
    hidden = hidden_shares_of(places, claimed, scene)
    compared = tuple(
        compare(thing, share, scene, changing=changing)
        if mine.any() or _may_tell(thing)
        else Compared(Looks.UNKNOWN, share)
        for thing, share, mine in zip(things, hidden, claimed, strict=True)
    )
    compared = tuple(
        doubted(thing, one, seen.boxes[mine], wanted)
        for thing, one, mine in zip(things, compared, claimed, strict=True)
    )
    alike = np.asarray(
        [
            _passes(thing, one.looks, scene, wanted)
            for thing, one in zip(things, compared, strict=True)
        ],
        bool,
    )
    arriving = np.asarray([thing.presence.state is State.ARRIVING for thing in things], float)
    cost = 1.0 - overlaps(places, seen.boxes) + ARRIVING_COST * arriving.reshape(-1, 1)
    pairs = _pairs(cost, claimed & alike[:, None], seen.leaders)
    covered = np.asarray([one.looks is Looks.HIDDEN for one in compared], bool)
    # what stands in a covered place may be the old thing: it is not taken for a new one
    reserved = (claimed & covered[:, None]).any(axis=0)
    taken = {int(seen.leaders[column]) for column in pairs.values()}
    alone = usable & (seen.leaders == np.arange(len(seen))) & ~reserved
    strong = seen.scores >= wanted.take_score
    free, faint = (
        [index for index in np.flatnonzero(alone & some).tolist() if index not in taken]
        for some in (strong, ~strong)
    )
    free.sort(key=lambda index: tuple(seen.boxes[index].tolist()))
    return Evidence(pairs, claimed, compared, tuple(free), tuple(faint))


def _may_tell(thing: Thing) -> bool:
    """Whether it matters how the place of an unseen thing looks.

    Passing traffic leaves a thing behind at every look, and comparing is what a busy street costs
    most. Of one that is not believed yet a first miss breaks no dwell and a third one ends it.
    """
    return thing.presence.state is not State.ARRIVING or thing.presence.missing == 1


def doubted(thing: Thing, compared: Compared, boxes: Boxes, wanted: Wanted) -> Compared:
    """Doubt that what comes out from behind something is the rigid thing that was there.

    boxes: (N, 4) of what is in its place now.

    What has taken its place meanwhile looks a little different, and stands a little otherwise than
    all of its boxes before: either alone is the light's doing, or the model's.
    """
    unseen = thing.presence.state is State.UNSEEN
    if not (wanted.rigid and unseen and compared.looks is Looks.SAME):
        return compared
    clear = thing.boxes[: len(thing.boxes) - thing.behind]
    alike = compared.likeness
    if alike is None or alike >= LOOKS_LIKE_NOTHING_ELSE or len(clear) < STEADY_BOXES:
        return compared
    place = np.asarray([thing.box], np.float64)
    before = float(overlaps(place, np.asarray(clear, np.float64)).min())
    now = float(overlaps(place, boxes).max(initial=0.0))
    if not len(boxes) or now >= before - MOVED:
        return compared
    return replace(compared, looks=Looks.UNSURE)


def _passes(thing: Thing, looks: Looks, scene: Scene, wanted: Wanted) -> bool:
    """Whether a sighting in a thing's place may be taken for it."""
    if looks is Looks.HIDDEN:
        believed = thing.presence.state in {State.DWELLING, State.CONFIRMED}
        return believed and scene.instant.now_s - thing.verified_s <= wanted.short_s
    return looks in {Looks.SAME, Looks.UNKNOWN}


def _pairs(
    cost: NDArray[np.float64], allowed: NDArray[np.bool_], leaders: NDArray[np.intp]
) -> dict[int, int]:
    """Column of each row that gets one; boxes that show one thing go to one row."""
    shown = np.unique(leaders)
    if not len(shown):
        return {}
    # (things, shown): the member of each that suits the row best; nearly all have one member
    best = np.tile(shown, (len(cost), 1))
    others = np.flatnonzero(leaders != np.arange(len(leaders)))
    for place in np.searchsorted(shown, np.unique(leaders[others])).tolist():
        members = np.flatnonzero(leaders == shown[place])
        costly = np.where(allowed[:, members], cost[:, members], np.inf)
        best[:, place] = members[np.argmin(costly, axis=1)]
    rows = np.arange(len(cost))[:, None]
    pairs = assign(cost[rows, best], allowed[rows, best])
    return {row: int(best[row, column]) for row, column in pairs}


def _usable(scene: Scene, wanted: Wanted) -> NDArray[np.bool_]:
    seen = scene.seen
    named = np.asarray([name in wanted.classes for name in seen.names], bool)
    sides = (seen.boxes[:, 2:] - seen.boxes[:, :2]).min(axis=1, initial=np.inf)
    big = sides >= LEAST_SIDE
    return np.asarray(named & (seen.scores >= wanted.stay_score) & big)


def hidden_shares_of(places: Boxes, own: NDArray[np.bool_], scene: Scene) -> list[float]:
    """Share of each place that another thing covers; own: (places, N) the sightings in it.

    Second boxes and parts of what is in a place do not hide it, nor does what claims its ground.
    """
    seen = scene.seen
    if not len(seen) or not len(places):
        return [0.0] * len(places)
    mine = own | _alike(own, seen.leaders)
    inside = intersections(places, seen.boxes) / areas(seen.boxes)
    mine |= (inside >= PART_SHARE) & _alike(own, seen.groups)
    mine |= rivals(places, seen.boxes)
    shares = hidden_shares(places, seen.boxes, ~mine & scene.sure[None, :], appearance.PAD)
    return [float(share) for share in shares]


def _alike(own: NDArray[np.bool_], marks: NDArray[Any]) -> NDArray[np.bool_]:
    """(places, N) whether a sighting bears a mark that one of a place's own bears."""
    same = marks[:, None] == marks[None, :]
    return np.asarray((own[:, :, None] & same[None, :, :]).any(axis=1))


def compare(thing: Thing, hidden: float, scene: Scene, *, changing: bool = False) -> Compared:
    """Say how a thing's place looks now, with this share of it hidden.

    changing: all of the ground looks otherwise for a while: that a place does says nothing, and
    what it looks like meanwhile is not followed.
    """
    alike = appearance.likeness(thing.signature, scene.picture)
    if alike is None:
        return Compared(Looks.UNKNOWN, hidden)
    looks = Looks.UNSURE
    if alike >= appearance.LOOKS_SAME:
        looks = Looks.SAME
    elif hidden >= HIDDEN_SOME:
        looks = Looks.HIDDEN
    elif alike < appearance.LOOKS_CHANGED:
        looks = Looks.OTHER
    if changing:
        return Compared(looks if looks in {Looks.SAME, Looks.HIDDEN} else Looks.UNKNOWN, hidden)
    return Compared(looks, hidden, alike)


def boxes_of(things: Sequence[Thing]) -> Boxes:
    """(N, 4) places of things."""
    return np.asarray([thing.box for thing in things], np.float64).reshape(-1, 4)
