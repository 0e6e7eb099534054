"""How large a thing would be in the picture if nothing stood before it."""

import numpy as np
from numpy.typing import NDArray

from training.scenes.cameras import Camera
from training.scenes.shape import Shape

NEAR_M = 0.1
SMALL_PX = 2.0
"""Faces no larger than this are set by their corners: many, and slow to fill one by one."""
MARGIN = 0.5
"""The canvas reaches this share of the picture beyond each edge, so cut things count as hidden."""


def silhouette_px(shape: Shape, camera: Camera, width: int, height: int) -> int:
    """Count the pixels that the shape alone would cover, also beyond the picture's edges.

    Faces with a corner behind the camera are left out; parts further out than MARGIN too.
    """
    points = camera.project(shape.vertices, width, height)
    pad_x, pad_y = int(width * MARGIN), int(height * MARGIN)
    points[:, 0] += pad_x
    points[:, 1] += pad_y
    columns, rows = width + 2 * pad_x, height + 2 * pad_y
    in_front = points[:, 2] > NEAR_M
    if not in_front.any():
        return 0
    seen = points[in_front]
    x0, y0 = np.clip(np.floor(seen[:, :2].min(0)), 0, (columns, rows)).astype(int)
    x1, y1 = np.clip(np.ceil(seen[:, :2].max(0)) + 1, 0, (columns, rows)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return 0
    canvas = np.zeros((y1 - y0, x1 - x0), bool)
    points[:, :2] -= (x0, y0)
    triangles = np.array(
        [(f[0], f[i], f[i + 1]) for f in shape.faces for i in range(1, len(f) - 1)]
    )
    corners = points[triangles[in_front[triangles].all(axis=1)], :2]
    large = np.ptp(corners, axis=1).max(axis=1) > SMALL_PX
    _dot(canvas, np.concatenate([corners[~large].reshape(-1, 2), corners[~large].mean(axis=1)]))
    for a, b, c in corners[large]:
        _fill(canvas, a, b, c)
    return int(canvas.sum())


def _dot(canvas: NDArray[np.bool_], points: NDArray[np.float64]) -> None:
    """Set the pixels that points (N, 2) lie in: enough for faces no larger than a pixel or two."""
    columns, rows = np.floor(points).astype(int).T
    inside = (columns >= 0) & (columns < canvas.shape[1]) & (rows >= 0) & (rows < canvas.shape[0])
    canvas[rows[inside], columns[inside]] = True


def _fill(
    canvas: NDArray[np.bool_],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
) -> None:
    """Set the pixels whose middle lies in the triangle, by its three edge functions."""
    rows, columns = canvas.shape
    x0 = max(0, int(min(a[0], b[0], c[0])))
    x1 = min(columns, int(max(a[0], b[0], c[0])) + 1)
    y0 = max(0, int(min(a[1], b[1], c[1])))
    y1 = min(rows, int(max(a[1], b[1], c[1])) + 1)
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if x1 <= x0 or y1 <= y0 or abs(area) < 1e-9:
        return
    x = np.arange(x0, x1)[None, :] + 0.5
    y = np.arange(y0, y1)[:, None] + 0.5
    sign = 1.0 if area > 0 else -1.0
    inside = np.ones((y1 - y0, x1 - x0), bool)
    for p, q in ((a, b), (b, c), (c, a)):
        inside &= sign * ((q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])) >= 0
    canvas[y0:y1, x0:x1] |= inside
