"""How a current has moved what floats, from the pieces themselves."""

import numpy as np
from numpy.typing import NDArray

from detectors.place import Boxes

FASTEST = 20.0
"""Units a second that water carries things: across the picture in half a minute."""
LONGEST_S = 10.0
"""After a longer pause pieces are told from one another no more: the current is taken to last."""
SLACK_UNITS = 9.0
"""Pieces that move together agree on the way within this many units: two boxes' jitter."""
LEAST = 2
"""Pieces that have to agree: one alone may swim ..."""
LEAST_SHARE = 0.5
"""... and share of the pieces: a few of many swimmers go the same way by chance."""

Shift = tuple[float, float]


def carried(before: Boxes, now: Boxes, speed: Shift, passed_s: float) -> Shift:
    """How far the current has carried everything since the last look, in units (x, y).

    before: (M, 4) pieces then, now: (N, 4) pieces of this look, speed: what was known of the
    current, in units a second. The way that most pieces agree on, else the one known before.
    """
    known = (speed[0] * passed_s, speed[1] * passed_s)
    if passed_s > LONGEST_S or len(before) < LEAST or len(now) < LEAST:
        return known
    ways = _middles(now)[None, :, :] - _middles(before)[:, None, :]  # (M, N, 2)
    fit = np.hypot(ways[..., 0], ways[..., 1]) <= FASTEST * passed_s + SLACK_UNITS
    fit &= _alike(before, now)
    tried = np.concatenate([np.asarray([known, (0.0, 0.0)]), ways[fit]])  # known first
    votes = np.asarray([_agree(ways, fit, way)[0] for way in tried])
    best = tried[int(np.argmax(votes))]
    count, mean = _agree(ways, fit, best)
    if count < max(LEAST, LEAST_SHARE * min(len(before), len(now))):
        return known
    return (float(mean[0]), float(mean[1]))


def _agree(
    ways: NDArray[np.float64], fit: NDArray[np.bool_], way: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """Count the pieces that went this way, and say how far they went on average."""
    off = np.where(fit, np.hypot(ways[..., 0] - way[0], ways[..., 1] - way[1]), np.inf)
    nearest = off.argmin(axis=1)
    rows = np.flatnonzero(off[np.arange(len(off)), nearest] <= SLACK_UNITS)
    if not len(rows):
        return 0, way
    columns = nearest[rows]
    return len(np.unique(columns)), np.asarray(ways[rows, columns].mean(axis=0))


def _middles(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2)


def _alike(before: Boxes, now: Boxes) -> NDArray[np.bool_]:
    """(M, N) whether two pieces are about as large."""
    sizes = [np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)) for boxes in (before, now)]
    larger = np.maximum(sizes[0][:, None], sizes[1][None, :])
    return np.asarray(larger <= 2.0 * np.minimum(sizes[0][:, None], sizes[1][None, :]))
