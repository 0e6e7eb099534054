"""What is its own about uncovered_muck_truck: looks that show the load, and none that shows a lid.

The model's classes tell an open, loaded body (muck_truck_open) from a lid, a tarpaulin or an empty
body (muck_truck). Seen from the side a flat lid is no load: the rule needs a view from above.
"""

import numpy as np

from detectors.kinds import TRUCKS
from detectors.passing import Vote
from detectors.place import Area
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.things import STAY, STAY_LEAST

OPEN = "muck_truck_open"
CLOSED = "muck_truck"
DOUBT = 0.15
"""A look says "open" when it says "closed" by so much less, or not at all."""


class UncoveredMuckTruck:
    """A truck in the zone, and whether a look shows its load."""

    followed = TRUCKS
    """A model takes one truck for another kind in some looks."""

    def __init__(self, rule: Rule) -> None:
        self._areas = [Area.of(zone) for zone in rule.accused_zones]
        self._open = rule.effective_classes
        self._conf = rule.effective_conf
        self.min_conf = min(self._conf, max(STAY * self._conf, STAY_LEAST))

    def zone_at(self, index: int, scene: Scene) -> str | None:
        """Zone on whose ground a sighting is; None for none."""
        box = scene.seen.box(index)
        for area in self._areas:
            if area.holds_ground(box, scene.height):
                return area.zone.zone_id
        return None

    def vote(self, index: int, scene: Scene) -> Vote:
        """Say what a look shows of the truck in a sighting; its other boxes are heard, too."""
        seen = scene.seen
        says: dict[str, float] = {}
        for other in np.flatnonzero(seen.leaders == seen.leaders[index]).tolist():
            name = OPEN if seen.names[other] in self._open else seen.names[other]
            says[name] = max(says.get(name, 0.0), float(seen.scores[other]))
        score = says.get(OPEN, 0.0)
        shown = score >= self._conf and score - says.get(CLOSED, 0.0) >= DOUBT
        x0, y0, x1, y1 = seen.box(index)
        size = ((x1 - x0) * (y1 - y0)) ** 0.5
        return Vote(scene.instant.now_s, shown, score, (x0 + x1) / 2, (y0 + y1) / 2, size)
