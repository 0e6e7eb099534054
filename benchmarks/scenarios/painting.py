"""Small pictures of a scripted street, so that appearances can be compared."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenarios.script import HEIGHT, WIDTH
from detectors import Box

SCALE = 0.5
"""Pixels of the picture a pixel of the script."""
GROUND = 110.0
GRAIN = 4.0

NET = 1000
"""Paint of what lies under a green net."""
WET = 1001
"""Paint of a wet road: evenly darker than a dry one."""
PLAIN = {NET: (40.0, 140.0, 60.0), WET: (62.0, 63.0, 66.0)}
"""Colours without a pattern."""

Picture = NDArray[np.uint8]


def paint(
    shown: Sequence[tuple[int, Box]],
    random: np.random.Generator,
    *,
    light: float = 1.0,
    sparks: float = 0.0,
    shift: tuple[int, int] = (0, 0),
) -> Picture:
    """Paint the ground and what stands on it, farthest first: (180, 320, 3) uint8 RGB.

    shown: paint and box of each; sparks: share of pixels that are spoilt; shift: right and down,
    in pixels of the script.
    """
    picture = _ground().copy()
    for number, box in shown:
        left, top, right, bottom = (round(side * SCALE) for side in box)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(right, picture.shape[1]), min(bottom, picture.shape[0])
        if x0 < x1 and y0 < y1:
            body = _body(number, bottom - top, right - left)
            picture[y0:y1, x0:x1] = body[y0 - top : y1 - top, x0 - left : x1 - left]
    picture *= light
    if sparks:
        spoilt = random.random(picture.shape[:2]) < sparks
        picture[spoilt] = random.uniform(60.0, 255.0, (int(spoilt.sum()), 1))
    right, down = (round(by * SCALE) for by in shift)
    if right or down:
        picture = np.roll(picture, (down, right), (0, 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


@lru_cache(1)
def _ground() -> NDArray[np.float64]:
    shape = (round(HEIGHT * SCALE), round(WIDTH * SCALE), 1)
    grain = np.random.default_rng(7).normal(0.0, GRAIN, shape)
    return np.asarray(np.full((*shape[:2], 3), GROUND) + grain)


@lru_cache(4096)
def _body(number: int, height: int, width: int) -> NDArray[np.float64]:
    """(height, width, 3) its sides: blocks of colour that only this paint has."""
    random = np.random.default_rng([99, number])
    if number in PLAIN:
        grain = random.normal(0.0, 12.0 if number == NET else GRAIN, (height, width, 1))
        return np.clip(np.asarray(PLAIN[number]) + grain, 0.0, 255.0)
    tint = random.uniform(20.0, 235.0, 3)
    blocks = np.clip(tint + random.normal(0.0, 45.0, (5, 6, 1)), 0.0, 255.0)
    rows = np.arange(height) * 5 // max(height, 1)
    columns = np.arange(width) * 6 // max(width, 1)
    return np.asarray(blocks[rows][:, columns])
