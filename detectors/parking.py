"""What is its own about illegal_parking: bays, bus stops, and queues."""

from dataclasses import replace

import numpy as np

from detectors.place import Area, lowered
from detectors.presence import ENTER_S
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.standing import IN_SHARE, Standing
from detectors.thing import Thing
from detectors.violation import Box

BAY_SHARE = 0.4
"""Share in a bay from which a vehicle uses it: who hangs over by half is not accused, and a model's
boxes are off by a tenth."""
QUEUE_LEAST = 2
"""Standing vehicles that may be a queue; one alone is parked."""
STILL_SHARE = 0.7
"""Share of looks in which one that stands is seen; traffic that passes a place at times is not."""
LONG_STILL_S, LONG_STILL_SHARE = 12.0, 0.58
"""After so long this share is enough: traffic falls below it, what is missed at times does not."""
QUEUE_SHARE = 0.6
"""Share of a lane's vehicles that stand when it is a queue and not parked beside traffic."""


class IllegalParking(Standing):
    """A vehicle's ground contact in the zone, stationary; not in a bay, not in a queue."""

    rigid = True

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        # A lane may lie before the rail: it has a rail of its own, or none.
        self._lanes = [area for area in self._context if area.zone.kind == "lane"]
        # Where the rail hides the wheels of who is accused, it does so of who is excused there.
        rail = max((zone.rail for zone in rule.accused_zones), default=0.0)
        self._context = [_behind(area, rail) for area in self._context]
        self._bays = [area for area in self._context if area.zone.kind == "loading_bay"]
        self._stops = [area for area in self._context if area.zone.kind == "bus_stop"]
        self._classes = rule.effective_classes
        self._conf = rule.effective_conf
        self._queues: list[Area] = []

    def standing_as(self, area: Area, box: Box) -> tuple[Box, ...]:
        """Say which boxes a sighting may mean: as it is, and down to the ground behind a rail."""
        hidden = area.zone.rail
        return (box, lowered(box, hidden)) if hidden else (box,)

    def observe(self, scene: Scene) -> None:
        """See which lanes hold a queue now, before anything is asked about this look."""
        self._queues = [lane for lane in self._lanes if self._is_queue(lane, scene)]

    def breaks(self, thing: Thing, scene: Scene) -> bool:
        """Whether a vehicle standing there breaks the rule: no bay holds it, no stop its bus."""
        if not super().breaks(thing, scene) or self._is_at_its_stop(thing, scene):
            return False
        return all(bay.zone.limit_s is not None for bay in self._bays_of(thing, scene))

    def is_paused(self, thing: Thing, scene: Scene) -> bool:
        """Whether a vehicle stands in a queue, or within the time that its bay allows."""
        stood_s = scene.instant.now_s - thing.presence.first_s
        if any(stood_s < (bay.zone.limit_s or 0.0) for bay in self._bays_of(thing, scene)):
            return True
        return any(self._is_on(lane, thing.box, scene) for lane in self._queues)

    def _is_on(self, lane: Area, box: Box, scene: Scene) -> bool:
        return any(lane.holds_ground(one, scene.height) for one in self.standing_as(lane, box))

    def _bays_of(self, thing: Thing, scene: Scene) -> list[Area]:
        return [bay for bay in self._bays if self.share(bay, thing.box, scene) >= BAY_SHARE]

    def _is_at_its_stop(self, thing: Thing, scene: Scene) -> bool:
        return thing.label == "bus" and any(
            self.share(stop, thing.box, scene) >= IN_SHARE for stop in self._stops
        )

    def _is_queue(self, lane: Area, scene: Scene) -> bool:
        """Whether most vehicles in a lane stand."""
        seen = scene.seen
        standing = moving = 0
        for index in np.flatnonzero(seen.leaders == np.arange(len(seen))).tolist():
            if seen.names[index] not in self._classes or seen.scores[index] < self._conf:
                continue
            if not self._is_on(lane, seen.box(index), scene):
                continue
            track = scene.tracks[index]
            still_s = scene.instant.now_s - track.still_since_s
            least = LONG_STILL_SHARE if still_s >= LONG_STILL_S else STILL_SHARE
            if still_s >= ENTER_S and track.still_share >= least:
                standing += 1
            else:
                moving += 1
        return standing >= QUEUE_LEAST and standing >= QUEUE_SHARE * (standing + moving)


def _behind(area: Area, rail: float) -> Area:
    """Return an area behind a rail that hides at least this much."""
    return replace(area, zone=replace(area.zone, rail=max(area.zone.rail, rail)))
