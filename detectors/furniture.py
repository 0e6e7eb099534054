"""What stands on the street by night, on three days, is furniture: a kiosk, a parked tricycle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import numpy as np

from detectors.outcome import Proposal
from detectors.place import UNITS, in_place
from detectors.violation import Box

NIGHT = (time(3, 0), time(5, 0))
"""Local time in which nobody trades."""
STOOD_S = 1800.0
"""From the first to the last sighting of one night."""
NIGHTS = 3
FORGET_DAYS = 14
"""What no night has shown for so long was carried off."""
MOST_SPOTS = 64
"""Bounds memory; the one not seen for the longest is forgotten first."""
PAD = 0.1
"""Share of its sides by which a proposed mask is larger on each side."""


@dataclass(slots=True)
class Spot:
    """A place where something stood by night."""

    box: Box
    zone_id: str
    tonight: date
    first_s: float
    """First sighting of that night."""
    seen_on: date
    nights: list[date] = field(default_factory=list)


class Furniture:
    """What one rule has learned of the things that belong to its street."""

    def __init__(self) -> None:
        self._spots: list[Spot] = []

    def see(self, box: Box, zone_id: str, now_s: float, local: datetime) -> bool:
        """Take a sighting; true once, when it makes a place furniture."""
        if not NIGHT[0] <= local.time() < NIGHT[1]:
            return False
        today = local.date()
        spot = self._at(box)
        if spot is None:
            spot = Spot(box, zone_id, today, now_s, today)
            self._spots = sorted([*self._spots, spot], key=lambda one: one.seen_on)[-MOST_SPOTS:]
        if spot.tonight != today:
            spot.tonight, spot.first_s = today, now_s
        spot.seen_on = today
        if now_s - spot.first_s < STOOD_S or today in spot.nights or len(spot.nights) >= NIGHTS:
            return False
        spot.nights.append(today)
        return len(spot.nights) == NIGHTS

    def forget(self, local: datetime) -> None:
        """Drop what no night has shown for long."""
        self._spots = [
            one for one in self._spots if (local.date() - one.seen_on).days <= FORGET_DAYS
        ]

    def holds(self, box: Box) -> bool:
        """Whether what is in this box is furniture."""
        spot = self._at(box)
        return spot is not None and len(spot.nights) >= NIGHTS

    def _at(self, box: Box) -> Spot | None:
        if not self._spots:
            return None
        there = in_place(np.asarray([one.box for one in self._spots]), np.asarray([box]))[:, 0]
        return self._spots[int(np.argmax(there))] if there.any() else None

    def to_json(self) -> list[dict[str, Any]]:
        """State as JSON-able data."""
        return [
            {
                "box": list(one.box),
                "zone_id": one.zone_id,
                "tonight": one.tonight.isoformat(),
                "first_s": one.first_s,
                "seen_on": one.seen_on.isoformat(),
                "nights": [night.isoformat() for night in one.nights],
            }
            for one in self._spots
        ]

    def take_up(self, data: list[Mapping[str, Any]]) -> None:
        """Undo to_json()."""
        self._spots = []
        for one in data:
            x0, y0, x1, y1 = one["box"]
            self._spots.append(
                Spot(
                    box=(x0, y0, x1, y1),
                    zone_id=one["zone_id"],
                    tonight=date.fromisoformat(one["tonight"]),
                    first_s=one["first_s"],
                    seen_on=date.fromisoformat(one["seen_on"]),
                    nights=[date.fromisoformat(night) for night in one["nights"]],
                )
            )


def proposal_of(box: Box, zone_id: str, kind: str, height: float) -> Proposal:
    """Propose the place of a box in units as a zone of kind furniture; height: the picture's."""
    across, down = PAD * (box[2] - box[0]), PAD * (box[3] - box[1])
    x0, x1 = (_share(x, UNITS) for x in (box[0] - across, box[2] + across))
    y0, y1 = (_share(y, height) for y in (box[1] - down, box[3] + down))
    return Proposal(kind, zone_id, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _share(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, value / whole)), 3)
