"""What stands before a shop while it is closed: it was there before anything was put out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from detectors.instant import Instant
from detectors.place import in_place
from detectors.schedule import Window
from detectors.spots import Spot, boxes_of
from detectors.violation import Box

STANDS_S = 600.0
"""What has stood for so long in closed hours belongs to the place ..."""
GONE_S = 600.0
"""... until it was absent from them for so long."""
KNOWN_S = 600.0
"""Closed hours have to be watched for so long before they say anything about what is out."""
FORGET_S = 8 * 86_400.0
"""A reference older than this is none: a shop that is never closed for a week has none either."""
MOST_FIXTURES = 32
LONGEST_STEP_S = 30.0
"""A longer pause between two looks was not watched."""


@dataclass(slots=True)
class Fixture:
    """Something that stands there in closed hours, too."""

    box: Box
    gone_s: float = 0.0
    """Closed seconds without it since it was last seen."""


class ClosedHours:
    """What the closed hours of one shop have shown."""

    def __init__(self, open_hours: Sequence[Window], timezone: ZoneInfo) -> None:
        """Without open hours nothing is ever learnt."""
        self._open = tuple(open_hours)
        self._timezone = timezone
        self._watched_s = 0.0
        self._last_s: float | None = None
        """Last closed look, on the watch's timeline."""
        self._fixtures: list[Fixture] = []

    def is_known(self, now_s: float) -> bool:
        """Whether the closed hours were watched, lately and for long enough."""
        recent = self._last_s is not None and now_s - self._last_s <= FORGET_S
        return recent and self._watched_s >= KNOWN_S

    def is_closed(self, at: datetime) -> bool:
        """Whether the shop is known to be closed at this (aware) time."""
        local = at.astimezone(self._timezone)
        return bool(self._open) and not any(window.holds(local) for window in self._open)

    def learn(self, instant: Instant, passed_s: float | None, spots: Sequence[Spot]) -> None:
        """Take a look at what stands there; only closed hours teach anything."""
        if not self.is_closed(instant.captured_at):
            return
        if self._last_s is not None and instant.now_s - self._last_s > FORGET_S:
            self._watched_s = 0.0
            self._fixtures = []
        self._last_s = instant.now_s
        step_s = passed_s if passed_s is not None and passed_s <= LONGEST_STEP_S else 0.0
        self._watched_s = min(self._watched_s + step_s, KNOWN_S)
        standing = [spot for spot in spots if spot.is_believed]
        places = boxes_of(standing)
        for fixture in self._fixtures:
            there = bool(in_place(np.asarray([fixture.box]), places).any())
            fixture.gone_s = 0.0 if there else fixture.gone_s + step_s
        self._fixtures = [one for one in self._fixtures if one.gone_s < GONE_S]
        for spot in standing:
            if spot.last_s - spot.since.now_s >= STANDS_S and not self.holds(spot.box):
                self._fixtures.append(Fixture(spot.box))
        self._fixtures = self._fixtures[-MOST_FIXTURES:]

    def holds(self, box: Box) -> bool:
        """Whether something stood there in closed hours as well."""
        places = np.asarray([one.box for one in self._fixtures], np.float64).reshape(-1, 4)
        return bool(in_place(places, np.asarray([box])).any())

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size."""
        fixtures = [[list(one.box), one.gone_s] for one in self._fixtures]
        return {"watched_s": self._watched_s, "last_s": self._last_s, "fixtures": fixtures}

    def take_up(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
        self._watched_s, self._last_s = data["watched_s"], data["last_s"]
        self._fixtures = [
            Fixture((box[0], box[1], box[2], box[3]), gone_s) for box, gone_s in data["fixtures"]
        ]
