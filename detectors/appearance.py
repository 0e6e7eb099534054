"""What a thing at its place looks like, so that another one there is told from it.

A camera is fixed: the same standing thing gives the same pixels at the same place, whatever box a
detector draws this time. So the crop of one fixed box is compared with itself later. Edges carry
it, because sun, cloud and exposure scale brightness but move no edge; brightness and colour
against the surroundings add what edges cannot tell (the same model in white and in black).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.place import UNITS
from detectors.violation import Box

CELLS = 16
"""Cells a side of the grid of edges that is compared."""
EDGE = 1
"""Cells around it from which the edges of its border cells are taken."""
SHIFT = 2
"""Cells by which a picture may be off: wind at the pole, a box that jitters."""
PAD = 0.08
"""Share of the box added on each side, so that the outline against the ground is inside."""
RING = 1
"""Outer cells, all of them padding, that show the surroundings."""
MIDDLE = 3
"""Outer cells that are left out of the middle."""
LEAST_SIDE_PX = 8.0
"""Smaller crops hold too few pixels to tell things apart."""
FLAT = 1.5
"""Mean edge (grey levels a cell) under which a crop has no edges to compare."""
BARE = 6.0
"""Mean edge under which a place by day is a bare wall: drops and streaks on one make 3 to 5, leaves
before it 20 and more."""
TONE_SLACK = 0.3
"""Change of the logarithm of brightness against the surroundings that light alone makes."""
HUE_SLACK = 0.15
"""The same for red against green and blue against green, which light changes less."""
RECOLOURED = 3.0
"""Weight of what is beyond: white and grey cars on grey asphalt differ by 0.45."""

LOOKS_SAME = 0.62
"""Likeness from which a place is taken to look as it did (figures in docs/violations.md)."""
LOOKS_CHANGED = 0.5
"""Likeness under which a place is taken to have changed, though no model says how."""

_PLACES = 2048
"""Weights that are kept, two a place: places are compared look after look. About 5 kB each."""

GREY = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601 luma."""

Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """What the place inside a box looked like."""

    box: Box
    """The place that is compared, in units (see place.py); fixed once taken."""
    grey: NDArray[np.uint8]
    """(18, 18) brightness of the padded box and a border of one cell."""
    contrast: tuple[float, float, float]
    """Logarithm of the middle's brightness against the surroundings' (r, g, b)."""

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "box": list(self.box),
            "grey": self.grey.tobytes().hex(),
            "contrast": list(self.contrast),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Signature":
        """Undo to_json()."""
        side = CELLS + 2 * EDGE
        grey = np.frombuffer(bytes.fromhex(data["grey"]), np.uint8).reshape(side, side)
        x0, y0, x1, y1 = data["box"]
        red, green, blue = data["contrast"]
        return cls((x0, y0, x1, y1), grey, (red, green, blue))


@lru_cache(maxsize=_PLACES)
def _weights(start: float, stop: float, cells: int, length: int) -> NDArray[np.float32]:
    """(cells, length) share of each pixel in the mean of each of (cells) parts of [start, stop).

    A part outside [0, length) takes the nearest pixel; one that reaches out counts what is inside.
    """
    marks = start + (stop - start) / cells * np.arange(cells + 1)
    pixels = np.arange(length)
    shares = np.minimum(marks[1:, None], pixels + 1) - np.maximum(marks[:-1, None], pixels)
    np.maximum(shares, 0.0, out=shares)
    total = shares.sum(axis=1, keepdims=True)
    for row in np.flatnonzero(total[:, 0] < 1e-6):
        shares[row, int(np.clip(marks[row], 0, length - 1))] = total[row] = 1.0
    weights = np.asarray(shares / total, np.float32)
    weights.setflags(write=False)  # whoever asks for the same place again gets the same array
    return weights


def _cells(picture: NDArray[np.uint8], box: Box, border: int) -> Grid:
    """(n, n, 3) mean colours of a padded box in picture pixels, with border cells around it."""
    height, width = picture.shape[:2]
    count = CELLS + 2 * border
    spans = []
    for low, high, length in ((box[1], box[3], height), (box[0], box[2], width)):
        side = high - low
        reach = PAD * side + border * side * (1 + 2 * PAD) / CELLS
        first = int(np.clip(np.floor(low - reach), 0, length - 1))
        last = int(np.clip(np.ceil(high + reach), first + 1, length))
        spans.append((first, last, low - reach - first, high + reach - first))
    (top, bottom, y_start, y_stop), (left, right, x_start, x_stop) = spans
    crop = picture[top:bottom, left:right].astype(np.float32)
    down = _weights(y_start, y_stop, count, bottom - top)
    along = _weights(x_start, x_stop, count, right - left)
    # A product for each column, then for each row: so small that the BLAS never starts its
    # threads, which cost ten times as much where other work wants the processors.
    columns = np.matmul(down, crop.swapaxes(0, 1))  # (width, n, 3)
    return np.asarray(np.matmul(along, columns.swapaxes(0, 1)), np.float64)


