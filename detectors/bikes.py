"""What is its own about bike_disorder: two-wheelers that stand, without riders, outside the racks.

Racks are the places that are set aside (Road Traffic Safety Law, article 59: bicycles are parked
in the places set aside for them). A tidy row outside of them counts like any other; where a city
lets rows stand, they are drawn as a rack.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.counting import Counted, Threshold
from detectors.counts import IN_SHARE, OTHER_CONF, Counts, boxes_named, sorted_out
from detectors.kinds import VEHICLES
from detectors.place import Area, Boxes
from detectors.rule import Rule
from detectors.scene import Scene

LEAVE = 0.4
"""Share of n down to which it stays a violation: 5 begin it, at 2 it ends."""
PERSON = frozenset({"person"})
FEET_HIGH, FEET_LOW = 0.75, 0.1
"""A rider's feet are at most so far above and below the wheels' lowest point, in heights of the
two-wheeler; a passer-by in front stands lower."""
ASTRIDE = 0.5
"""Share of a rider's width that lies within the two-wheeler's."""
ABOVE = 0.5
"""A rider reaches above this share of the two-wheeler's height, from its top."""


class BikeDisorder(Counts):
    """Two-wheelers whose ground contact lies in the zone and in no rack, and that nobody rides."""

    hides = VEHICLES | PERSON

    def __init__(self, rule: Rule) -> None:
        limit = Threshold(rule.effective_n, int(rule.effective_n * LEAVE), rule.effective_share)
        super().__init__(rule, limit)
        self._racks = [Area.of(zone) for zone in rule.context_zones if zone.kind == "rack"]

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of: that of riders, too."""
        return min(self._stay, OTHER_CONF)

    def _is_in(self, zone_id: str, index: int, scene: Scene) -> bool:
        box = scene.seen.box(index)
        if any(rack.ground_share(box, scene.height) >= IN_SHARE for rack in self._racks):
            return False
        return super()._is_in(zone_id, index, scene)

    def _busy(self, boxes: Boxes, scene: Scene) -> NDArray[np.bool_]:
        return ridden(boxes, boxes_named(PERSON, scene))

    def _counted(self, zone_id: str, scene: Scene) -> Counted:  # noqa: ARG002 - nothing else
        spots = self._spots[zone_id].spots
        return sorted_out(spot for spot in spots if spot.is_believed and not spot.is_busy)


def ridden(bikes: Boxes, people: Boxes) -> NDArray[np.bool_]:
    """(N,) which of (N, 4) two-wheelers somebody of (M, 4) people sits on or holds."""
    if not len(bikes) or not len(people):
        return np.zeros(len(bikes), bool)
    height = (bikes[:, 3] - bikes[:, 1])[:, None]
    low = people[None, :, 3] - bikes[:, None, 3]
    feet = (low <= FEET_LOW * height) & (low >= -FEET_HIGH * height)
    shared = np.minimum(bikes[:, None, 2], people[None, :, 2])
    shared = shared - np.maximum(bikes[:, None, 0], people[None, :, 0])
    astride = shared >= ASTRIDE * (people[:, 2] - people[:, 0])[None, :]
    above = people[None, :, 1] <= bikes[:, None, 1] + ABOVE * height
    return np.asarray((feet & astride & above).any(axis=1))
