"""Follows things from look to look, at one look every two seconds as well as at every frame.

Nothing is predicted: between rare looks a passing car is somewhere else and another thing, and
what stands is where it was. Rules do not hang on a track's number (see things.py); it names a
thing in the evidence, gives it a smoothed box, and tells standing from moving traffic.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detectors.assignment import assign
from detectors.place import Boxes, areas, ground_distances, in_place, overlaps
from detectors.scene import Sightings
from detectors.track import Track
from detectors.violation import Box

LEAST_IOU = 0.1
REACH = 0.7
"""Without overlap, the same thing within this share of its size."""
SMOOTH = 0.5
"""Weight of the newest box in the smoothed one."""
KEEP_LOOKS = 5.0
"""Intervals after which a track that was not matched ends."""
MOST_TRACKS = 512
"""Bounds memory whatever a model finds."""


@dataclass(slots=True)
class _Followed:
    track_id: int
    group: int
    box: Box
    """Smoothed."""
    last_box: Box
    anchor: Box
    """Box it had when it came to rest."""
    still_since_s: float
    still_looks: int
    """Looks since it came to rest, that one included ..."""
    still_seen: int
    """... and those in which it was seen ..."""
    still_score: float
    """... with this sum of scores."""
    first_s: float
    last_s: float
    score: float
    matches: int = 1
    votes: dict[str, float] = field(default_factory=dict)

    def track(self) -> Track:
        label = max(sorted(self.votes), key=lambda name: self.votes[name])
        # What a model made of it on its way says little of what rests there now: a bag that was
        # put down may go on as the box of who carried it.
        resting = self.still_seen > 1
        mean = self.still_score / self.still_seen if resting else self._score_ever()
        return Track(
            track_id=self.track_id,
            label=label,
            box=self.box,
            score=self.score,
            mean_score=mean,
            first_at_s=self.first_s,
            last_at_s=self.last_s,
            still_since_s=self.still_since_s,
            still_share=self.still_seen / self.still_looks,
        )

    def _score_ever(self) -> float:
        return sum(self.votes.values()) / self.matches


class Tracker:
    """Tracks of one camera; ids count from 1 in each tracker."""

    def __init__(self, interval_s: float) -> None:
        """interval_s is the usual time between looks."""
        self._keep_s = max(KEEP_LOOKS * interval_s, 5.0)
        self._next_id = 1
        self._followed: list[_Followed] = []

    def update(self, now_s: float, seen: Sightings) -> tuple[Track, ...]:
        """Return the track of each sighting; second boxes of a thing share its track."""
        self._followed = [one for one in self._followed if now_s - one.last_s <= self._keep_s]
        for one in self._followed:
            one.still_looks += 1
        first = np.flatnonzero(seen.leaders == np.arange(len(seen)))
        boxes = seen.boxes[first]
        owner: dict[int, _Followed] = {}
        pairs = self._pairs(boxes, seen.groups[first])
        anchors = np.asarray([self._followed[row].anchor for row, _ in pairs]).reshape(-1, 4)
        # All with all in one go: one by one would be fifty calls of numpy a look.
        rests = in_place(anchors, boxes[[column for _, column in pairs]]).diagonal().tolist()
        for (row, column), still in zip(pairs, rests, strict=True):
            self._match(self._followed[row], now_s, seen, int(first[column]), still=still)
            owner[int(first[column])] = self._followed[row]
        for index in first.tolist():
            if index not in owner:
                owner[index] = self._start(now_s, seen, index)
        if len(self._followed) > MOST_TRACKS:
            self._followed = sorted(self._followed, key=lambda one: one.last_s)[-MOST_TRACKS:]
        tracks = {index: one.track() for index, one in owner.items()}
        return tuple(tracks[leader] for leader in seen.leaders.tolist())

    def _pairs(self, boxes: Boxes, groups: Any) -> list[tuple[int, int]]:
        if not self._followed or not len(boxes):
            return []
        last = np.asarray([one.last_box for one in self._followed], np.float64)
        kinds = np.asarray([one.group for one in self._followed])
        iou = overlaps(last, boxes)
        size = np.sqrt(np.minimum(areas(last)[:, None], areas(boxes)[None, :]))
        distance = ground_distances(last, boxes) / size
        allowed = ((iou >= LEAST_IOU) | (distance <= REACH)) & (kinds[:, None] == groups[None, :])
        return assign(1.0 - iou + 0.1 * distance, allowed)

    def _match(
        self, one: _Followed, now_s: float, seen: Sightings, index: int, *, still: bool
    ) -> None:
        """Take a sighting; still: it is where the thing came to rest."""
        box = seen.box(index)
        x0, y0, x1, y1 = (old + SMOOTH * (new - old) for old, new in zip(one.box, box, strict=True))
        one.box, one.last_box, one.last_s = (x0, y0, x1, y1), box, now_s
        one.score = float(seen.scores[index])
        one.matches += 1
        one.votes[seen.names[index]] = one.votes.get(seen.names[index], 0.0) + one.score
        one.still_seen += 1
        one.still_score += one.score
        if not still:
            one.anchor, one.box = box, box
            one.still_since_s, one.still_looks, one.still_seen = now_s, 1, 1
            one.still_score = one.score

    def _start(self, now_s: float, seen: Sightings, index: int) -> _Followed:
        box, score = seen.box(index), float(seen.scores[index])
        one = _Followed(
            track_id=self._next_id,
            group=int(seen.groups[index]),
            box=box,
            last_box=box,
            anchor=box,
            still_since_s=now_s,
            still_looks=1,
            still_seen=1,
            still_score=score,
            first_s=now_s,
            last_s=now_s,
            score=score,
            votes={seen.names[index]: score},
        )
        self._next_id += 1
        self._followed.append(one)
        return one

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        followed = [
            {name: getattr(one, name) for name in _Followed.__slots__} for one in self._followed
        ]
        return {"next_id": self._next_id, "followed": followed}

    def take_up(self, data: dict[str, Any]) -> None:
        """Undo to_json()."""
        self._next_id = int(data["next_id"])
        self._followed = []
        for fields in data["followed"]:
            boxes = {name: tuple(fields[name]) for name in ("box", "last_box", "anchor")}
            # A snapshot of a version before has no sum: the last score stands for all.
            summed = {"still_score": fields["score"] * fields["still_seen"]}
            known = {**summed, **fields, **boxes, "votes": dict(fields["votes"])}
            self._followed.append(_Followed(**known))
