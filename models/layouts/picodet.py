"""PicoDet exports without post-processing: for every stride, scores and box distributions apart.

Each stride has an output (n, cells, classes), sigmoids already, and one (n, cells, 4 * bins): for
each side the distribution of its distance from the cell's centre over 0..bins-1 cells, whose mean
is the distance (Li et al., "Generalized Focal Loss", arXiv 2006.04388; Yu et al., "PP-PicoDet",
arXiv 2111.00902). Which outputs belong together is seen from their shapes, not from their order.
The network takes the picture stretched to its input, RGB with ImageNet's mean and deviation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import NoDetector
from models.layouts.layout import Candidates, Facts, cells
from models.letterbox import Placement, Size, stretched
from models.tensors import Pixels

STRIDES = (8, 16, 32, 64)
BINS = 8
"""Distances 0..7 cells a side (reg_max 7), as in every PicoDet release."""

IMAGENET_RGB = Pixels(
    order=(0, 1, 2), mean=(123.675, 116.28, 103.53), divisor=(58.395, 57.12, 57.375)
)
"""Mean and standard deviation of ImageNet's training pictures."""


@dataclass(frozen=True, slots=True)
class Head:
    """Two outputs that belong together, and the centres of their cells."""

    scores: int
    """Index of the output with the scores."""
    distances: int
    """Index of the output with the distributions."""
    stride: int
    centres: NDArray[np.float32] = field(repr=False, compare=False)
    """(cells, 2) float32: x, y in input pixels."""


@dataclass(frozen=True, slots=True)
class Picodet:
    """A PicoDet with its heads still to be decoded."""

    name: ClassVar[str] = "picodet"
    pixels: ClassVar[Pixels] = IMAGENET_RGB
    iou: ClassVar[float | None] = 0.6  # what its makers' configurations use
    classes: tuple[str, ...]
    heads: tuple[Head, ...]

    @classmethod
    def fit(cls, facts: Facts) -> Self:
        """Take a pair of outputs a stride: (n, cells, classes) and (n, cells, 32)."""
        heads = tuple(_head(facts, stride) for stride in STRIDES)
        if len(facts.shapes) != 2 * len(heads):
            raise NoDetector(f"expected {2 * len(heads)} outputs, it has {len(facts.shapes)}")
        counts = {facts.shapes[head.scores][2] for head in heads}
        if len(counts) != 1:
            raise NoDetector(f"its heads disagree about the number of classes: {sorted(counts)}")
        return cls(facts.names(counts.pop()), heads)

    def place(self, picture: Size, target: Size, *, free: bool) -> Placement:  # noqa: ARG002  # its grid is fixed
        """Stretch."""
        return stretched(picture, target)

    def candidates(
        self,
        outputs: Sequence[NDArray[np.float32]],
        index: int,
        conf: float,
    ) -> Candidates:
        """Decode the cells of every stride whose best class is likely enough."""
        xyxy, score, label = [], [], []
        for head in self.heads:
            scores = outputs[head.scores][index]  # (cells, classes)
            best = scores.max(axis=1)
            cell = np.flatnonzero(best > conf)
            sides = _mean_distance(outputs[head.distances][index][cell]) * head.stride
            centre = head.centres[cell]
            xyxy.append(np.concatenate([centre - sides[:, :2], centre + sides[:, 2:]], axis=1))
            score.append(best[cell])
            label.append(scores[cell].argmax(axis=1).astype(np.int32))
        return Candidates(np.concatenate(xyxy), np.concatenate(score), np.concatenate(label))


def _head(facts: Facts, stride: int) -> Head:
    count = cells(facts.input_size, [stride])
    found = [
        index
        for index, shape in enumerate(facts.shapes)
        if len(shape) == 3 and shape[1] == count  # (n, cells, values)
    ]
    distances = [index for index in found if facts.shapes[index][2] == 4 * BINS]
    scores = [index for index in found if facts.shapes[index][2] != 4 * BINS]
    if len(distances) != 1 or len(scores) != 1:
        raise NoDetector(
            f"expected two outputs for stride {stride}, (n, {count}, classes) and "
            f"(n, {count}, {4 * BINS})"
        )
    rows, columns = (-(-side // stride) for side in facts.input_size)
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) * stride
    return Head(scores[0], distances[0], stride, centres.astype(np.float32))


def _mean_distance(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 4 * bins) logits into (N, 4) distances left, top, right, bottom, in cells."""
    sides = logits.reshape(-1, 4, BINS)
    weights = np.exp(sides - sides.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    distances: NDArray[np.float32] = weights @ np.arange(BINS, dtype=np.float32)
    return distances
