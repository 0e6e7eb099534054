"""Who is with a thing: somebody who stays beside it, or is it."""

import numpy as np
from numpy.typing import NDArray

from detectors.place import areas, in_place, intersections, overlaps
from detectors.scene import Scene
from detectors.violation import Box

STAYS_S = 4.0
"""Somebody who has stood for so long is no passer-by."""
REACH = 0.3
"""Distance from the thing, in heights of the person, within which one is with it."""
LEVEL = 0.4
"""Difference of the feet, in heights of the person: farther away somebody is elsewhere."""
IS_IT_SHARE = 0.5
"""A box that lies in a person's by this share shows the person ..."""
IS_IT_IOU = 0.3
"""... and so does one that overlaps it so much: somebody who lies is boxed in many ways."""


def persons(scene: Scene) -> NDArray[np.intp]:
    """Find the indices of the persons in a scene."""
    named = np.asarray([name == "person" for name in scene.seen.names], bool)
    return np.flatnonzero(named & scene.sure)


def is_somebody(box: Box, scene: Scene) -> bool:
    """Whether a box overlaps a person so much that it may be that person."""
    people = scene.seen.boxes[persons(scene)]
    if not len(people):
        return False
    one = np.asarray([box], np.float64)
    inside = intersections(one, people)[0] / areas(one)[0]
    return bool(np.any((inside >= IS_IT_SHARE) | (overlaps(one, people)[0] >= IS_IT_IOU)))


def company(box: Box, scene: Scene, known: Box | None = None) -> Box | None:
    """Find somebody who stays, no passer-by, beside a thing or on it; None where nobody does.

    known: who stayed there before; somebody in that place is that one, however short a time seen.
    """
    for index in persons(scene).tolist():
        one = scene.seen.box(index)
        same = known is not None and in_place(np.asarray([known]), np.asarray([one]))[0, 0]
        if not same and scene.instant.now_s - scene.tracks[index].still_since_s < STAYS_S:
            continue
        x0, y0, x1, y1 = one
        # somebody who lies is as long as somebody who stands is high
        size = max(y1 - y0, x1 - x0)
        apart = max(box[0] - x1, x0 - box[2], 0.0)
        if apart <= REACH * size and abs(box[3] - y1) <= LEVEL * size:
            return one
    return None