def _edges(grey: Grid) -> Grid:
    """(n-2, n-2, 2) central differences of (n, n) brightness along x and y."""
    along_x = (grey[1:-1, 2:] - grey[1:-1, :-2]) / 2
    along_y = (grey[2:, 1:-1] - grey[:-2, 1:-1]) / 2
    return np.stack([along_x, along_y], axis=2)


def _contrast(colours: Grid) -> tuple[float, float, float]:
    """Logarithm of brightness, middle against surroundings, of a (16, 16, 3) crop."""
    ring = np.ones(colours.shape[:2], bool)
    ring[RING:-RING, RING:-RING] = False
    middle = colours[MIDDLE:-MIDDLE, MIDDLE:-MIDDLE].mean(axis=(0, 1))
    # 10 grey levels keep the noise of black from counting
    red, green, blue = np.log((middle + 10.0) / (colours[ring].mean(axis=0) + 10.0))
    return (float(red), float(green), float(blue))


def _in_picture(box: Box, picture: NDArray[np.uint8]) -> Box | None:
    """Turn a box in units into one in a picture's pixels; None where it is too small."""
    scale = picture.shape[1] / UNITS
    x0, y0, x1, y1 = (value * scale for value in box)
    visible_x = min(x1, picture.shape[1]) - max(x0, 0.0)
    visible_y = min(y1, picture.shape[0]) - max(y0, 0.0)
    if min(visible_x, visible_y) < LEAST_SIDE_PX:
        return None
    return (x0, y0, x1, y1)


def take(picture: NDArray[np.uint8] | None, box: Box) -> Signature | None:
    """Take the signature of a box in units; None where the picture cannot give one."""
    placed = None if picture is None else _in_picture(box, picture)
    if picture is None or placed is None:
        return None
    colours = _cells(picture, placed, EDGE)
    grey = np.clip(np.rint(colours @ GREY), 0, 255).astype(np.uint8)
    return Signature(box, grey, _contrast(colours[EDGE:-EDGE, EDGE:-EDGE]))


def likeness(signature: Signature | None, picture: NDArray[np.uint8] | None) -> float | None:
    """How much a place still looks as it did: 1 the same, about 0 unrelated; None if unknown.

    The best correlation of edges over small shifts, less what colour differs beyond light's doing.
    On real street footage the same standing car gave at least 0.7 under strong changes of light,
    another car at its place at most 0.65 in 95 of 100 cases (docs/violations.md).
    """
    if signature is None or picture is None:
        return None
    placed = _in_picture(signature.box, picture)
    if placed is None:
        return None
    border = EDGE + SHIFT
    colours = _cells(picture, placed, border)
    then = _edges(signature.grey.astype(np.float64))
    now = _edges(colours @ GREY)
    contrast = _contrast(colours[border:-border, border:-border])
    return _correlation(then, now) - _recolouring(signature.contrast, contrast)


def are_one_wall(then: Signature, now: Signature) -> bool:
    """Whether a place was, and is, a bare wall of one colour, on which rain alone makes edges."""
    edges = (_edges(each.grey.astype(np.float64)) for each in (then, now))
    bare = all((edge * edge).sum(axis=2).mean() < BARE * BARE for edge in edges)
    return bare and 1.0 - _recolouring(then.contrast, now.contrast) >= LOOKS_SAME


def _recolouring(then: tuple[float, float, float], now: tuple[float, float, float]) -> float:
    """How far colour against the surroundings changed beyond what light does; 0 mostly."""
    red, green, blue = (after - before for before, after in zip(then, now, strict=True))
    tone = abs(red + green + blue) / 3
    hue = max(abs(red - green), abs(blue - green))
    return RECOLOURED * (max(0.0, tone - TONE_SLACK) + max(0.0, hue - HUE_SLACK))


def _correlation(then: Grid, now: Grid) -> float:
    """Best normalised correlation of (16, 16, 2) edges within (20, 20, 2)."""
    windows = np.lib.stride_tricks.sliding_window_view(now, then.shape).reshape(-1, then.size)
    products = (windows * then.ravel()).sum(axis=1)
    now_energy = (windows * windows).sum(axis=1)
    then_energy = float((then * then).sum())
    flat = FLAT * FLAT * CELLS * CELLS
    middle = float(now_energy[len(now_energy) // 2])
    if then_energy < flat and middle < flat:
        return 1.0
    if then_energy < flat or middle < flat:
        return 0.0
    return float(np.max(products / np.sqrt(then_energy * np.maximum(now_energy, flat))))


def blended(old: Signature, fresh: Signature, share: float) -> Signature:
    """Move a signature towards a fresh one of the same box, as light changes through the day."""
    grey = np.rint(old.grey * (1 - share) + fresh.grey * share).astype(np.uint8)
    red, green, blue = (
        a * (1 - share) + b * share for a, b in zip(old.contrast, fresh.contrast, strict=True)
    )
    return Signature(old.box, grey, (red, green, blue))
