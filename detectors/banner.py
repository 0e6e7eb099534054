"""What is its own about illegal_banner: it hangs, so that all of its box counts."""

import numpy as np

from detectors.attended import is_somebody
from detectors.kinds import TWO_WHEELERS, VEHICLES
from detectors.place import areas, intersections
from detectors.scene import Scene
from detectors.standing import Standing
from detectors.thing import Thing
from detectors.violation import Box

CARRIED = "carried"
"""Sightings of a thing in which it lay on a vehicle or a person."""
CARRIED_SHARE = 0.4
"""Share of them from which a banner is carried: passing traffic covers a hanging one less."""
ON_SHARE = 0.7
"""A banner whose box lies in a vehicle's by this share is on the vehicle."""


class IllegalBanner(Standing):
    """A banner in a zone where none may hang; on a lorry or in somebody's hands it does not hang.

    A shop's board is a sign and no banner: that the model has to tell, and a person reviews it.
    """

    whole_counts = True

    def saw(self, thing: Thing, index: int, scene: Scene) -> None:
        """Count the looks in which it was carried."""
        carried = _is_carried(scene.seen.box(index), scene)
        thing.kept[CARRIED] = thing.kept.get(CARRIED, 0.0) + carried

    def is_proven(self, thing: Thing, scene: Scene) -> bool:
        """Whether it was seen by itself often enough to hang there."""
        del scene
        return thing.kept.get(CARRIED, 0.0) < CARRIED_SHARE * thing.presence.seen


def _is_carried(box: Box, scene: Scene) -> bool:
    seen = scene.seen
    vehicles = np.asarray([name in VEHICLES | TWO_WHEELERS for name in seen.names], bool)
    one = np.asarray([box], np.float64)
    inside = intersections(one, seen.boxes[vehicles])[0] / areas(one)[0]
    return bool(np.any(inside >= ON_SHARE)) or is_somebody(box, scene)
