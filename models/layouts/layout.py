"""What a layout is: the way pictures go in and boxes come out of one family of networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.classes import COCO_CLASSES
from models.errors import NoDetector
from models.letterbox import Placement, Size
from models.tensors import Pixels

STRIDES = (8, 16, 32)
"""Cell sizes in pixels of the three feature maps that most detectors predict on."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a network before its layout is: from its file and from one run."""

    input_size: Size
    shapes: tuple[tuple[int, ...], ...]
    """Shape of every output of one run."""
    metadata: Mapping[str, str]
    classes: tuple[str, ...] | None
    """Names that the caller gave; they go before every other source."""

    def names(self, count: int, own: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the names of `count` classes: the caller's, the file's own, or COCO's."""
        names = self.classes or own or (COCO_CLASSES if count == len(COCO_CLASSES) else None)
        if names is None:
            raise NoDetector(f"it has {count} classes and names none: give their names (classes)")
        if len(names) != count:
            raise NoDetector(f"it has {count} classes, but {len(names)} names are given")
        return names


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes of one picture above the threshold, in input pixels, in no order, before NMS."""

    xyxy: NDArray[np.float32]
    """(N, 4) float32."""
    score: NDArray[np.float32]
    """(N,) float32."""
    label: NDArray[np.int32]
    """(N,) int32."""

    def select(self, keep: NDArray[np.bool_]) -> "Candidates":
        """Return those that a mask names."""
        return Candidates(self.xyxy[keep], self.score[keep], self.label[keep])


class Layout(Protocol):
    """One family of networks."""

    name: ClassVar[str]
    pixels: ClassVar[Pixels]

    @property
    def iou(self) -> float | None:
        """Return the overlap above which the worse of two boxes goes; None: no NMS needed."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of its labels."""

    @classmethod
    def fit(cls, facts: Facts) -> Self:
        """Take a network of this layout; raises NoDetector saying what does not fit."""

    def place(self, picture: Size, target: Size, *, free: bool) -> Placement:
        """Say where a picture lies in the input.

        `free`: the network takes any size, and `target` is its usual one.
        """

    def candidates(
        self, outputs: Sequence[NDArray[np.float32]], index: int, conf: float
    ) -> Candidates:
        """Read the boxes of picture `index` of a batch with scores above `conf`."""


def cells(size: Size, strides: Sequence[int] = STRIDES) -> int:
    """Count the cells of all feature maps over an input of this size."""
    return sum(-(-size[0] // stride) * -(-size[1] // stride) for stride in strides)
