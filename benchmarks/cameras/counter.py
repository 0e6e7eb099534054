"""A frame counter burnt into a picture that survives coding and scaling down.

Numpy alone, so that every system's environment can read it: a white and a black cell to compare
with, then ten bits of the number and two of parity, in a strip at the picture's top left.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1920, 1080
"""Of the picture that the strip's place is given in."""
CELL_PX, LEFT_PX, TOP_PX = 36, 24, 4
"""A cell is 9 px wide in a picture 512 px wide."""
BITS, PARITY = 10, 2
COUNT = 1000
"""Numbers 0 to 999: 40 s of 25 pictures."""
_DARK, _BRIGHT = 40, 215
_INSIDE = 0.25
"""Share of a cell at each side that is not read: coding and scaling mix it with its neighbour."""


def draw(luma: NDArray[np.uint8], number: int) -> None:
    """Burn a number into a plane of HEIGHT x WIDTH, in place."""
    for index, bit in enumerate(_cells(number)):
        x = LEFT_PX + index * CELL_PX
        luma[TOP_PX : TOP_PX + CELL_PX, x : x + CELL_PX] = _BRIGHT if bit else _DARK


def read(picture: NDArray[np.uint8]) -> int | None:
    """Read the number in (h, w) or (h, w, 3) uint8 of any scale; None where there is none."""
    rows, columns, starts, ends = _places(*picture.shape[:2])
    strip: NDArray[Any] = picture[rows, columns].mean(axis=0, dtype=np.float32)
    if strip.ndim == 2:
        strip = strip.mean(axis=1)
    before = np.concatenate(([0.0], np.cumsum(strip, dtype=np.float64)))
    cells = ((before[ends] - before[starts]) / (ends - starts)).tolist()
    bright, dark, *rest = cells
    if bright - dark < (_BRIGHT - _DARK) / 2:
        return None
    bits = [value > (bright + dark) / 2 for value in rest]
    number = sum(bit << place for place, bit in enumerate(bits[:BITS]))
    return number if number < COUNT and bits == _cells(number)[2:] else None


def _cells(number: int) -> list[bool]:
    bits = [bool(number >> place & 1) for place in range(BITS)]
    parity = [sum(bits[first::PARITY]) % 2 == 1 for first in range(PARITY)]
    return [True, False, *bits, *parity]


@lru_cache
def _places(height: int, width: int) -> tuple[slice, slice, NDArray[np.intp], NDArray[np.intp]]:
    """Return the strip's rows and columns, and where each cell begins and ends in the columns."""
    scale_x = width / WIDTH
    spans = [_span(LEFT_PX + index * CELL_PX, scale_x) for index in range(2 + BITS + PARITY)]
    first, last = spans[0].start, spans[-1].stop
    starts = np.array([span.start - first for span in spans])
    ends = np.array([min(span.stop, width) - first for span in spans])
    return _span(TOP_PX, height / HEIGHT), slice(first, last), starts, ends


def _span(start_px: float, scale: float) -> slice:
    first = round((start_px + _INSIDE * CELL_PX) * scale)
    last = round((start_px + (1 - _INSIDE) * CELL_PX) * scale)
    return slice(first, max(first + 1, last))
