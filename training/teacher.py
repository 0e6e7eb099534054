"""Another model labels what a real set leaves unlabelled, so that it is not learned as nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from models import Detector, read_picture
from training.example import Box, Example

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


def complete(example: Example, teacher: Detector) -> Example:
    """Add the teacher's boxes to a picture's own; its own always win."""
    found = teacher.detect([read_picture(example.picture)], CONF)[0]
    boxes = list(example.boxes)
    # Two-wheelers first, so that their riders are recognised as such.
    rows = [
        (COCO_TO_STREET.get(teacher.classes[label]), xyxy)
        for label, xyxy in zip(found.label.tolist(), found.xyxy.tolist(), strict=True)
    ]
    for label, xyxy in sorted(rows, key=lambda row: row[0] != "two_wheeler"):
        if label is None:
            continue
        x0, y0, x1, y1 = xyxy
        inside = (
            max(x0, 0.0),
            max(y0, 0.0),
            min(x1, float(example.width)),
            min(y1, float(example.height)),
        )
        if inside[2] - inside[0] < 4 or inside[3] - inside[1] < 4:
            continue
        box = Box(label, inside, "teacher")
        if is_news(box, boxes):
            boxes.append(box)
    return replace(example, boxes=tuple(boxes))
