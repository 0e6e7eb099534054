"""What is its own about bike_disorder: two-wheelers that stand, without riders, outside the racks.

Racks are the places that are set aside (Road Traffic Safety Law, article 59: bicycles are parked
in the places set aside for them). A tidy row outside of them counts like any other; where a city
lets rows stand, they are drawn as a rack.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.counting import Threshold
from detectors.counts import Counts, boxes_named
from detectors.kinds import VEHICLES
from detectors.place import Area, Boxes
from detectors.rule import Rule
from detectors.scene import SURE, Scene
from detectors.spots import Spot
from detectors.standing import IN_SHARE
from detectors.violation import Box

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
        return min(self._stay, SURE)

    def _stands_in(self, zone_id: str, box: Box, height: float) -> bool:
        if any(rack.ground_share(box, height) >= IN_SHARE for rack in self._racks):
            return False
        return super()._stands_in(zone_id, box, height)

    def _busy(self, boxes: Boxes, scene: Scene) -> NDArray[np.bool_]:
        return ridden(boxes, boxes_named(PERSON, scene))

    def _counts(self, zone_id: str, spot: Spot, scene: Scene) -> bool:
        return super()._counts(zone_id, spot, scene) and not spot.is_busy


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
