"""Cleared violations, kept for a while: a return belongs to the old case."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import appearance
from detectors.appearance import Signature
from detectors.place import in_place
from detectors.record import Record
from detectors.thing import Thing
from detectors.violation import Box

MOST_CLEARED = 64
"""Bounds memory; the oldest is forgotten first, and its return is then a new violation."""


@dataclass(slots=True)
class Cleared:
    """A violation that ended, and what to know it again by."""

    record: Record
    zone_id: str
    box: Box
    signature: Signature | None

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "record": self.record.to_json(),
            "zone_id": self.zone_id,
            "box": list(self.box),
            "signature": None if self.signature is None else self.signature.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Cleared":
        """Undo to_json()."""
        x0, y0, x1, y1 = data["box"]
        signature = data["signature"]
        return cls(
            record=Record.from_json(data["record"]),
            zone_id=data["zone_id"],
            box=(x0, y0, x1, y1),
            signature=None if signature is None else Signature.from_json(signature),
        )


class Memory:
    """The cleared violations of one rule."""

    def __init__(self) -> None:
        self._cleared: list[Cleared] = []

    def forget(self, now_s: float) -> None:
        """Drop what is too old to be returned to."""
        self._cleared = [one for one in self._cleared if one.record.until_s >= now_s]

    def keep(self, cleared: Cleared) -> None:
        """Remember a cleared violation."""
        self._cleared = [*self._cleared, cleared][-MOST_CLEARED:]

    def recall(self, thing: Thing, picture: NDArray[np.uint8] | None) -> Cleared | None:
        """Take out the cleared violation that a thing returns to: same place, same looks."""
        here = np.asarray([thing.box])
        for cleared in reversed(self._cleared):
            if cleared.zone_id != thing.zone_id:
                continue
            if not in_place(np.asarray([cleared.box]), here)[0, 0]:
                continue
            alike = appearance.likeness(cleared.signature, picture)
            if alike is None or alike >= appearance.LOOKS_SAME:
                self._cleared.remove(cleared)
                return cleared
        return None

    def recall_zone(self, zone_id: str) -> Cleared | None:
        """Take out the latest cleared violation of a zone that is itself the identity."""
        for cleared in reversed(self._cleared):
            if cleared.zone_id == zone_id:
                self._cleared.remove(cleared)
                return cleared
        return None

    def recall_last(self) -> Cleared | None:
        """Take out the latest cleared violation of the rule, in whichever of its zones."""
        return self._cleared.pop() if self._cleared else None

    def to_json(self) -> list[dict[str, Any]]:
        """State as JSON-able data."""
        return [one.to_json() for one in self._cleared]

    def take_up(self, data: list[dict[str, Any]]) -> None:
        """Undo to_json()."""
        self._cleared = [Cleared.from_json(one) for one in data]
