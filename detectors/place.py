"""Where boxes are: overlaps, ground contact, standing in place, hiding one another.

Inside this package boxes are x0 y0 x1 y1 in units of a 640th of the picture's width, along both
axes, half-open, never clipped: a camera that changes its resolution, or falls back to a smaller
stream, leaves its things where they stand. Arrays of them are (N, 4) float64.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.violation import Box
from detectors.zone import Zone

Boxes = NDArray[np.float64]
Matrix = NDArray[np.float64]

UNITS = 640.0
"""Units in the width of a picture; detectors see pictures of about as many pixels."""
STRIP = 0.15
"""Share of a box's height, from below, that stands for its contact with the ground."""
SLACK_SIZE = 0.2
"""A standing thing's ground contact stays within this share of its size ..."""
SLACK_UNITS = 6.4
"""... or this many units: a detector's jitter is about constant on the picture it sees."""
IN_PLACE_IOU = 0.4
"""Least overlap of a standing thing's boxes; jitter of 3 leaves a box of 24 x 21 about 0.45."""
SAME_BOX_IOU = 0.5
"""Boxes of one group that overlap more are the same thing detected twice. On 224 rendered pictures
that judge it leaves 799 false boxes, 0.6 leaves 819; it finds 2,444 things, 0.6 finds 2,449."""
PART_SHARE = 0.85
"""A box that lies in another by this share may be a part of the same thing ..."""
PART_SIZE = 0.3
"""... if it is at least this share of its area: a car before a bus is smaller."""
GRID = 24
FRONT_SHARE = 0.05
"""What is nearer stands lower; this share of the hidden box's height may be missing."""


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """(N,) areas in square units, at least a tiny one."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-6)
    return np.asarray(sides[:, 0] * sides[:, 1])


def intersections(one: Boxes, other: Boxes) -> Matrix:
    """(N, M) areas that boxes have in common."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    sides = np.maximum(high - low, 0.0)
    return np.asarray(sides[..., 0] * sides[..., 1])


def overlaps(one: Boxes, other: Boxes) -> Matrix:
    """(N, M) intersection over union."""
    common = intersections(one, other)
    union = areas(one)[:, None] + areas(other)[None, :] - common
    return np.asarray(common / union)


def grounds(boxes: Boxes) -> NDArray[np.float64]:
    """(N, 2) middle of the strip in which a box touches the ground."""
    height = boxes[:, 3] - boxes[:, 1]
    return np.stack(
        [(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3] - height * STRIP / 2],
        axis=1,
    )


def lowered(box: Box, hidden: float) -> Box:
    """Lengthen a box down to the ground, where this share of the thing's height is hidden there."""
    x0, y0, x1, y1 = box
    return (x0, y0, x1, y1 + (y1 - y0) * hidden / (1.0 - hidden))


def ground_distances(one: Boxes, other: Boxes) -> Matrix:
    """(N, M) distances of ground contacts in units."""
    gap = grounds(one)[:, None, :] - grounds(other)[None, :, :]
    return np.asarray(np.hypot(gap[..., 0], gap[..., 1]))


def in_place(standing: Boxes, seen: Boxes) -> NDArray[np.bool_]:
    """(N, M) whether a seen box is where a standing one stood."""
    size = np.sqrt(areas(standing))[:, None]
    slack = np.maximum(SLACK_SIZE * size, SLACK_UNITS)
    near = ground_distances(standing, seen) <= slack
    return np.asarray(near & (overlaps(standing, seen) >= IN_PLACE_IOU))


def rivals(one: Boxes, other: Boxes) -> NDArray[np.bool_]:
    """(N, M) whether two boxes claim the same ground, so that only one thing can be there.

    Either they stand nearly in one place, or one is a part of the other with its foot as low: a
    car before a bus is smaller, and stands lower or higher.
    """
    common = intersections(one, other)
    smaller = np.minimum(areas(one)[:, None], areas(other)[None, :])
    larger = np.maximum(areas(one)[:, None], areas(other)[None, :])
    together = overlaps(one, other) >= IN_PLACE_IOU
    together &= ground_distances(one, other) <= 2 * SLACK_SIZE * np.sqrt(smaller)
    height = np.maximum((one[:, 3] - one[:, 1])[:, None], (other[:, 3] - other[:, 1])[None, :])
    level = np.abs(one[:, None, 3] - other[None, :, 3]) <= SLACK_SIZE * height
    part = (common / smaller >= PART_SHARE) & (smaller / larger >= PART_SIZE) & level
    return np.asarray(together | part)


