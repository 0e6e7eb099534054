"""What is its own about beyond_storefront: goods put out before one shop, and not there at night.

The frontage is the shop. Goods that stand in it count; what stood there in the shop's closed hours
as well was not put out. While a truck stands at the frontage, it is unloading.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from detectors.counting import Threshold
from detectors.counts import Counts
from detectors.kinds import TWO_WHEELERS, VEHICLES
from detectors.opening import ClosedHours
from detectors.place import overlaps
from detectors.reading import Reading
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.spots import Spot
from detectors.violation import Remark

OTHERS = VEHICLES | TWO_WHEELERS | {"person"}
SAME_IOU = 0.5
"""A box that overlaps a better scored vehicle, bike or person so much shows that, and no goods."""
UNLOADS = frozenset({"truck", "muck_truck"})
STOPPED_S = 10.0
"""A truck that stands for so long has stopped here."""
UNLOADING_S = 1800.0
"""A truck that stands for longer is parked, and excuses nothing any more."""
REACH = 0.2
"""A truck is at a frontage when it comes so near, in shares of its own sides."""


class BeyondStorefront(Counts):
    """Goods whose ground contact lies in the frontage."""

    def __init__(self, rule: Rule, timezone: ZoneInfo) -> None:
        super().__init__(rule, Threshold(rule.effective_n, rule.effective_n // 2))
        self._closed = {
            zone.zone_id: ClosedHours(zone.open, timezone) for zone in rule.accused_zones
        }

    def read(self, zone_id: str, scene: Scene) -> Reading:
        """Say what is out before a shop."""
        reading = super().read(zone_id, scene)
        closed = self._closed[zone_id]
        closed.learn(scene.instant, scene.since_last_s, self._spots[zone_id].spots)
        known = closed.is_known(scene.instant.now_s)
        return replace(
            reading,
            paused=self._is_unloading(zone_id, scene),
            remarks=() if known else (Remark.NO_REFERENCE,),
        )

    def _is_in(self, zone_id: str, index: int, scene: Scene) -> bool:
        return super()._is_in(zone_id, index, scene) and not _is_other(index, scene)

    def _counts(self, zone_id: str, spot: Spot, scene: Scene) -> bool:
        closed = self._closed[zone_id]
        learnt = closed.is_known(scene.instant.now_s)
        return super()._counts(zone_id, spot, scene) and not (learnt and closed.holds(spot.box))

    def _is_unloading(self, zone_id: str, scene: Scene) -> bool:
        """Whether a truck has stopped at the frontage, and not for too long."""
        seen, now_s = scene.seen, scene.instant.now_s
        for index in range(len(seen)):
            if seen.names[index] not in UNLOADS:
                continue
            stood_s = now_s - scene.tracks[index].still_since_s
            if not STOPPED_S <= stood_s <= UNLOADING_S:
                continue
            x0, y0, x1, y1 = seen.box(index)
            across, along = REACH * (x1 - x0), REACH * (y1 - y0)
            around = np.asarray([[x0 - across, y0 - along, x1 + across, y1 + along]])
            if self._coverage[zone_id].share(around, scene.height) > 0:
                return True
        return False

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size."""
        closed = {zone_id: one.to_json() for zone_id, one in self._closed.items()}
        return {**super().to_json(), "closed": closed}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); zones that are no more are dropped."""
        super().take_up_json(data)
        for zone_id, closed in data.get("closed", {}).items():
            if zone_id in self._closed:
                self._closed[zone_id].take_up(closed)


def _is_other(index: int, scene: Scene) -> bool:
    """Whether a sighting is a second box of a vehicle, a bike or a person."""
    seen = scene.seen
    named = np.asarray([name in OTHERS for name in seen.names], bool)
    better = seen.scores > seen.scores[index]
    others = seen.boxes[named & better]
    if not len(others):
        return False
    return bool((overlaps(seen.boxes[index : index + 1], others)[0] >= SAME_IOU).any())
