"""What is its own about crowd_density: people in a zone, at least so many."""

from detectors.counting import Counted, Threshold
from detectors.counts import Counts, sorted_out
from detectors.rule import Rule
from detectors.scene import Scene

LEAVE = 0.75
"""Share of n at which a crowd has dispersed; people come and go all the time."""
MANY = 5
"""People from which on a look without most of them is no chance: at one miss in five, a look in 20
shows two of five, and four such looks in a row one in 100,000."""


class CrowdDensity(Counts):
    """People whose feet are in the zone: those of this look, and who stands there unseen in it."""

    def __init__(self, rule: Rule) -> None:
        n = rule.effective_n
        super().__init__(rule, Threshold(n, min(n - 1, int(n * LEAVE)), many=n >= MANY))

    def _is_in(self, zone_id: str, index: int, scene: Scene) -> bool:
        return self._areas[zone_id].holds_ground(scene.seen.box(index), scene.height)

    def _counted(self, zone_id: str, scene: Scene) -> Counted:  # noqa: ARG002 - nothing else
        # who walks is counted only where they are seen, who stands when a look misses them, too
        spots = self._spots[zone_id].spots
        return sorted_out(spot for spot in spots if spot.here or spot.is_believed)