def leaders(boxes: Boxes, groups: NDArray[np.int32]) -> NDArray[np.intp]:
    """(N,) for each box, best first, the index of the box whose thing it shows: mostly its own.

    Detectors give some things two boxes: with two labels of one group, or a part and the whole.
    """
    leader = np.arange(len(boxes))
    if len(boxes) < 2:
        return leader
    common = intersections(boxes, boxes)
    size = areas(boxes)
    smaller = np.minimum(size[:, None], size[None, :])
    larger = np.maximum(size[:, None], size[None, :])
    part = (common / smaller >= PART_SHARE) & (smaller / larger >= PART_SIZE)
    twice = ((overlaps(boxes, boxes) >= SAME_BOX_IOU) | part) & (groups[:, None] == groups)
    for index in np.flatnonzero(np.tril(twice, -1).any(axis=1)).tolist():
        better = np.flatnonzero(twice[index, :index] & (leader[:index] == np.arange(index)))
        if len(better):
            leader[index] = better[0]
    return leader


def hidden_share(box: Box, others: Boxes, pad: float = 0.0) -> float:
    """Largest share of a box that one other box covers from in front (it stands lower).

    pad: share of its sides by which the box is first made larger on each side.
    """
    every = np.ones((1, len(others)), bool)
    return float(hidden_shares(np.asarray([box], np.float64), others, every, pad)[0])


def hidden_shares(
    boxes: Boxes, others: Boxes, counted: NDArray[np.bool_], pad: float = 0.0
) -> NDArray[np.float64]:
    """(N,) the same for each box; counted: (N, M) which of the others may cover it."""
    if not len(others):
        return np.zeros(len(boxes))
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    padded = boxes + np.stack([-width, -height, width, height], axis=1) * pad
    front = others[None, :, 3] >= (boxes[:, 3] - FRONT_SHARE * height)[:, None]
    shares = intersections(padded, others) / areas(padded)[:, None]
    return np.asarray(np.max(shares * (front & counted), axis=1, initial=0.0))


def covered_share(box: Box, others: Boxes) -> float:
    """Share of a box that other boxes from in front cover together (they stand lower).

    Counted in a grid of 24 x 24 points: customers before a stall hide little of it each.
    """
    height = box[3] - box[1]
    front = others[others[:, 3] >= box[3] - FRONT_SHARE * height]
    if not len(front):
        return 0.0
    marks = (np.arange(GRID) + 0.5) / GRID
    x = box[0] + marks * (box[2] - box[0])
    y = box[1] + marks * height
    across = (front[:, None, 0] <= x) & (x < front[:, None, 2])
    down = (front[:, None, 1] <= y) & (y < front[:, None, 3])
    return float((across[:, None, :] & down[:, :, None]).any(axis=0).mean())


@dataclass(frozen=True, slots=True)
class Area:
    """A zone's polygon, ready to be measured against."""

    zone: Zone
    shape: shapely.Polygon
    bounds: tuple[float, float, float, float]
    """x0 y0 x1 y1 of it."""

    @classmethod
    def of(cls, zone: Zone) -> "Area":
        """Prepare a zone; ValueError where its polygon crosses itself."""
        shape = shapely.Polygon(zone.polygon)
        if not shape.is_valid:
            raise ValueError(f"zone {zone.zone_id!r}: the polygon crosses itself")
        shapely.prepare(shape)
        return cls(zone, shape, shape.bounds)

    def ground_share(self, box: Box, height: float) -> float:
        """Share 0..1 of a box's contact with the ground in the zone; height: the picture's.

        The contact is that of the whole box, measured before anything is clipped: a vehicle that
        reaches over from beside the zone stands beside it.
        """
        return self._share((box[0], box[3] - STRIP * (box[3] - box[1]), box[2], box[3]), height)

    def whole_share(self, box: Box, height: float) -> float:
        """Share 0..1 of a whole box in the zone: of what hangs, or lies flat."""
        return self._share(box, height)

    def _share(self, part: Box, height: float) -> float:
        x0, y0, x1, y1 = part[0] / UNITS, part[1] / height, part[2] / UNITS, part[3] / height
        left, top, right, bottom = self.bounds
        if x0 > right or x1 < left or y0 > bottom or y1 < top:
            return 0.0  # most of what is seen: asking shapely takes 15 us
        shape = shapely.box(x0, y0, x1, y1)
        if shape.area <= 0 or not self.shape.intersects(shape):
            return 0.0
        return float(self.shape.intersection(shape).area / shape.area)

    def holds_ground(self, box: Box, height: float) -> bool:
        """Whether the middle of a box's contact with the ground lies in the zone."""
        x, y = grounds(np.asarray([box], np.float64))[0]
        return bool(self.shape.covers(shapely.Point(x / UNITS, y / height)))
