"""What goes into a network: input tensors allocated once, one for each run that is worked at."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.letterbox import Placement, Size
from models.pictures import Picture
from models.tensors import InputTensor, Pixels, allocate

MAX_TENSORS = 16
"""Tensors kept for a network of free size, three for each input size: cameras have few shapes."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Pictures that go through the network together, in inputs of one size."""

    indices: tuple[int, ...]
    """Which of the caller's pictures these are."""
    pictures: tuple[Picture, ...]
    placements: tuple[Placement, ...]

    @property
    def size(self) -> Size:
        """Return the input size, (height, width)."""
        return self.placements[0].input


class Feed:
    """The input tensors of one network."""

    def __init__(self, dtype: type[np.floating], pixels: Pixels, fixed_batch: int | None) -> None:
        """Take the input's type, how it wants its pixels, and the batch that it insists on."""
        self._dtype = dtype
        self._pixels = pixels
        self._fixed_batch = fixed_batch
        self._tensors: dict[tuple[Size, int], InputTensor] = {}
        self._lock = threading.Lock()
        """Of _tensors: several threads may ask for one each."""

    def fill(self, run: Run, place: int) -> NDArray[np.floating]:
        """Return a run's input, (n, 3, h, w), valid until the next one for the same place."""
        count = self._fixed_batch or len(run.pictures)
        tensor = self._tensor(run.size, place, count)
        for index, (picture, placement) in enumerate(
            zip(run.pictures, run.placements, strict=True)
        ):
            tensor.write(index, picture, placement)
        return tensor.blob[:count]

    def close(self) -> None:
        """Free the tensors."""
        self._tensors.clear()

    def _tensor(self, size: Size, place: int, count: int) -> InputTensor:
        with self._lock:
            tensor = self._tensors.get((size, place))
            if tensor is None or len(tensor.blob) < count:
                self._tensors.pop((size, place), None)
                if len(self._tensors) >= MAX_TENSORS:
                    del self._tensors[next(iter(self._tensors))]
                tensor = allocate(count, size, self._dtype, self._pixels)
                self._tensors[size, place] = tensor
            return tensor
