"""Cover what must not leave the box: heads of people, lower halves of other vehicles.

A covered region is one flat colour: nothing of what was there can be brought back.
"""

import math
from collections.abc import Sequence

import numpy as np

from cases.evidence.request import SeenThing
from detectors import Box
from streams import Picture

HEADS = frozenset({"person"})
TWO_WHEELERS = frozenset({"two_wheeler", "bicycle", "motorcycle"})
"""Their boxes hold the rider where a model draws them so: head and plate are covered."""
VEHICLES = frozenset({"car", "bus", "truck", "muck_truck", "muck_truck_open"}) | TWO_WHEELERS

HEAD_SHARE = 0.3
"""Of a person's box, from the top. A head is about 1/7 of a standing person; sitting, bent or
half-hidden people show a larger share, so twice that is taken."""
HEAD_MARGIN = 0.1
"""Of the box's width and height: detected boxes cut hair and shoulders."""
LOWER_SHARE = 0.55
LOWER_MARGIN = 0.1
"""Of the box's width and height. Detected boxes are smaller than true ones here and there: with
half and a twentieth, more than three times as many true lower halves on the annotated street
pictures stayed open by more than a twentieth (`tests/test_pipeline_cover.py`)."""

SAME_THING_IOU = 0.5
"""The accused is the vehicle that overlaps the moment's box best, from here on."""
SAME_BOX_IOU = 0.7
"""A second box on the accused (a car that is also seen as a truck) is the accused as well."""
ECHO_INSIDE = 0.5
"""Share of an echo's area inside the accused, from which on it is a part of it."""

PixelRect = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels inside the picture, half-open."""


def regions(
    seen: Sequence[SeenThing], accused: Box, size: tuple[int, int], scale: tuple[float, float]
) -> tuple[PixelRect, ...]:
    """Return what to cover in a picture of `size` (width, height).

    Boxes are multiplied by `scale` (x, y) to become pixels of that picture.
    """
    return in_pixels([box for _, box in covers(seen, accused)], size, scale)


def covers(seen: Sequence[SeenThing], accused: Box | None) -> tuple[tuple[int, Box], ...]:
    """Return (index of the thing, region to cover), in the pixels that boxes count.

    Nothing is spared where the accused is None.
    """
    spared = frozenset() if accused is None else _accused(seen, accused)
    found: list[tuple[int, Box]] = []
    for index, thing in enumerate(seen):
        x0, y0, x1, y1 = thing.box
        wide, tall = x1 - x0, y1 - y0
        if thing.label in HEADS | TWO_WHEELERS:
            margin = HEAD_MARGIN * wide
            top, bottom = y0 - HEAD_MARGIN * tall, y0 + HEAD_SHARE * tall
            found.append((index, (x0 - margin, top, x1 + margin, bottom)))
        if thing.label in VEHICLES and index not in spared:
            margin = LOWER_MARGIN * wide
            top, bottom = y0 + (1 - LOWER_SHARE) * tall, y1 + LOWER_MARGIN * tall
            found.append((index, (x0 - margin, top, x1 + margin, bottom)))
    return tuple(found)


def in_pixels(
    boxes: Sequence[Box], size: tuple[int, int], scale: tuple[float, float]
) -> tuple[PixelRect, ...]:
    """Round boxes outwards to whole pixels of a picture of `size`; those outside are left out."""
    rects = (_pixels(box, size, scale) for box in boxes)
    return tuple(rect for rect in rects if rect[0] < rect[2] and rect[1] < rect[3])


def cover(picture: Picture, rects: Sequence[PixelRect]) -> Picture:
    """Return a copy of a picture, (H, W, 3) uint8, with each region in its mean colour."""
    covered = picture.copy()
    for x0, y0, x1, y1 in rects:
        mean = picture[y0:y1, x0:x1].reshape(-1, 3).mean(axis=0)
        covered[y0:y1, x0:x1] = np.rint(mean).astype(np.uint8)
    return covered


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes; 0 where either is empty."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return wide * tall / (sum(areas) - wide * tall)


def _accused(seen: Sequence[SeenThing], accused: Box) -> frozenset[int]:
    overlaps = {
        index: iou(thing.box, accused)
        for index, thing in enumerate(seen)
        if thing.label in VEHICLES
    }
    best = max(overlaps, key=overlaps.__getitem__, default=None)
    if best is None or overlaps[best] < SAME_THING_IOU:
        return frozenset()
    same = {index for index, overlap in overlaps.items() if overlap >= SAME_BOX_IOU}
    whole = seen[best].box
    parts = {index for index in overlaps if seen[index].echo and inside(seen[index].box, whole)}
    return frozenset(same | parts | {best})


def inside(part: Box, whole: Box) -> bool:
    """Tell whether most of a box lies in another one."""
    wide = min(part[2], whole[2]) - max(part[0], whole[0])
    tall = min(part[3], whole[3]) - max(part[1], whole[1])
    own = (part[2] - part[0]) * (part[3] - part[1])
    return wide > 0 and tall > 0 and wide * tall >= ECHO_INSIDE * own


def _pixels(box: Box, size: tuple[int, int], scale: tuple[float, float]) -> PixelRect:
    """Round outwards, then cut to the picture."""
    x0, y0, x1, y1 = box
    width, height = size
    return (
        max(0, math.floor(x0 * scale[0])),
        max(0, math.floor(y0 * scale[1])),
        min(width, math.ceil(x1 * scale[0])),
        min(height, math.ceil(y1 * scale[1])),
    )
