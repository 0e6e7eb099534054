"""How much of a zone boxes cover, in shares of its area as the picture shows it."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.place import UNITS, Area, Boxes

CELLS = 64
"""Points a side of the grid over a zone's bounds: a share is good to about 1 % of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """A zone as points on a grid: what a box holds of them is what it covers."""

    points: NDArray[np.float64]
    """(P, 2) in fractions of the picture, at least one."""

    @classmethod
    def of(cls, area: Area) -> "Coverage":
        """Lay the grid over a zone."""
        x0, y0, x1, y1 = area.shape.bounds
        steps = (np.arange(CELLS) + 0.5) / CELLS
        x, y = np.meshgrid(x0 + steps * (x1 - x0), y0 + steps * (y1 - y0))
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        inside = shapely.contains_xy(area.shape, points[:, 0], points[:, 1])
        if not inside.any():  # a sliver between the points
            inner = area.shape.representative_point()
            return cls(np.asarray([[inner.x, inner.y]]))
        return cls(points[inside])

    def share(self, boxes: Boxes, height: float) -> float:
        """Share 0..1 of the zone under the union of (N, 4) boxes; height: the picture's."""
        if not len(boxes):
            return 0.0
        x = self.points[:, 0, None] * UNITS
        y = self.points[:, 1, None] * height
        held = (boxes[:, 0] <= x) & (x < boxes[:, 2]) & (boxes[:, 1] <= y) & (y < boxes[:, 3])
        return float(held.any(axis=1).mean())
