"""A story: one camera, a street, and who does what when; the JSON of a sequence, checked."""

import json
import math
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from training.scenes.cast import CAST
from training.scenes.light import WEATHERS
from training.scenes.street import Street

STREET = Street(lanes=1, lane_m=3.5, kerb_lane_m=2.9, pavement_m=5.0)
"""The stories' street: kerb at y = 6.4 m, shop line at 11.4 m on both sides."""
KEY_S = 2.0
"""Media time between two key frames of a story's video."""


class StoryError(ValueError):
    """A story says something that cannot be played; the message names the file and the place."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One thing of a story."""

    name: str
    thing: str
    """A name of cast.CAST."""
    way: tuple[tuple[float, float, float, float], ...]
    """At least one (at_s, x, y, heading in degrees); straight and even between two of them."""
    kind: str = ""
    """Kind of that thing, drawn when empty."""
    from_s: float = 0.0
    to_s: float | None = None
    """On stage during [from_s, to_s); None stays to the end."""
    z: float | None = None
    """Height of the origin above the carriageway; None stands on the ground."""
    size: tuple[float, float] = (3.5, 1.0)
    """Length and height in metres where the thing has a choice."""
    twin: str = ""
    """Another actor whose random numbers it shares: a sign before and after."""
    whole: bool = False
    """Its coming or going changes the whole picture (a shadow)."""

    def stands(self, at_s: float) -> tuple[float, float, float] | None:
        """Return x, y and heading in degrees at a moment; None when not on stage."""
        if at_s < self.from_s or (self.to_s is not None and at_s >= self.to_s):
            return None
        for (t0, x0, y0, turn), (t1, x1, y1, _) in pairwise(self.way):
            if t0 <= at_s < t1:
                share = (at_s - t0) / (t1 - t0)
                return x0 + share * (x1 - x0), y0 + share * (y1 - y0), turn
        last = self.way[0] if at_s < self.way[0][0] else self.way[-1]
        return last[1], last[2], last[3]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the site file, drawn in the world."""

    name: str
    kind: str
    corners: tuple[tuple[float, float, float], ...]
    """x, y, z in metres, in order."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One violation of the story, as a person who looks on would state it."""

    kind: str
    zone: str
    from_s: float
    to_s: float | None
    """During [from_s, to_s); None to the end."""
    actors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What happens before one camera."""

    name: str
    kind: str
    """The violation that it is about, whether it happens or only seems to."""
    about: str
    """One sentence for a reader."""
    length_s: float
    dwell_s: float
    """Dwell that a rule should be given here."""
    camera: tuple[float, float, float, float, float, float]
    """x, y, z in metres; yaw, pitch (down) and angle of view in degrees."""
    actors: tuple[Actor, ...]
    zones: tuple[Zone, ...]
    wrong: tuple[Wrong, ...] = ()
    """Empty: innocent."""
    step_s: float = 2.0
    """Time between two rendered pictures."""
    weathers: tuple[str, ...] = ("cloud", "sun")
    """One of them is drawn."""
    river_side: float = 0.0
    clear: tuple[float, float] | None = None
    """Furniture signs and trees with x in this range on the side y > 0 are left out."""
    shakes: tuple[tuple[float, float], ...] = ()
    """During each [from_s, to_s) wind shakes the camera."""
    drops: tuple[tuple[float, float], ...] = ()
    """During each [from_s, to_s) no picture arrives, and the stream begins anew after it."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What a site file would say of this place: at_least, sees_load, allow."""

    @property
    def moments(self) -> tuple[float, ...]:
        """Seconds of the rendered pictures."""
        steps = (i * self.step_s for i in range(round(self.length_s / self.step_s)))
        return tuple(at_s for at_s in steps if not _within(self.drops, at_s))

    def is_shaken(self, at_s: float) -> bool:
        """Say whether the wind shakes the camera at a moment."""
        return _within(self.shakes, at_s)

    def is_wrong(self, at_s: float) -> bool:
        """Whether there is a violation at a moment."""
        spans = ((w.from_s, math.inf if w.to_s is None else w.to_s) for w in self.wrong)
        return _within(tuple(spans), at_s)


