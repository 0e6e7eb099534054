"""Places where muck was seen in the last hour, and whether it was new there at the time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.place import in_place
from detectors.violation import Box

MOST_STAINS = 96
"""Bounds memory; the one not seen for the longest is forgotten first."""
LEAST_SEEN = 2
"""Sightings that make a stain; one may be an error of the model."""


@dataclass(slots=True)
class Stain:
    """Muck at a place, seen once or all the time."""

    box: Box
    first_s: float
    last_s: float
    seen: int
    fresh: bool
    """Whether the place was known without it when it was first seen."""


class Stains:
    """The stains of one rule."""

    def __init__(self) -> None:
        self._stains: list[Stain] = []

    def forget(self, before_s: float) -> None:
        """Drop what was not seen since then."""
        self._stains = [stain for stain in self._stains if stain.last_s >= before_s]

    def see(self, box: Box, now_s: float, is_fresh: Callable[[Box], bool]) -> None:
        """Take a sighting; is_fresh is asked where no stain is known."""
        stain = self.at(box)
        if stain is None:
            self._stains.append(Stain(box, now_s, now_s, 1, is_fresh(box)))
            self._stains = sorted(self._stains, key=lambda one: one.last_s)[-MOST_STAINS:]
        elif stain.last_s < now_s:
            if stain.seen < LEAST_SEEN and now_s - stain.last_s > 60.0:
                stain.first_s, stain.fresh = now_s, is_fresh(box)
            stain.seen += 1
            stain.last_s = now_s

    def at(self, box: Box) -> Stain | None:
        """Find the stain in whose place a box is."""
        if not self._stains:
            return None
        there = in_place(np.asarray([one.box for one in self._stains]), np.asarray([box]))[:, 0]
        return self._stains[int(np.argmax(there))] if there.any() else None

    def since(self, last_s: float, first_s: float = -np.inf) -> list[Stain]:
        """List stains seen since last_s and first seen after first_s."""
        return [one for one in self._stains if one.last_s >= last_s and one.first_s > first_s]

    def to_json(self) -> list[dict[str, Any]]:
        """State as JSON-able data."""
        return [
            {
                "box": list(one.box),
                "first_s": one.first_s,
                "last_s": one.last_s,
                "seen": one.seen,
                "fresh": one.fresh,
            }
            for one in self._stains
        ]

    def take_up(self, data: list[dict[str, Any]]) -> None:
        """Undo to_json()."""
        self._stains = []
        for fields in data:
            x0, y0, x1, y1 = fields["box"]
            self._stains.append(Stain(**{**fields, "box": (x0, y0, x1, y1)}))
