"""Ultralytics exports that need no NMS: one output (n, boxes, 6), x0 y0 x1 y1 score class.

End-to-end heads (YOLO10, YOLO26) and exports with NMS built in give the same rows, in input pixels;
places without a box have score 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import NoDetector
from models.layouts.layout import Candidates, Facts
from models.layouts.ultralytics import UNIT_RGB, Metadata
from models.letterbox import Placement, Size, centred
from models.tensors import Pixels


@dataclass(frozen=True, slots=True)
class UltralyticsEnd2End:
    """A YOLO that gives one box a thing."""

    name: ClassVar[str] = "ultralytics-end2end"
    pixels: ClassVar[Pixels] = UNIT_RGB
    iou: ClassVar[float | None] = None
    classes: tuple[str, ...]
    stride: int

    @classmethod
    def fit(cls, facts: Facts) -> Self:
        """Take one output (n, boxes, 6); the number of classes is not in its shape."""
        metadata = Metadata.of(facts)
        if (
            len(facts.shapes) != 1 or len(facts.shapes[0]) != 3 or facts.shapes[0][2] != 6
        ):  # (n, boxes, 6)
            raise NoDetector("expected one output (n, boxes, 6)")
        names = facts.classes or metadata.names
        if names is None:
            raise NoDetector("neither it nor you name its classes: give their names (classes)")
        return cls(names, metadata.stride)

    def place(self, picture: Size, target: Size, *, free: bool) -> Placement:
        """Letterbox, in the middle; the smallest rectangle where the size is free."""
        return centred(picture, target, self.stride if free else None)

    def candidates(
        self,
        outputs: Sequence[NDArray[np.float32]],
        index: int,
        conf: float,
    ) -> Candidates:
        """Read the rows as they are."""
        rows = outputs[0][index]  # (boxes, 6)
        rows = rows[rows[:, 4] > conf]
        known = (rows[:, 5] >= 0) & (rows[:, 5] < len(self.classes))
        rows = rows[known]
        return Candidates(rows[:, :4].copy(), rows[:, 4].copy(), rows[:, 5].astype(np.int32))
