"""Ultralytics exports: one output (n, 4 + classes, cells), rows x, y, width, height, scores.

x, y is the centre; boxes are decoded, in input pixels; scores are in 0..1, without objectness.
The exporter's metadata gives names, task and stride. A plain YOLO26 export has this layout too.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import NoDetector
from models.layouts.layout import STRIDES, Candidates, Facts, cells
from models.letterbox import Placement, Size, centred
from models.tensors import Pixels

UNIT_RGB = Pixels(order=(0, 1, 2), mean=(0, 0, 0), divisor=(255, 255, 255))
"""RGB in 0..1."""

USUAL_IOU = 0.7
"""What the Ultralytics package uses where nobody says."""

MAX_METADATA = 1_000_000
"""Characters of metadata parsed: 100,000 class names would fit."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What Ultralytics writes into a file, as far as it matters here."""

    names: tuple[str, ...] | None
    stride: int
    without_nms: bool
    """The network itself leaves one box a thing (end-to-end head, or NMS built in)."""
    iou: float
    """Overlap above which the worse of two boxes goes: what training.calibrate wrote, or theirs."""

    @classmethod
    def of(cls, facts: Facts) -> "Metadata":
        """Read a file's metadata; raises NoDetector for another task than detection."""
        task = facts.metadata.get("task", "detect")
        if task != "detect":
            raise NoDetector(f"it was exported for the task {task!r}, not for detect")
        names = _literal(facts.metadata.get("names", ""))
        stride = _literal(facts.metadata.get("stride", ""))
        arguments = _literal(facts.metadata.get("args", ""))
        iou = _literal(facts.metadata.get("iou", ""))
        return cls(
            names=_names(names),
            stride=stride if isinstance(stride, int) and stride > 0 else max(STRIDES),
            without_nms=facts.metadata.get("end2end") == "True"
            or (isinstance(arguments, dict) and arguments.get("nms") is True),
            iou=iou if isinstance(iou, float) and 0 < iou < 1 else USUAL_IOU,
        )


def _literal(text: str) -> object:
    """Evaluate a literal, never an expression; None for anything else."""
    if len(text) > MAX_METADATA:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _names(names: object) -> tuple[str, ...] | None:
    """Return the names when they are a dictionary 0..n-1, or a list."""
    if isinstance(names, dict):
        names = [names.get(label) for label in range(len(names))]
    if not isinstance(names, list) or not names:
        return None
    return tuple(names) if all(isinstance(name, str) for name in names) else None


@dataclass(frozen=True, slots=True)
class Ultralytics:
    """A YOLO with decoded boxes that still need NMS."""

    name: ClassVar[str] = "ultralytics"
    pixels: ClassVar[Pixels] = UNIT_RGB
    classes: tuple[str, ...]
    stride: int
    iou: float | None

    @classmethod
    def fit(cls, facts: Facts) -> Self:
        """Take one output (n, 4 + classes, cells)."""
        metadata = Metadata.of(facts)
        if len(facts.shapes) != 1 or len(facts.shapes[0]) != 3:  # (n, rows, cells)
            raise NoDetector("expected one output (n, 4 + classes, cells)")
        _, rows, columns = facts.shapes[0]
        if metadata.names is None and columns != cells(facts.input_size):
            raise NoDetector(
                f"no metadata, and {columns} columns are not the {cells(facts.input_size)} cells "
                f"of its input"
            )
        if rows <= 4 or metadata.without_nms:  # a box has 4 rows
            raise NoDetector(f"{rows} rows are no boxes with scores")
        return cls(facts.names(rows - 4, metadata.names), metadata.stride, metadata.iou)

    def place(self, picture: Size, target: Size, *, free: bool) -> Placement:
        """Letterbox, in the middle; the smallest rectangle where the size is free."""
        return centred(picture, target, self.stride if free else None)

    def candidates(
        self,
        outputs: Sequence[NDArray[np.float32]],
        index: int,
        conf: float,
    ) -> Candidates:
        """Keep the best class of every cell."""
        prediction = outputs[0][index]  # (4 + classes, cells)
        best = prediction[4:].max(axis=0)
        cell = np.flatnonzero(best > conf)
        rows = prediction[:, cell].T  # (N, 4 + classes)
        half = rows[:, 2:4] / 2
        xyxy = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1)
        return Candidates(xyxy, best[cell], rows[:, 4:].argmax(axis=1).astype(np.int32))
