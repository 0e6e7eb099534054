"""A vendor: one stall after another, seen at one place and then at the next."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.place import in_place
from detectors.presence import Timing
from detectors.scene import Scene
from detectors.schedule import Schedule
from detectors.sliding import Sliding
from detectors.states import Input, State
from detectors.thing import Thing
from detectors.violation import Box

PUSHED_UNITS = 3.0
"""Opposite sides of what is pushed move together, by more than a detector's jitter."""


@dataclass(slots=True)
class Vendor:
    """What is known of one. Its thing's dwell is the sum over the sliding window."""

    thing: Thing
    sliding: Sliding
    last_box: Box

    @property
    def is_away(self) -> bool:
        """Whether it has left the zone and may come back: its seconds still count."""
        return self.thing.presence.state is State.ABSENT

    @property
    def is_confirmed(self) -> bool:
        """Whether it has a case already."""
        record = self.thing.record
        return record is not None and record.confirmed and not record.returning

    def see(
        self, index: int, scene: Scene, schedule: Schedule, timing: Timing, *, strong: bool
    ) -> None:
        """Take a sighting."""
        instant, presence = scene.instant, self.thing.presence
        before_s, start_s = presence.dwell_s, presence.last_seen_s
        presence.see(
            instant.now_s,
            instant.captured_at,
            instant.session,
            schedule,
            timing,
            strong=strong,
            paused=self._is_pushed(scene.seen.box(index)),
            still=instant.still,
        )
        self.sliding.add(start_s, instant.now_s, presence.dwell_s - before_s)
        presence.dwell_s = self.sliding.total_s(instant.now_s)
        self.note(index, scene)

    def freeze(self, now_s: float) -> None:
        """Take back what was counted since the picture last changed: it was frozen, and unseen."""
        presence = self.thing.presence
        if presence.still is None:
            return
        self.sliding.cut(presence.still.last_seen_s)
        presence.freeze()
        presence.dwell_s = self.sliding.total_s(now_s)

    def _is_pushed(self, box: Box) -> bool:
        """Whether it is on its way: what is pushed along sells nothing.

        A box that grows or shrinks on one side, as customers come and go before it, has not moved.
        """
        if in_place(np.asarray([self.last_box]), np.asarray([box]))[0, 0]:
            return False
        sides = np.subtract(box, self.last_box)
        together = sides[:2] * sides[2:] > 0.0
        return bool((together & (np.minimum(*np.abs([sides[:2], sides[2:]])) > PUSHED_UNITS)).any())

    def note(self, index: int, scene: Scene) -> None:
        """Take what a sighting says: its stall stands there now."""
        box, thing = scene.seen.box(index), self.thing
        if not in_place(np.asarray([thing.box]), np.asarray([box]))[0, 0]:
            thing.boxes = []
        thing.take(scene, index)
        self.last_box = box

    def leave(self) -> None:
        """Go out of sight: the misses that told it say nothing about how well it was seen."""
        presence = self.thing.presence
        presence.feed(Input.LEFT)
        presence.missed -= presence.missing

    def go_on_as(self, other: "Vendor", now_s: float) -> None:
        """Take the place of a newcomer: it was this vendor, who has moved on."""
        mine, new = self.thing.presence, other.thing.presence
        self.sliding.cut(new.first_s)  # both were seen while it moved: these seconds count once
        if self.is_away:
            mine.feed(Input.SEEN)
            mine.feed(Input.ENTERED)
        else:
            mine.missed -= mine.missing
            mine.feed(Input.SEEN)
        mine.last_seen_s, mine.last_seen_at = new.last_seen_s, new.last_seen_at
        mine.last_kept_s, mine.session = new.last_kept_s, new.session
        mine.seen += new.seen
        mine.strong += new.strong
        mine.missed += new.missed
        mine.missing = mine.changed = 0
        mine.contested = False
        self.sliding.take_over(other.sliding)
        mine.dwell_s = self.sliding.total_s(now_s)
        self.last_box = other.last_box
        if self.thing.record is None:
            self.thing.record = other.thing.record
            self.thing.zone_id = other.thing.zone_id
        self.thing.move_into(other.thing.where)
        self.thing.boxes = list(other.thing.boxes)
        self.thing.track_id = other.thing.track_id
        for label, score in other.thing.votes.items():
            self.thing.votes[label] = self.thing.votes.get(label, 0.0) + score

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "thing": self.thing.to_json(),
            "sliding": self.sliding.to_json(),
            "last_box": list(self.last_box),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], window_s: float) -> "Vendor":
        """Undo to_json()."""
        sliding = Sliding(window_s)
        sliding.take_up(data["sliding"])
        x0, y0, x1, y1 = data["last_box"]
        return cls(Thing.from_json(data["thing"]), sliding, (x0, y0, x1, y1))
