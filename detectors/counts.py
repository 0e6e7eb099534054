"""Kinds that count what stands in a zone: the part that bikes, crowds, goods and debris share."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.counting import Counted, Threshold, reading_of
from detectors.coverage import Coverage
from detectors.instant import Instant
from detectors.kinds import VEHICLES
from detectors.place import SAME_BOX_IOU, Area, Boxes, in_place, overlaps
from detectors.reading import Reading
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.spots import Spot, Spots, boxes_of
from detectors.standing import IN_SHARE, NEAR_SHARE
from detectors.things import STAY, STAY_LEAST
from detectors.violation import Box


class Counts:
    """A measure over the spots of each zone; a kind says what is one of them, and what counts."""

    drifting = False
    """Whether what is counted moves with a current (see Spots)."""
    hides: frozenset[str] = VEHICLES
    """Vocabulary names of what may stand in front of it."""

    def __init__(self, rule: Rule, limit: Threshold) -> None:
        self._limit = limit
        self._classes = rule.effective_classes
        self._take = rule.effective_conf
        self._stay = min(self._take, max(STAY * self._take, STAY_LEAST))
        self._areas = {zone.zone_id: Area.of(zone) for zone in rule.accused_zones}
        self._coverage = {zone_id: Coverage.of(area) for zone_id, area in self._areas.items()}
        self._spots = {zone_id: Spots(drifting=self.drifting) for zone_id in sorted(self._areas)}

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return self._stay

    def observe(self, scene: Scene) -> None:
        """Take the whole scene; most kinds have nothing to ask of it."""

    def pass_over(self, instant: Instant) -> None:
        """Take note of a look that is no observation: what stands, stands."""

    def read(self, zone_id: str, scene: Scene) -> Reading:
        """Say how much of it stands in a zone."""
        columns = self._columns(zone_id, scene)
        self._follow(zone_id, columns, boxes_named(self.hides, scene), scene)
        large = boxes_named(VEHICLES, scene)
        blocked = self._coverage[zone_id].share(large, scene.height)
        counted = sorted_out(self._counted(zone_id, scene))
        return reading_of(counted, self._limit, self._coverage[zone_id], scene.height, blocked)

    def _follow(self, zone_id: str, columns: NDArray[np.intp], front: Boxes, scene: Scene) -> None:
        """Give the sightings of a look to the zone's spots."""
        strong = scene.seen.scores[columns] >= self._take
        busy = self._busy(scene.seen.boxes[columns], scene)
        self._spots[zone_id].update(scene, columns, strong, busy=busy, front=front)

    def _columns(self, zone_id: str, scene: Scene) -> NDArray[np.intp]:
        """(N,) indexes of the sightings that are in a zone: once each, scored well enough.

        Of two boxes of one thing now this one is scored better and now that one: the one counts
        that lies in the place of something known, else the best that lies in the zone.
        """
        seen = scene.seen
        named = np.asarray([name in self._classes for name in seen.names], bool)
        usable = np.flatnonzero(named & (seen.scores >= self._stay))
        places = boxes_of(self._spots[zone_id].spots)
        inside: dict[int, int] = {}
        for index in usable.tolist():
            leader = int(seen.leaders[index])
            if not (index == leader or self._is_second(index, leader, scene)):
                continue
            if leader in inside and not _suits_better(seen.boxes[[inside[leader], index]], places):
                continue
            if self._is_in(zone_id, index, scene):
                inside[leader] = index
        return np.asarray(list(inside.values()), np.intp)

    @staticmethod
    def _is_second(index: int, leader: int, scene: Scene) -> bool:
        """Whether a box is of the same thing as a whole, and no part of it."""
        one, other = scene.seen.boxes[[index]], scene.seen.boxes[[leader]]
        return bool(overlaps(one, other)[0, 0] >= SAME_BOX_IOU)

    def _is_in(self, zone_id: str, index: int, scene: Scene) -> bool:
        """Whether a sighting is worth following in a zone: its place decides, not one box."""
        box = scene.seen.box(index)
        return self._areas[zone_id].ground_share(box, scene.height) >= NEAR_SHARE

    def _stands_in(self, zone_id: str, box: Box, height: float) -> bool:
        """Whether what stands in this place stands in a zone."""
        area = self._areas[zone_id]
        return area.holds_ground(box, height) and area.ground_share(box, height) >= IN_SHARE

    def _busy(self, boxes: Boxes, scene: Scene) -> NDArray[np.bool_]:  # noqa: ARG002 - a kind's
        """(N,) at which boxes somebody is."""
        return np.zeros(len(boxes), bool)

    def _counted(self, zone_id: str, scene: Scene) -> list[Spot]:
        """Spots of a zone that count."""
        spots = self._spots[zone_id].spots
        return [spot for spot in spots if self._counts(zone_id, spot, scene)]

    def _counts(self, zone_id: str, spot: Spot, scene: Scene) -> bool:
        """Whether a spot counts: it was seen to stand, in the zone."""
        return spot.is_believed and self._stands_in(zone_id, spot.box, scene.height)

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size."""
        return {"spots": {zone_id: spots.to_json() for zone_id, spots in self._spots.items()}}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); zones that are no more are dropped."""
        for zone_id, spots in data.get("spots", {}).items():
            if zone_id in self._spots:
                self._spots[zone_id].take_up(spots)


def _suits_better(boxes: Boxes, places: Boxes) -> bool:
    """Whether the second of two boxes lies in a known place, better than the first."""
    if not len(places):
        return False
    fit = np.where(in_place(places, boxes), overlaps(places, boxes), 0.0).max(axis=0)
    return bool(fit[1] > fit[0])


def sorted_out(spots: Iterable[Spot]) -> Counted:
    """Tell those that are here from those that are missed and those behind something.

    Whoever is not seen again when a bus has gone may have left with it, and is none of them.
    """
    here: list[Spot] = []
    missed: list[Spot] = []
    hidden: list[Spot] = []
    for spot in spots:
        if spot.here or spot.hidden:
            (here if spot.here else hidden).append(spot)
        elif not spot.veiled:
            missed.append(spot)
    return Counted(here, missed, hidden)


def boxes_named(names: frozenset[str], scene: Scene) -> Boxes:
    """(N, 4) boxes of what the rule does not accuse but has to know of."""
    seen = scene.seen
    named = np.asarray([name in names for name in seen.names], bool)
    return np.asarray(seen.boxes[named & scene.sure])
