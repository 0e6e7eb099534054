"""YOLOX exports: one output (n, cells, 5 + classes), not decoded.

A row is offset x, offset y, log width, log height, objectness, scores; cells run row by row over
the maps of stride 8, 16, 32. Box = (offset + cell) * stride, exp(log size) * stride (Ge et al.,
"YOLOX: Exceeding YOLO Series in 2021", arXiv 2107.08430; objectness and scores are sigmoids
already). The network takes BGR in 0..255, the picture at the top left, the rest 114.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import NoDetector
from models.layouts.layout import STRIDES, Candidates, Facts, cells
from models.letterbox import Placement, Size, top_left
from models.tensors import Pixels


@dataclass(frozen=True, slots=True)
class Yolox:
    """A YOLOX with its grid still to be decoded."""

    name: ClassVar[str] = "yolox"
    pixels: ClassVar[Pixels] = Pixels(order=(2, 1, 0), mean=(0, 0, 0), divisor=(1, 1, 1))
    iou: ClassVar[float | None] = 0.65  # what its makers evaluate with
    classes: tuple[str, ...]
    grid: NDArray[np.float32] = field(repr=False, compare=False)
    """(cells, 3) float32: x, y in cells, stride in pixels."""

    @classmethod
    def fit(cls, facts: Facts) -> Self:
        """Take one output (n, cells, 5 + classes)."""
        if len(facts.shapes) != 1 or len(facts.shapes[0]) != 3:  # (n, cells, row)
            raise NoDetector("expected one output (n, cells, 5 + classes)")
        _, rows, columns = facts.shapes[0]
        if rows != cells(facts.input_size) or columns <= 5:  # box, objectness
            raise NoDetector(
                f"({rows}, {columns}) is not ({cells(facts.input_size)} cells, 5 + classes)"
            )
        return cls(facts.names(columns - 5), _grid(facts.input_size))

    def place(self, picture: Size, target: Size, *, free: bool) -> Placement:  # noqa: ARG002  # its grid is fixed
        """Letterbox, at the top left."""
        return top_left(picture, target)

    def candidates(
        self,
        outputs: Sequence[NDArray[np.float32]],
        index: int,
        conf: float,
    ) -> Candidates:
        """Decode the cells whose best class is likely enough."""
        prediction = outputs[0][index]  # (cells, 5 + classes)
        # The product can only be smaller than objectness: most cells are out before it is formed.
        cell = np.flatnonzero(prediction[:, 4] > conf)
        scores = prediction[cell, 5:] * prediction[cell, 4:5]
        label = scores.argmax(axis=1)
        best = scores[np.arange(len(cell)), label]
        kept = best > conf
        cell, label, best = cell[kept], label[kept], best[kept]
        stride = self.grid[cell, 2:]
        centre = (prediction[cell, :2] + self.grid[cell, :2]) * stride
        half = np.exp(prediction[cell, 2:4]) * stride / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1)
        return Candidates(xyxy, best, label.astype(np.int32))


def _grid(size: Size) -> NDArray[np.float32]:
    parts = []
    for stride in STRIDES:
        rows, columns = -(-size[0] // stride), -(-size[1] // stride)
        y, x = np.mgrid[:rows, :columns]
        parts.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride)], axis=1))
    return np.concatenate(parts).astype(np.float32)
