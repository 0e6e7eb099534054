"""What is its own about crowd_density: people in a zone, at least so many, no queue at a stop."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.counting import Threshold
from detectors.counts import Counts
from detectors.place import Area
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.spots import Spot, boxes_of
from detectors.violation import Box

LEAVE = 0.75
"""Share of n at which a crowd has dispersed; people come and go all the time."""
MANY = 5
"""People from which on a look without most of them is no chance: at one miss in five, a look in 20
shows two of five, and four such looks in a row one in 100,000."""
SIDES = 0.15
"""Share of a person's width by which both sides of its image in a wet road may be off ..."""
FAINT = 0.8
"""... and the share of its score that the image has at most: who stands in front has more."""


class CrowdDensity(Counts):
    """People whose feet are in the zone: those of this look, and who stands there unseen in it.

    Who stands in a bus_stop waits for a bus. A wet road shows everybody a second time, below the
    feet, and a model takes that for somebody.
    """

    def __init__(self, rule: Rule) -> None:
        n = rule.effective_n
        super().__init__(rule, Threshold(n, min(n - 1, int(n * LEAVE)), many=n >= MANY))
        self._stops = [Area.of(zone) for zone in rule.context_zones]

    def _stands_in(self, zone_id: str, box: Box, height: float) -> bool:
        waits = any(stop.holds_ground(box, height) for stop in self._stops)
        return not waits and self._areas[zone_id].holds_ground(box, height)

    def _counts(self, zone_id: str, spot: Spot, scene: Scene) -> bool:
        # who walks is counted only where they are seen, who stands when a look misses them, too
        known = spot.here or spot.is_believed
        return known and self._stands_in(zone_id, spot.box, scene.height)

    def _counted(self, zone_id: str, scene: Scene) -> list[Spot]:
        spots = self._spots[zone_id].spots
        images = {id(spot) for spot, image in zip(spots, _are_images(spots), strict=True) if image}
        return [spot for spot in super()._counted(zone_id, scene) if id(spot) not in images]


def _are_images(spots: Sequence[Spot]) -> NDArray[np.bool_]:
    """(N,) which spots are what a wet road shows of another one."""
    x0, y0, x1, y1 = boxes_of(spots).T[:, :, None]
    score = np.asarray([[spot.score] for spot in spots])
    most = SIDES * (x1 - x0).T
    same_sides = (np.abs(x0 - x0.T) <= most) & (np.abs(x1 - x1.T) <= most)
    below = (y0 >= (y0 + y1).T / 2) & (y0 <= y1.T) & (y1 > y1.T)
    return np.asarray((same_sides & below & (score <= FAINT * score.T)).any(axis=1))
