"""What is its own about floating_debris: pieces that drift on the water, many or covering much.

One box is no dirty water: it takes pieces, or a share of the zone under at least two of them, that
stay for looks and go with the current, all alike. A glint flickers, a duck swims its own way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.counting import Threshold
from detectors.counts import Counts
from detectors.current import Shift, carried
from detectors.place import UNITS, Boxes
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.spots import boxes_of
from detectors.violation import Box

LEAVE = 0.4
"""Share of n down to which it stays a violation."""
PIECES = 2
"""Fewest pieces that may make the share: one large box is a boat, or a mistake."""


class FloatingDebris(Counts):
    """Pieces whose middle is in the zone, followed along the current."""

    drifting = True

    def __init__(self, rule: Rule) -> None:
        n = rule.effective_n
        limit = Threshold(n, int(n * LEAVE), rule.effective_share, min(PIECES, n))
        super().__init__(rule, limit)
        self._speed: dict[str, Shift] = dict.fromkeys(self._areas, (0.0, 0.0))

    def _is_in(self, zone_id: str, index: int, scene: Scene) -> bool:
        return self._stands_in(zone_id, scene.seen.box(index), scene.height)

    def _stands_in(self, zone_id: str, box: Box, height: float) -> bool:
        # what floats has no ground: its middle counts
        middle = ((box[0] + box[2]) / 2 / UNITS, (box[1] + box[3]) / 2 / height)
        return bool(self._areas[zone_id].shape.covers(shapely.Point(middle)))

    def _follow(self, zone_id: str, columns: NDArray[np.intp], front: Boxes, scene: Scene) -> None:
        spots, passed_s = self._spots[zone_id], scene.since_last_s or 0.0
        speed = self._speed[zone_id]
        now = scene.seen.boxes[columns]
        shift = (0.0, 0.0)
        if passed_s > 0:
            last = [spot for spot in spots.spots if spot.here]
            shift = carried(boxes_of(last), now, speed, passed_s)
            self._speed[zone_id] = (shift[0] / passed_s, shift[1] / passed_s)
        strong = scene.seen.scores[columns] >= self._take
        spots.update(scene, columns, strong, front=front, shift=shift)
        # what has drifted out of the zone is not missed in it
        spots.spots = [
            one for one in spots.spots if self._stands_in(zone_id, one.box, scene.height)
        ]

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size."""
        speed = {zone_id: list(speed) for zone_id, speed in self._speed.items()}
        return {**super().to_json(), "speed": speed}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); zones that are no more are dropped."""
        super().take_up_json(data)
        for zone_id, (x, y) in data.get("speed", {}).items():
            if zone_id in self._speed:
                self._speed[zone_id] = (x, y)
