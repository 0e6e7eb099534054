"""What is its own about muck_spill: it is new on the road, and lies there while traffic passes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.kinds import TRUCKS, VEHICLES
from detectors.place import UNITS, Boxes, areas, grounds, intersections
from detectors.presence import ENTER_S
from detectors.road import HOUR_S, Road
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.stains import LEAST_SEEN, Stains
from detectors.standing import Standing
from detectors.states import State
from detectors.thing import Thing
from detectors.violation import Box, Passing

ON_SHARE = 0.7
"""Muck whose box lies in a vehicle's by this share is its load."""
CLEAR_LOOKS = 5
"""Sightings without a vehicle near that a spill needs: headlights and shadows go with theirs."""
NEAR = 0.7
"""Distance in sizes of a vehicle within which it may throw light or shade."""
TOGETHER = 0.5
"""Distance in sizes of the larger of two patches up to which one lorry lost both ..."""
TOGETHER_S = 6.0
"""... where they came within so long: one spill, one case."""
WAITING_S = 12.0
"""A vehicle that stood and is not seen may still be there for so long."""
MOST_WAITING = 64
QUIET = 2.0
"""Where no vehicle has passed since, a spill has to lie for this many dwells."""
WET_SHARE = 0.35
"""Share of the road that has changed at once when it is wet (or the light has changed at large)."""
WET_PIECES = 5
"""New pieces within PIECES_S, spread over the road, that are no spill: drops, leaves, light."""
PIECES_S = 120.0
SPREAD = 0.25
"""Share of a zone inside their hull from which pieces are spread; a lorry's trail is a line."""
WET_S = 300.0
"""How long a road is taken to be wet after it last looked so."""
DRY_S = 1800.0
"""What came while the road was wet may be water for so long after."""
SHRUNK = 0.7
"""A patch smaller than this share of its largest size dries."""
FOLLOW = 0.2
"""Weight of the newest box in the size that is followed."""
DOUBT_SHARE = 0.5
"""Share of sightings that look old, or like plain shade or water, from which it is none."""
SEEN_LATELY_S = 60.0
PASSING_S = 300.0
"""How long before muck was seen a lorry may have lost it."""
SAME_LORRY_S = 6.0
"""Lorries of one name seen within so long, not in one look, are one."""
MOST_PASSING = 16


