"""Who is with a thing: somebody who stays beside it, or is it."""

import numpy as np
from numpy.typing import NDArray

from detectors.place import areas, intersections, overlaps
from detectors.scene import Scene
from detectors.violation import Box

PERSON_CONF = 0.25
"""Score from which a detected person counts."""
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
    return np.flatnonzero(named & (scene.seen.scores >= PERSON_CONF))


def is_somebody(box: Box, scene: Scene) -> bool:
    """Whether a box overlaps a person so much that it may be that person."""
    people = scene.seen.boxes[persons(scene)]
    if not len(people):
        return False
    one = np.asarray([box], np.float64)
    inside = intersections(one, people)[0] / areas(one)[0]
    return bool(np.any((inside >= IS_IT_SHARE) | (overlaps(one, people)[0] >= IS_IT_IOU)))


def has_company(box: Box, scene: Scene) -> bool:
    """Whether somebody who stays, not a passer-by, stands beside a thing or is on it."""
    for index in persons(scene).tolist():
        if scene.instant.now_s - scene.tracks[index].still_since_s < STAYS_S:
            continue
        x0, _, x1, y1 = scene.seen.box(index)
        # somebody who lies is as long as somebody who stands is high
        size = max(y1 - scene.seen.box(index)[1], x1 - x0)
        apart = max(box[0] - x1, x0 - box[2], 0.0)
        if apart <= REACH * size and abs(box[3] - y1) <= LEVEL * size:
            return True
    return False
