"""What has changed between two pictures of one camera, in numbers. Decides nothing about things.

A picture is compared with the last one that a model saw, not with the look before: what comes
slowly adds up until it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.condition.fields import Plane
from streams.frame import Picture
from streams.shrink import shrunk

WIDTH_PX = 320
BLOCK_PX = 8
"""Side of a block at WIDTH_PX: a person 40 px tall at 640 px fills two."""
BLUR_PX = 1.2
"""Smooths noise away and leaves things from about 4 px on."""
LIGHT_PX = 49
"""What changes over more than this at once is light: clouds, exposure, the edge of a glow."""
NOISE_TIMES = 3.0
"""A block has changed when it differs by so many times what most blocks do (noise, rain)."""
LEAST = 2.5
"""Levels of difference below which nothing counts as change."""
MOST = 14.0
"""Levels of difference that are always change: heavy rain opens the gate rather than deafens it."""
STILL_LIGHT = 3.0
"""Levels by which the light of a picture may differ from one that shows the same ..."""
STILL_SHARE = 0.06
"""... and the share of its blocks: a large clock. No cover, blur, smear or turn changes so few."""
MARGIN_BLOCKS = 3
"""Watched around each zone, 7 % of the width: what comes in is seen before it is in."""
ALWAYS_SHARE = 0.8
"""A block that changed in so many of its looks always changes: the seconds of a clock drawn in."""
OFTEN_SHARE = 0.05
"""Blocks beside it that change so often are the clock's other digits."""
BESIDE_BLOCKS = 3
ALWAYS_LOOKS = 20
"""Looks until that is known."""
CLOCK_SHARE = 0.02
"""Share of the watched blocks that may be left out for always changing; more is traffic or trees,
and then none is left out."""

Blocks = NDArray[np.bool_]
Polygon = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Small:
    """A picture as the gate keeps it."""

    gray: Plane
    """(H, WIDTH_PX) float32 luma; H is a multiple of BLOCK_PX."""
    median: float
    """Of it."""


def small_of(picture: Picture) -> Small:
    """Scale (h, w, 3) RGB down for comparing."""
    high, wide = picture.shape[:2]
    height = max(BLOCK_PX, round(high * WIDTH_PX / wide / BLOCK_PX) * BLOCK_PX)
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    small = shrunk(gray, WIDTH_PX, height)
    return Small(small.astype(np.float32), _median(small))


def difference(before: Small, now: Small) -> NDArray[np.float32]:
    """Measure how much each block differs, (rows, columns) in levels, light taken out."""
    change = cv2.GaussianBlur(now.gray - _relit(before, now), (0, 0), BLUR_PX)
    change = cv2.absdiff(change, cv2.blur(change, (LIGHT_PX, LIGHT_PX)))
    rows, columns = change.shape[0] // BLOCK_PX, WIDTH_PX // BLOCK_PX
    # Down first, then along: both at once takes three times as long.
    strips = change.reshape(rows, BLOCK_PX, WIDTH_PX).max(axis=1)
    return np.asarray(strips.reshape(rows, columns, BLOCK_PX).max(axis=2), np.float32)


def usual(differences: NDArray[np.float32]) -> float:
    """Return the median difference: what noise, light rain and coding do everywhere."""
    middle = differences.size // 2
    ordered = np.partition(differences, (middle - 1, middle), axis=None)  # np.median takes thrice
    return float(ordered[middle] + ordered[middle - 1 + differences.size % 2]) / 2


def changed(differences: NDArray[np.float32], usual: float) -> Blocks:
    """Mark blocks that differ by more than is usual."""
    return np.asarray(differences > min(max(LEAST, NOISE_TIMES * usual), MOST))


def is_still(before: Small, now: Small, usual: float, blocks: Blocks) -> bool:
    """Whether nothing has changed but for what a clock draws in: not the light, nor all a little.

    blocks: those that have changed.
    """
    return bool(
        abs(now.median - before.median) <= STILL_LIGHT
        and usual <= LEAST / 2
        and np.count_nonzero(blocks) <= STILL_SHARE * blocks.size
    )


def watched_blocks(polygons: Sequence[Polygon] | None, shape: tuple[int, int]) -> Blocks:
    """Mark the blocks of zones and their surroundings, (rows, columns); None: all of them.

    Polygons are in shares of the picture.
    """
    if polygons is None:
        return np.ones(shape, bool)
    rows, columns = shape
    drawn = np.zeros((rows * BLOCK_PX, columns * BLOCK_PX), np.uint8)
    for polygon in polygons:
        points = np.asarray(polygon, np.float64) * (drawn.shape[1], drawn.shape[0])
        cv2.fillPoly(drawn, [np.round(points).astype(np.int32)], 1)
    touched = drawn.reshape(rows, BLOCK_PX, columns, BLOCK_PX).max(axis=(1, 3))
    around = np.ones((2 * MARGIN_BLOCKS + 1, 2 * MARGIN_BLOCKS + 1), np.uint8)
    return np.asarray(cv2.dilate(touched, around) > 0)


def _relit(before: Small, now: Small) -> Plane:
    """Bring a picture to another's brightness: exposure multiplies every pixel."""
    gain = now.median / max(before.median, 1.0)
    return before.gray * np.float32(np.clip(gain, 0.25, 4.0))


def _median(levels: NDArray[np.uint8]) -> float:
    """Return the median by counting levels: sorting a picture takes ten times as long."""
    counts = cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel()
    below = np.cumsum(counts)
    low, high = np.searchsorted(below, [(levels.size + 1) // 2, levels.size // 2 + 1])
    return float(low + high) / 2


class Clock:
    """Learns which blocks always change, whatever happens: a clock that the camera draws in."""

    def __init__(self) -> None:
        self._looks = 0
        self._share: NDArray[np.float32] | None = None

    def learn(self, blocks: Blocks) -> None:
        """Count a comparison of two pictures."""
        if self._share is None or self._share.shape != blocks.shape:
            self._looks, self._share = 0, np.zeros(blocks.shape, np.float32)
        self._looks += 1
        self._share += (blocks - self._share) / np.float32(min(self._looks, 2 * ALWAYS_LOOKS))

    def blocks(self, watched: Blocks) -> Blocks:
        """Return the blocks to leave out of those watched; never more than CLOCK_SHARE of them."""
        none = np.zeros(watched.shape, bool)
        if self._share is None or self._share.shape != watched.shape:
            return none
        if self._looks < ALWAYS_LOOKS:
            return none
        always = (self._share >= ALWAYS_SHARE) & watched
        beside = np.ones((3, 2 * BESIDE_BLOCKS + 1), np.uint8)
        near = cv2.dilate(always.astype(np.uint8), beside) > 0
        grown = always | (near & watched & (self._share >= OFTEN_SHARE))
        most = CLOCK_SHARE * watched.sum()
        return next((blocks for blocks in (grown, always) if blocks.sum() <= most), none)
