"""The reference of a view: what stays where it is while everything else moves about."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.condition.fields import CELLS, WIDTH_PX, Fields, Plane
from streams.condition.registration import (
    FEWEST,
    Landmark,
    Registration,
    landmarks_of,
    register,
)

LEARN_LOOKS = 8
"""Clear looks averaged before a picture is compared: fewer would keep passers-by."""
MEMORY_LOOKS = 40
"""Later looks change the reference by 1 / 40 each."""
STATIC = 0.2
"""Mean edge of a cell over looks from which it counts as standing still."""
DETAILED = 1.0
"""Smoothed gradient of a cell from which its detail can be compared."""
_ARRAYS = ("edges", "fine", "coarse")


class View:
    """The average of clear looks, in the place of the first ones. One light: day or night.

    A later look is laid back on the reference before it is averaged in, so that a camera that sags
    a little every day does not take its reference along.
    """

    def __init__(self) -> None:
        self.looks = 0
        self.luma = 0.0
        """Mean brightness, 0..255."""
        self._edges: Plane | None = None
        self._fine = np.zeros(CELLS[::-1], np.float32)
        self._coarse = np.zeros(CELLS[::-1], np.float32)
        self._landmarks: tuple[Landmark, ...] = ()
        self._static: NDArray[np.bool_] = np.zeros(CELLS[::-1], bool)

    @property
    def ready(self) -> bool:
        """Whether enough looks were averaged to compare with."""
        return self.looks >= LEARN_LOOKS

    @property
    def height_px(self) -> int | None:
        """Height of the reference at WIDTH_PX; None before the first look."""
        return None if self._edges is None else int(self._edges.shape[0])

    @property
    def registrable(self) -> bool:
        """Whether there are enough landmarks to tell a movement by."""
        return len(self._landmarks) >= FEWEST

    def learn(self, fields: Fields, registration: Registration | None = None) -> None:
        """Average a clear look in; `registration` says exactly how it lies on this reference."""
        if self._edges is not None and fields.edges.shape != self._edges.shape:
            raise ValueError(
                f"fields: expected {self._edges.shape} as the reference, got {fields.edges.shape}"
            )
        edges = _laid_back(fields.edges, registration)
        share = np.float32(1 / min(self.looks + 1, MEMORY_LOOKS))
        before = np.zeros_like(edges) if self._edges is None else self._edges
        self._edges = before + share * (edges - before)
        self._fine = self._fine + share * (fields.fine - self._fine)
        self._coarse = self._coarse + share * (fields.coarse - self._coarse)
        self.luma += float(share) * (fields.luma - self.luma)
        self.looks += 1
        if self.ready:
            self._settle()

    def register(self, fields: Fields, *, exact: bool = False) -> Registration | None:
        """Lay a look on the reference; None where it has too few landmarks to tell.

        Unless asked for exactly, a movement of less than about a pixel is given as none.
        """
        if self._edges is None:
            return None
        return register(self._landmarks, fields.edges, exact=exact)

    def lost_share(self, fields: Fields) -> float | None:
        """Share of the cells with lasting detail that have lost it; None with too few of them."""
        known = self._known()
        return None if known is None else float(self._lost(fields)[known].mean())

    def softness(self, fields: Fields) -> float | None:
        """Return how much of the fine detail is left where there still is coarse detail.

        1 as in the reference, about 0.65 at a blur of 1.2 % of the width; None with too little
        detail to compare.
        """
        known = self._known()
        if known is None:
            return None
        kept = known & ~self._lost(fields)
        if kept.sum() < max(8, 0.4 * known.sum()):
            return None
        now = fields.fine[kept] / (fields.coarse[kept] + 0.2)
        usual = self._fine[kept] / (self._coarse[kept] + 0.2)
        return float(np.median(now / usual))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as arrays for a file."""
        if self._edges is None:
            return {}
        return {
            "edges": self._edges.astype(np.float16),
            "fine": self._fine,
            "coarse": self._coarse,
            "facts": np.array([self.looks, self.luma]),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "View":
        """Take up what to_arrays() gave; ValueError or KeyError for anything else."""
        view = cls()
        edges, fine, coarse = (np.asarray(arrays[name], np.float32) for name in _ARRAYS)
        if edges.ndim != 3 or edges.shape[1:] != (WIDTH_PX, 2) or fine.shape != CELLS[::-1]:
            raise ValueError(f"view: expected edges (H, {WIDTH_PX}, 2), got {edges.shape}")
        if coarse.shape != fine.shape or not np.isfinite(edges).all():
            raise ValueError("view: damaged arrays")
        looks, luma = (float(value) for value in arrays["facts"])
        view._edges, view._fine, view._coarse = edges, fine, coarse
        view.looks, view.luma = int(looks), luma
        if view.ready:
            view._settle()
        return view

    def _settle(self) -> None:
        if self._edges is None:
            return
        self._landmarks = landmarks_of(self._edges)
        length = cv2.magnitude(self._edges[:, :, 0], self._edges[:, :, 1])
        lasting = cv2.resize(length, CELLS, interpolation=cv2.INTER_AREA)
        self._static = (lasting >= STATIC) & (self._coarse >= DETAILED)

    def _known(self) -> NDArray[np.bool_] | None:
        return self._static if self.ready and self._static.mean() >= 0.15 else None

    def _lost(self, fields: Fields) -> NDArray[np.bool_]:
        """Mark cells with less than 0.35 of their detail, in today's light."""
        light = min(1.0, fields.luma / max(self.luma, 1.0))
        return np.asarray(fields.coarse < 0.35 * light * self._coarse)


def _laid_back(edges: Plane, registration: Registration | None) -> Plane:
    """Move a look's edges to where the reference has them. Directions stay: moves are small."""
    if registration is None or registration.matrix is None:
        return edges
    return cv2.warpAffine(
        edges,
        registration.matrix,
        (edges.shape[1], edges.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
