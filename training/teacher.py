"""Another model labels what a real set leaves unlabelled, so that it is not learned as nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from models import Detector, Picture, read_picture
from training.example import CLASSES, Box, Example

COCO_TO_STREET: Mapping[str, str] = MappingProxyType(
    {
        "person": "person",
        "car": "car",
        "bus": "bus",
        "truck": "truck",
        "bicycle": "two_wheeler",
        "motorcycle": "two_wheeler",
    }
)
CONF = 0.4
"""The teacher's boxes below this score are not taken."""
SAME_IOU = 0.4
LEAST_PX = 4
QUARTER = 0.58
"""Side of a quarter against the picture's: they overlap, so that most things are whole in one."""
CUT_PX = 3
RIDER_SHARE = 0.4
"""A person of whom this share lies in a two_wheeler's box is its rider and no box of its own."""


def is_news(box: Box, known: Sequence[Box]) -> bool:
    """Say whether a box shows a thing that is not labelled yet."""
    for other in known:
        shared = box.overlap(other)
        if box.iou(other) >= SAME_IOU:
            return False
        if other.label == box.label and shared >= 0.7 * min(box.area, other.area):
            return False
        rides = box.label == "person" and other.label == "two_wheeler"
        if rides and shared >= RIDER_SHARE * box.area:
            return False
    return True


def complete(example: Example, teacher: Detector, conf: float = CONF) -> Example:
    """Add the teacher's boxes from a score on to a picture's own; its own always win."""
    picture = read_picture(example.picture)
    return replace(example, boxes=_with_news(example.boxes, _see(picture, teacher, conf)))


def see_closely(path: Path, teacher: Detector, conf: float = CONF) -> tuple[Box, ...]:
    """Return what a teacher sees in a picture and in its four overlapping quarters.

    A small model at its own input size misses what is far away; of a quarter, boxes that touch an
    inner edge are cut things and are left out.
    """
    picture = read_picture(path)
    height, width = picture.shape[:2]
    rows, columns = int(height * QUARTER), int(width * QUARTER)
    found = _see(picture, teacher, conf)
    for top in (0, height - rows):
        for left in (0, width - columns):
            part = picture[top : top + rows, left : left + columns]
            for box in _see(np.ascontiguousarray(part), teacher, conf):
                x0, y0, x1, y1 = box.xyxy
                edges = (
                    (x0, left),
                    (y0, top),
                    (columns - x1, width - columns - left),
                    (rows - y1, height - rows - top),
                )
                if any(near < CUT_PX and beyond > 0 for near, beyond in edges):
                    continue
                moved = (x0 + left, y0 + top, x1 + left, y1 + top)
                found.append(Box(box.label, moved, "teacher"))
    return _with_news((), found)


def _with_news(known: Sequence[Box], found: Sequence[Box]) -> tuple[Box, ...]:
    """Add what is new; two-wheelers first, so that their riders are recognised as such."""
    boxes = list(known)
    for box in sorted(found, key=lambda box: box.label != "two_wheeler"):
        if is_news(box, boxes):
            boxes.append(box)
    return tuple(boxes)


def _see(picture: Picture, teacher: Detector, conf: float) -> list[Box]:
    """Return the teacher's boxes of our classes, cut at the picture's edges, best first."""
    height, width = picture.shape[:2]
    found = teacher.detect([picture], conf)[0]
    boxes = []
    for index in np.argsort(-found.score, kind="stable"):
        label = label_of(teacher.classes[int(found.label[index])])
        x0, y0, x1, y1 = found.xyxy[index].tolist()
        inside = (max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height)))
        if label is None or inside[2] - inside[0] < LEAST_PX or inside[3] - inside[1] < LEAST_PX:
            continue
        boxes.append(Box(label, inside, "teacher"))
    return boxes


def label_of(name: str) -> str | None:
    """Return our class for a model's own; None when we have none."""
    return name if name in CLASSES else COCO_TO_STREET.get(name)