def _within(spans: tuple[tuple[float, float], ...], at_s: float) -> bool:
    return any(from_s <= at_s < to_s for from_s, to_s in spans)


def read_story(path: Path) -> Story:
    """Read a story; raises StoryError with the key and what is wrong."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoryError(f"{path}: {error}") from error
    try:
        story = parse_story(values)
    except StoryError as error:
        raise StoryError(f"{path}: {error}") from error
    return story


def parse_story(values: Any) -> Story:
    """Make a story of decoded JSON; raises StoryError."""
    row = _known(values, Story, "story")
    row["actors"] = tuple(_actor(actor) for actor in row["actors"])
    row["zones"] = tuple(
        Zone(**_known(zone, Zone, "zone") | {"corners": _points(zone["corners"], 3)})
        for zone in row["zones"]
    )
    row["wrong"] = tuple(
        Wrong(**_known(wrong, Wrong, "wrong") | {"actors": tuple(wrong["actors"])})
        for wrong in row.get("wrong", ())
    )
    for name in ("camera", "weathers"):
        if name in row:
            row[name] = tuple(row[name])
    if row.get("clear"):
        row["clear"] = tuple(row["clear"])
    for name in ("shakes", "drops"):
        row[name] = _points(row.get(name, ()), 2)
    story = Story(**row)
    _check(story)
    return story


def _known(values: Any, kind: type, what: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise StoryError(f"a {what} is {values!r}, expected an object")
    names = {f.name: f for f in fields(kind)}
    if unknown := set(values) - set(names):
        raise StoryError(f"{what}: unknown {sorted(unknown)}; known {sorted(names)}")
    needed = {n for n, f in names.items() if f.default is f.default_factory}
    if missing := needed - set(values):
        raise StoryError(f"{what}: {sorted(missing)} missing")
    return dict(values)


def _points(rows: Any, length: int) -> tuple[Any, ...]:
    points = tuple(tuple(float(value) for value in row) for row in rows)
    if any(len(point) != length for point in points):
        raise StoryError(f"{rows!r}: expected rows of {length} numbers")
    return points


def _actor(values: Any) -> Actor:
    row = _known(values, Actor, "actor")
    row["way"] = _points(row["way"], 4)
    if "size" in row:
        row["size"] = tuple(float(value) for value in row["size"])
    actor = Actor(**row)
    if actor.thing not in CAST:
        raise StoryError(f"actor {actor.name}: thing {actor.thing!r} is none of {sorted(CAST)}")
    times = [corner[0] for corner in actor.way]
    if not times or sorted(set(times)) != times:
        raise StoryError(f"actor {actor.name}: the times of its way must rise, got {times}")
    return actor


def _check(story: Story) -> None:
    names = [actor.name for actor in story.actors]
    zones = {zone.name for zone in story.zones}
    if len(set(names)) != len(names):
        raise StoryError(f"two actors have one name: {sorted(names)}")
    if len(story.camera) != 6:
        raise StoryError("camera: expected x, y, z, yaw, pitch and angle of view")
    if bad := set(story.weathers) - set(WEATHERS):
        raise StoryError(f"weathers: {sorted(bad)} are none of {WEATHERS}")
    if story.length_s < 2 * story.step_s or story.step_s <= 0:
        raise StoryError(f"length_s {story.length_s} holds no two steps of {story.step_s} s")
    _check_spans(story)
    for actor in story.actors:
        if actor.twin and actor.twin not in names:
            raise StoryError(f"actor {actor.name}: twin {actor.twin!r} is no actor")
    for wrong in story.wrong:
        if wrong.zone not in zones:
            raise StoryError(f"wrong: zone {wrong.zone!r} is none of {sorted(zones)}")
        if missing := set(wrong.actors) - set(names):
            raise StoryError(f"wrong: {sorted(missing)} are no actors")


def _check_spans(story: Story) -> None:
    for from_s, to_s in story.drops + story.shakes:
        if not 0 < from_s < to_s < story.length_s or from_s % KEY_S or to_s % KEY_S:
            raise StoryError(
                f"shakes and drops: [{from_s:g}, {to_s:g}] must lie inside the story and begin and "
                f"end at multiples of {KEY_S:g} s"
            )
