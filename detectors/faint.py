"""Sightings too faint to take anything up, kept for a moment: what is then taken up was there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from detectors.instant import Instant
from detectors.presence import SEEN_SHARE
from detectors.scene import Scene

MOST_FAINT = 256
"""Bounds memory whatever a model finds."""


@dataclass(slots=True)
class Faint:
    """Something that stands where it stood, seen below the score that takes up."""

    since: Instant
    still_since_s: float
    """Since when its track stands, on the watch's timeline: another one has moved."""
    seen: int = 1
    looks: int = 1


class FaintSightings:
    """The faint sightings of one rule that were no known thing's, by track."""

    def __init__(self, reach_s: float) -> None:
        """reach_s: how far back a thing may begin."""
        self._reach_s = reach_s
        self._faint: dict[int, Faint] = {}

    def note(self, columns: Iterable[int], scene: Scene) -> None:
        """Take the faint sightings of a look that are no known thing's."""
        now_s = scene.instant.now_s
        self._faint = {
            track_id: one
            for track_id, one in self._faint.items()
            if now_s - one.since.now_s <= self._reach_s
        }
        for one in self._faint.values():
            one.looks += 1
        for column in columns:
            track = scene.tracks[column]
            known = self._faint.get(track.track_id)
            if known is not None and known.still_since_s == track.still_since_s:
                known.seen += 1
            elif len(self._faint) < MOST_FAINT:
                self._faint[track.track_id] = Faint(scene.instant, track.still_since_s)

    def take(self, column: int, scene: Scene) -> Instant | None:
        """Return the look since which a sighting has stood there, seen in most looks, and faintly.

        None where it came with this look.
        """
        track = scene.tracks[column]
        one = self._faint.pop(track.track_id, None)
        if one is None or one.still_since_s != track.still_since_s:
            return None
        return one.since if one.seen >= SEEN_SHARE * one.looks else None

    def to_json(self) -> list[Any]:
        """State as JSON-able data."""
        return [
            [track_id, one.since.to_json(), one.still_since_s, one.seen, one.looks]
            for track_id, one in self._faint.items()
        ]

    def take_up_json(self, data: Iterable[Any]) -> None:
        """Undo to_json()."""
        self._faint = {
            track_id: Faint(Instant.from_json(since), *numbers)
            for track_id, since, *numbers in data
        }
