"""Boxes and visibility from the renderer's object mask."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.cameras import Camera
from training.scenes.silhouette import silhouette_px
from training.scenes.thing import Thing

TINY_PX = 12


def boxes_of(mask: NDArray[np.int32], count: int) -> dict[int, tuple[int, int, int, int, int]]:
    """Return x0 y0 x1 y1 (half-open) and the visible pixels of each index of a mask (H, W)."""
    found = {}
    rows, columns = np.nonzero(mask)
    indices = mask[rows, columns]
    order = np.argsort(indices, kind="stable")
    rows, columns, indices = rows[order], columns[order], indices[order]
    starts = np.searchsorted(indices, np.arange(1, count + 2))
    for index in range(1, count + 1):
        lo, hi = starts[index - 1], starts[index]
        if hi > lo:
            xs, ys = columns[lo:hi], rows[lo:hi]
            found[index] = (
                int(xs.min()),
                int(ys.min()),
                int(xs.max()) + 1,
                int(ys.max()) + 1,
                int(hi - lo),
            )
    return found


def truth_of(
    things: tuple[Thing, ...], mask: NDArray[np.int32], camera: Camera
) -> list[dict[str, Any]]:
    """List every labelled thing of at least TINY_PX visible pixels.

    A row has label, xyxy, visible (the share not hidden), visible_px, distance_m and thing.

    A thing's index in the mask is its place in `things` plus one; 0 is nothing.
    """
    height, width = mask.shape
    rows = []
    for index, (x0, y0, x1, y1, visible) in boxes_of(mask, len(things)).items():
        thing = things[index - 1]
        if thing.label is None:
            continue
        if visible < TINY_PX:
            continue
        whole = silhouette_px(thing.in_world(), camera, width, height)
        distance = float(np.hypot(thing.x - camera.x, thing.y - camera.y))
        rows.append(
            {
                "label": thing.label,
                "xyxy": [x0, y0, x1, y1],
                "visible_px": visible,
                "visible": round(min(1.0, visible / max(whole, 1)), 3),
                "distance_m": round(distance, 1),
                "thing": index - 1,
            }
        )
    return rows
