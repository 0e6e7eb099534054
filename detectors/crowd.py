"""What is its own about crowd_density: people in a zone, at least so many, no queue at a stop."""

from detectors.counting import Threshold
from detectors.counts import Counts
from detectors.place import Area
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.spots import Spot
from detectors.violation import Box

LEAVE = 0.75
"""Share of n at which a crowd has dispersed; people come and go all the time."""
MANY = 5
"""People from which on a look without most of them is no chance: at one miss in five, a look in 20
shows two of five, and four such looks in a row one in 100,000."""


class CrowdDensity(Counts):
    """People whose feet are in the zone: those of this look, and who stands there unseen in it.

    Who stands in a bus_stop waits for a bus.
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
