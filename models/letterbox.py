"""Where a picture lies in a network's input, and the way back for boxes.

Three placements, one per family of networks; each is undone exactly by the `Placement` it returned.
Pictures are shrunk or enlarged to whole pixels, so the two axes have slightly different scales: the
way back uses the sizes that were really used, not the ratio that was aimed at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
"""(height, width) in pixels."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture of `picture` pixels lies in `input` at (left, top), resized to (height, width)."""

    picture: Size
    input: Size
    top: int
    left: int
    height: int
    width: int

    def to_input(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map boxes (N, 4) from picture pixels to input pixels."""
        return xyxy * self._scale() + self._offset()

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map boxes (N, 4) from input pixels to picture pixels, cut at the picture's edges."""
        height, width = self.picture
        boxes = (xyxy - self._offset()) / self._scale()
        np.clip(boxes, 0, np.array([width, height, width, height], np.float32), out=boxes)
        return boxes

    def _scale(self) -> NDArray[np.float32]:
        x, y = self.width / self.picture[1], self.height / self.picture[0]
        return np.array([x, y, x, y], np.float32)

    def _offset(self) -> NDArray[np.float32]:
        return np.array([self.left, self.top, self.left, self.top], np.float32)


def centred(picture: Size, target: Size, stride: int | None = None) -> Placement:
    """Keep the aspect ratio, border on both sides: Ultralytics' letterbox, rounding included.

    With `stride`, for networks of free input size, the border is cut down to less than a stride,
    in whole strides from `target`: 1920x1080 within 640x640 needs 640x384 only.
    """
    ratio = min(target[0] / picture[0], target[1] / picture[1])
    height, width = max(round(picture[0] * ratio), 1), max(round(picture[1] * ratio), 1)
    border = target[0] - height, target[1] - width
    if stride is not None:
        border = border[0] % stride, border[1] % stride
    # An odd border is one pixel thinner at the top and left.
    top, left = (round(each / 2 - 0.1) for each in border)
    size = height + border[0], width + border[1]
    return Placement(picture, size, top, left, height, width)


def top_left(picture: Size, target: Size) -> Placement:
    """Keep the aspect ratio, border at the right or the bottom: YOLOX."""
    ratio = min(target[0] / picture[0], target[1] / picture[1])
    height, width = max(int(picture[0] * ratio), 1), max(int(picture[1] * ratio), 1)
    return Placement(picture, target, 0, 0, height, width)


def stretched(picture: Size, target: Size) -> Placement:
    """Fill the input whatever the aspect ratio: PicoDet."""
    return Placement(picture, target, 0, 0, target[0], target[1])
