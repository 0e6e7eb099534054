"""Pixels of a look's picture inside a box in units."""

import numpy as np
from numpy.typing import NDArray

from detectors.place import UNITS
from detectors.violation import Box

GREEN = 1.15
"""How much brighter green is than red and blue in what is green: nets, lawns, leaves."""
LEAST_GREY = 30.0
"""Brightness under which a camera's colours are noise."""


def crop(picture: NDArray[np.uint8] | None, box: Box) -> NDArray[np.float64] | None:
    """(h, w, 3) colours of the visible part of a box in units; None where there is nothing."""
    if picture is None:
        return None
    scale = picture.shape[1] / UNITS
    x0, y0, x1, y1 = (round(value * scale) for value in box)
    part = picture[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    return part.astype(np.float64) if part.size else None


def green_share(picture: NDArray[np.uint8] | None, box: Box) -> float:
    """Share 0..1 of a box's pixels that are green; 0 without a picture, or by night."""
    part = crop(picture, box)
    if part is None:
        return 0.0
    red, green, blue = part[..., 0], part[..., 1], part[..., 2]
    bright = part.max(axis=2) >= LEAST_GREY
    return float(np.mean((green >= GREEN * np.maximum(red, blue)) & bright))
