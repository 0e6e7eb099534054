"""What is measured on one small picture before it is compared with anything."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Picture
from streams.shrink import shrunk

WIDTH_PX = 320
"""Pictures are measured at this width: 3 % of it are 10 px, and a look costs about 2 ms."""
CELLS = (16, 9)
"""Columns and rows of the cells in which detail is compared."""
NOISE = 4.0
"""Gradient (levels a pixel) at which an edge counts half: above sensor noise and coding."""

Plane = NDArray[Any]
"""float32; OpenCV's own signatures promise less."""


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """A picture as numbers. W is WIDTH_PX, H keeps the picture's shape (or the reference's)."""

    levels: Plane
    """(H, W) luma, uint8."""
    gray: Plane
    """The same, float32."""
    luma: float
    """Mean of it."""
    edges: Plane
    """(H, W, 2): direction of edges as a doubled angle, so that light on dark equals dark on light;
    length 0..1, about 0 where there is only noise."""
    fine: Plane
    """(9, 16) mean gradient at full sharpness, a cell."""
    coarse: Plane
    """(9, 16) mean gradient after smoothing, a cell: detail that a soft picture still has."""


def fields_of(picture: Picture, height_px: int | None = None) -> Fields:
    """Measure a picture; height_px stretches it to the height of a reference."""
    high, wide = picture.shape[:2]
    height = height_px or max(16, round(high * WIDTH_PX / wide))
    whole = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    small = shrunk(whole, WIDTH_PX, height)
    gray = small.astype(np.float32)
    smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    soft = cv2.GaussianBlur(gray, (0, 0), 3.0)
    return Fields(
        levels=small,
        gray=gray,
        luma=float(gray.mean()),
        edges=_edges(across, down),
        fine=_cells(cv2.magnitude(*_gradient(cv2.GaussianBlur(gray, (0, 0), 0.7)))),
        coarse=_cells(cv2.magnitude(*_gradient(soft))),
    )


def _edges(across: Plane, down: Plane) -> Plane:
    # OpenCV's arithmetic: numpy's takes four times as long over planes of this size.
    across_2, down_2 = cv2.multiply(across, across), cv2.multiply(down, down)
    weight = cv2.add(across_2, down_2) + np.float32(NOISE * NOISE / 4)
    return cv2.merge(
        [
            cv2.divide(cv2.subtract(across_2, down_2), weight),
            cv2.divide(cv2.multiply(across, down, scale=2), weight),
        ]
    )


def _gradient(gray: Plane) -> tuple[Plane, Plane]:
    return (
        cv2.Sobel(gray, cv2.CV_32F, 1, 0, scale=0.125),
        cv2.Sobel(gray, cv2.CV_32F, 0, 1, scale=0.125),
    )


def _cells(plane: Plane) -> Plane:
    return cv2.resize(plane, CELLS, interpolation=cv2.INTER_AREA)
