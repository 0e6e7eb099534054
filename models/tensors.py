"""Pictures written into a network's input tensor, in place."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from models.letterbox import Placement, Size
from models.pictures import Picture

# OpenCV splits a picture among threads of its own, which take the processors from the network.
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Pixels:
    """How a network wants its pixels: (value - mean) / divisor a channel, value in 0..255."""

    order: tuple[int, int, int]
    """Channel of the RGB picture behind each channel of the input: (0, 1, 2) RGB, (2, 1, 0) BGR."""
    mean: tuple[float, float, float]
    """In the input's channel order."""
    divisor: tuple[float, float, float]
    border: int = 114
    """Value around the picture, before mean and divisor."""


@dataclass(slots=True)
class InputTensor:
    """One input of a network, (n, 3, h, w), with the scratch memory to fill it; allocated once."""

    blob: NDArray[np.floating]
    pixels: Pixels
    _placements: list[Placement | None] = field(init=False)
    _resized: NDArray[np.uint8] = field(init=False)
    _planes: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        """Allocate scratch for one picture at full input size."""
        count, channels, height, width = self.blob.shape
        self._placements = [None] * count
        self._resized = np.empty(height * width * channels, np.uint8)
        self._planes = np.empty(height * width * channels, np.uint8)

    def write(self, index: int, picture: Picture, placement: Placement) -> None:
        """Put a picture (h, w, 3) RGB into place `index` of the batch."""
        if self._placements[index] != placement:
            self._draw_border(index)
            self._placements[index] = placement
        height, width = placement.height, placement.width
        rows = slice(placement.top, placement.top + height)
        columns = slice(placement.left, placement.left + width)
        planes = self._split(picture, height, width)
        for channel, source in enumerate(self.pixels.order):
            target = self.blob[index, channel, rows, columns]
            mean, divisor = self.pixels.mean[channel], self.pixels.divisor[channel]
            if mean:
                np.subtract(planes[source], np.float32(mean), out=target, casting="same_kind")
                np.divide(target, np.float32(divisor), out=target, casting="same_kind")
            else:
                np.divide(planes[source], np.float32(divisor), out=target, casting="same_kind")

    def _split(self, picture: Picture, height: int, width: int) -> NDArray[np.uint8]:
        """Resize and return the three planes, (3, height, width) uint8."""
        if picture.shape[:2] != (height, width):
            resized = self._resized[: height * width * 3].reshape(height, width, 3)
            cv2.resize(
                np.ascontiguousarray(picture),
                (width, height),
                dst=resized,
                interpolation=cv2.INTER_LINEAR,
            )
            picture = resized
        planes = self._planes[: height * width * 3].reshape(3, height, width)
        cv2.split(np.ascontiguousarray(picture), tuple(planes))
        return planes

    def _draw_border(self, index: int) -> None:
        for channel, (mean, divisor) in enumerate(
            zip(self.pixels.mean, self.pixels.divisor, strict=True)
        ):
            self.blob[index, channel] = (self.pixels.border - mean) / divisor


def allocate(count: int, size: Size, dtype: type[np.floating], pixels: Pixels) -> InputTensor:
    """Allocate the input for a batch of `count` pictures."""
    return InputTensor(np.zeros((count, 3, *size), dtype), pixels)