class MuckSpill(Standing):
    """Muck that was not there in the last hour, seen again after vehicles passed, on a dry road.

    It lies flat, so that all of its box counts: one stone nearer the camera makes the box reach
    lower than the heap, beside the zone.
    """

    whole_counts = True

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self._dwell_s = {zone.zone_id: rule.effective_dwell_s(zone) for zone in rule.accused_zones}
        self._classes = rule.effective_classes
        self._road = Road(list(self._areas.values()))
        self._stains = Stains()
        self._lorries: list[Passing] = []
        self._waiting: list[tuple[Box, float]] = []
        """Vehicles that stand, and when they were last seen: models miss some in some looks."""
        self._traffic_s: dict[str, float] = {}
        """When a vehicle was last seen in each zone."""
        self._soaked_s: float | None = None
        """First of the looks in a row in which the road has changed at large, up to this one."""
        self._wet_since_s = self._wet_until_s = -math.inf

    def observe(self, scene: Scene) -> None:
        """See who drives, which muck is known, and whether the road is wet."""
        now_s = scene.instant.now_s
        self._see_vehicles(scene)
        self._stains.forget(now_s - HOUR_S)
        lately = [stain.box for stain in self._stains.since(now_s - SEEN_LATELY_S)]
        # A lorry that is missed in a look still covers what it stands on.
        standing = [box for box, _ in self._waiting]
        muck = [
            scene.seen.box(index)
            for index, name in enumerate(scene.seen.names)
            if name in self._classes
        ]
        self._road.observe(scene, [*lately, *standing, *muck])
        for box in muck:
            self._stains.see(box, now_s, lambda box: self._road.was_bare(box, now_s))
        self._see_wetness(scene)

    def zone_near(self, index: int, scene: Scene) -> str | None:
        """Zone of muck that is no vehicle's load."""
        one = scene.seen.boxes[[index]]
        if np.any(intersections(one, self._vehicles_now(scene))[0] / areas(one)[0] >= ON_SHARE):
            return None
        return super().zone_near(index, scene)

    def is_paused(self, thing: Thing, scene: Scene) -> bool:
        """Whether the road is wet."""
        del thing
        return self._is_wet(scene.instant.now_s)

    def is_changing(self, scene: Scene) -> bool:
        """Whether the road is wet: it gets darker, and muck on it may not."""
        return self._is_wet(scene.instant.now_s)

    def began(self, thing: Thing, scene: Scene) -> None:
        """Note what is known about its coming: was it there before, who passed, was it raining."""
        now_s = scene.instant.now_s
        stain = self._stains.at(thing.box)
        thing.kept["fresh"] = float(stain is not None and stain.fresh)
        # Where it was seen before, as another thing maybe, it came when it was first seen.
        wet_s = self._wet_until_s
        watery = stain is not None and self._wet_since_s <= stain.first_s < wet_s
        thing.kept["wet"] = float(watery or self._is_wet(now_s))
        if watery:
            thing.kept["wet_s"] = min(wet_s, now_s)
        thing.passing = tuple(one for one in self._lorries if one.at_s < scene.instant.at_s)

    def saw(self, thing: Thing, index: int, scene: Scene) -> None:
        """Count clear sightings and doubtful ones, and follow its size."""
        kept, box = thing.kept, scene.seen.box(index)
        first_s, now_s = thing.presence.first_s, scene.instant.now_s
        if first_s < self._traffic_s.get(thing.zone_id, -math.inf) < now_s:
            kept["passed"] = 1.0
        if not _is_near(box, self._vehicles_now(scene), NEAR):
            kept["clear"] = kept.get("clear", 0.0) + 1.0
        novelty = self._road.novelty(thing.box)
        if novelty is not None:
            kept["compared"] = kept.get("compared", 0.0) + 1.0
            kept["doubtful"] = kept.get("doubtful", 0.0) + (novelty.shade or not novelty.new)
        size = float(areas(np.asarray([box]))[0])
        kept["size"] = kept.get("size", size) * (1 - FOLLOW) + FOLLOW * size
        kept["largest"] = max(kept.get("largest", 0.0), kept["size"])
        if self._is_wet(now_s):
            kept["wet_s"] = now_s
            if first_s >= self._wet_since_s:
                kept["wet"] = 1.0  # it came with the water

    def is_part(self, thing: Thing, others: Sequence[Thing]) -> bool:
        """Whether a patch came with one beside it that is believed, or larger."""
        mine = np.asarray([thing.box])
        rank = (areas(mine)[0], -thing.number)
        for other in others:
            place = np.asarray([other.box])
            leads = other.presence.state is not State.ARRIVING
            leads = leads or (areas(place)[0], -other.number) > rank
            since_s = abs(thing.presence.first_s - other.presence.first_s)
            if leads and since_s <= TOGETHER_S and other.zone_id == thing.zone_id:
                beside = _is_near(thing.box, place, TOGETHER)
                if beside or _is_near(other.box, mine, TOGETHER):
                    return True
        return False

    def is_proven(self, thing: Thing, scene: Scene) -> bool:
        """Whether it is new, dry, no light or shade, and lay there while traffic passed."""
        kept = thing.kept
        quiet = thing.presence.dwell_s >= QUIET * self._dwell_s[thing.zone_id]
        dry = not kept.get("wet") or scene.instant.now_s - kept.get("wet_s", -math.inf) >= DRY_S
        return (
            bool(kept.get("fresh"))
            and dry
            and kept.get("clear", 0.0) >= CLEAR_LOOKS
            and (bool(kept.get("passed")) or quiet)
            and kept.get("doubtful", 0.0) <= DOUBT_SHARE * kept.get("compared", 0.0)
            and kept["size"] >= SHRUNK * kept["largest"]
        )

    def _see_wetness(self, scene: Scene) -> None:
        """Take a road for wet that looks so in two looks running: a lorry may be missed in one."""
        now_s = scene.instant.now_s
        if self._is_strewn(scene):
            self._wet_until_s = now_s + WET_S
        if self._road.changed_share() < WET_SHARE:
            self._soaked_s = None
        elif self._soaked_s is None:
            self._soaked_s = now_s
        else:
            if not self._is_wet(now_s):
                self._wet_since_s = self._soaked_s
            self._wet_until_s = now_s + WET_S

    def _is_wet(self, now_s: float) -> bool:
        return now_s < self._wet_until_s

    def _vehicles_now(self, scene: Scene) -> Boxes:
        """(N, 4) vehicles of this look, and those that stood there a moment ago."""
        waiting = np.asarray([box for box, _ in self._waiting], np.float64).reshape(-1, 4)
        return np.concatenate([scene.seen.boxes[_vehicles(scene)], waiting])

    def _see_vehicles(self, scene: Scene) -> None:
        instant = scene.instant
        self._waiting = [one for one in self._waiting if instant.now_s - one[1] <= WAITING_S]
        for index in _vehicles(scene).tolist():
            box = scene.seen.box(index)
            if instant.now_s - scene.tracks[index].still_since_s >= ENTER_S:
                self._waiting = [*self._waiting, (box, instant.now_s)][-MOST_WAITING:]
            there = [z for z, area in self._areas.items() if area.holds_ground(box, scene.height)]
            for zone_id in there:
                self._traffic_s[zone_id] = instant.now_s
            if there and scene.seen.names[index] in TRUCKS:
                self._note_lorry(index, scene)
        self._lorries = [
            one
            for one in self._lorries
            if (instant.captured_at - one.captured_at).total_seconds() <= PASSING_S
        ][-MOST_PASSING:]

    def _note_lorry(self, index: int, scene: Scene) -> None:
        """Remember a lorry once: a fast one has a new track at every look."""
        instant, track = scene.instant, scene.tracks[index]
        lorry = Passing(
            label=track.label,
            track_id=track.track_id,
            at_s=instant.at_s,
            captured_at=instant.captured_at,
            box=instant.pixels(scene.seen.box(index)),
        )
        self._lorries = [
            one
            for one in self._lorries
            if one.track_id != lorry.track_id
            and not (one.label == lorry.label and 0 < lorry.at_s - one.at_s <= SAME_LORRY_S)
        ]
        self._lorries.append(lorry)

    def _is_strewn(self, scene: Scene) -> bool:
        """Whether so many pieces came at once, all over a zone, that nobody can have lost them."""
        now_s = scene.instant.now_s
        new = [
            one.box
            for one in self._stains.since(now_s - SEEN_LATELY_S, now_s - PIECES_S)
            if one.fresh and one.seen >= LEAST_SEEN
        ]
        if len(new) < WET_PIECES:
            return False
        points = grounds(np.asarray(new)) / np.asarray([UNITS, scene.height])
        for area in self._areas.values():
            inside = points[shapely.contains_xy(area.shape, points[:, 0], points[:, 1])]
            hull = shapely.convex_hull(shapely.MultiPoint(inside)).area if len(inside) > 2 else 0.0
            if len(inside) >= WET_PIECES and hull >= SPREAD * area.shape.area:
                return True
        return False

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "road": self._road.to_json(),
            "stains": self._stains.to_json(),
            "lorries": [one.to_json() for one in self._lorries],
            "waiting": [[list(box), at_s] for box, at_s in self._waiting],
            "traffic_s": dict(self._traffic_s),
            "soaked_s": self._soaked_s,
            "wet_since_s": None if math.isinf(self._wet_since_s) else self._wet_since_s,
            "wet_until_s": None if math.isinf(self._wet_until_s) else self._wet_until_s,
        }

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
        if not data:
            return
        self._road.take_up_json(data["road"])
        self._stains.take_up(data["stains"])
        self._lorries = [Passing.from_json(one) for one in data["lorries"]]
        self._waiting = [((b[0], b[1], b[2], b[3]), at_s) for b, at_s in data.get("waiting", ())]
        self._traffic_s = dict(data["traffic_s"])
        self._soaked_s, wet_since_s = data.get("soaked_s"), data.get("wet_since_s")
        self._wet_since_s = -math.inf if wet_since_s is None else float(wet_since_s)
        wet_until_s = data["wet_until_s"]
        self._wet_until_s = -math.inf if wet_until_s is None else float(wet_until_s)


def _vehicles(scene: Scene) -> NDArray[np.intp]:
    named = np.asarray([name in VEHICLES for name in scene.seen.names], bool)
    return np.flatnonzero(named & scene.sure)


def _is_near(box: Box, others: Boxes, reach: float) -> bool:
    """Whether one of (N, 4) others is within so many of its sizes."""
    for x0, y0, x1, y1 in others.tolist():
        across = max(box[0] - x1, x0 - box[2], 0.0)
        down = max(box[1] - y1, y0 - box[3], 0.0)
        if math.hypot(across, down) <= reach * math.sqrt((x1 - x0) * (y1 - y0)):
            return True
    return False
