"""A look, made ready for rules: what was seen where, and on which timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detectors.instant import Instant
from detectors.kinds import TWO_WHEELERS, VEHICLES
from detectors.look import Look
from detectors.place import UNITS, Boxes, leaders
from detectors.track import Track
from detectors.violation import Box

SURE = 0.25
"""Score from which a thing that a rule does not accuse is believed: it hides, covers, excuses."""
VEHICLE_GROUP = -1
TWO_WHEELER_GROUP = -2
ALIAS_GROUP = -3


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Detections of a look by name, best score first."""

    boxes: Boxes
    """(N, 4) float64, in units."""
    scores: NDArray[np.float64]
    names: tuple[str, ...]
    """Vocabulary names."""
    groups: NDArray[np.int32]
    """(N,) things of one group may be one thing: models take a van for a car, bus or truck."""
    leaders: NDArray[np.intp]
    """(N,) index of the box that shows the same thing best; mostly its own."""

    def __len__(self) -> int:
        """Count the boxes."""
        return len(self.scores)

    def box(self, index: int) -> Box:
        """One box as plain numbers."""
        x0, y0, x1, y1 = self.boxes[index].tolist()
        return (x0, y0, x1, y1)

    @classmethod
    def of(cls, look: Look, vocabulary: Sequence[str], least_score: float) -> Self:
        """Take a look's usable boxes: scored well enough, finite, with an area."""
        found = look.detections
        boxes = np.asarray(found.xyxy, np.float64) * (UNITS / look.width)
        scores = np.asarray(found.score, np.float64)
        usable = np.isfinite(boxes).all(axis=1) & (scores >= least_score)
        usable &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        order = np.flatnonzero(usable)
        order = order[np.argsort(-scores[order], kind="stable")]
        names = tuple(vocabulary[label] for label in found.label[order].tolist())
        groups = np.asarray([_group(name, vocabulary) for name in names], np.int32)
        boxes, scores = boxes[order], scores[order]
        return cls(boxes, scores, names, groups, leaders(boxes, groups))

    def named_as(self, aliases: Mapping[str, str]) -> Self:
        """Give things their other names; what then has one name may be one thing."""
        names = tuple(aliases.get(name, name) for name in self.names)
        known = frozenset(aliases.values())
        same = np.asarray([name in known for name in names], bool)
        groups = np.where(same, np.int32(ALIAS_GROUP), self.groups)
        return replace(self, names=names, groups=groups, leaders=leaders(self.boxes, groups))


def _group(name: str, vocabulary: Sequence[str]) -> int:
    if name in VEHICLES:
        return VEHICLE_GROUP
    return TWO_WHEELER_GROUP if name in TWO_WHEELERS else vocabulary.index(name)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An observed look with a trustworthy picture."""

    instant: Instant
    height: float
    """Of the picture, in units; its width is UNITS."""
    seen: Sightings
    tracks: tuple[Track, ...]
    """(N,) track of each sighting, on the watch's timeline."""
    picture: NDArray[np.uint8] | None
    since_last_s: float | None
    """Seconds since the last such look; None for the first."""

    def named_as(self, aliases: Mapping[str, str]) -> Self:
        """Give things their other names, if there are any."""
        return replace(self, seen=self.seen.named_as(aliases)) if aliases else self

    @property
    def sure(self) -> NDArray[np.bool_]:
        """(N,) which sightings are believed to be something: in this look, or as a track.

        How far down a look's scores go depends on what all rules of the camera ask for. What
        barely shows may be followed, but it hides nothing and covers no ground.
        """
        means = np.asarray([track.mean_score for track in self.tracks], np.float64)
        return np.asarray(np.maximum(means, self.seen.scores) >= SURE)
