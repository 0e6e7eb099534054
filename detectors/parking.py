"""What is its own about illegal_parking: ground contact, loading bays, and queues."""

import numpy as np

from detectors.place import Area
from detectors.presence import ENTER_S
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.violation import Box

NEAR_SHARE = 0.3
"""Share of the ground contact in the zone from which a single box is worth following."""
IN_SHARE = 0.5
"""Share from which a standing vehicle breaks the rule; less is reaching over."""
QUEUE_LEAST = 2
"""Standing vehicles that may be a queue; one alone is parked."""
STILL_SHARE = 0.7
"""Share of looks in which one that stands is seen; traffic that passes a place at times is not."""
QUEUE_SHARE = 0.6
"""Share of a lane's vehicles that stand when it is a queue and not parked beside traffic."""


class IllegalParking:
    """A vehicle's ground contact in the zone, stationary; not in a bay, not in a queue."""

    def __init__(self, rule: Rule) -> None:
        self._zones = [Area.of(zone) for zone in rule.accused_zones]
        context = [Area.of(zone) for zone in rule.context_zones]
        self._lanes = [area for area in context if area.zone.kind == "lane"]
        self._bays = [area for area in context if area.zone.kind == "loading_bay"]
        self._classes = rule.effective_classes
        self._conf = rule.effective_conf
        self._queues: list[Area] = []

    def observe(self, scene: Scene) -> None:
        """See which lanes hold a queue now, before anything is asked about this look."""
        self._queues = [lane for lane in self._lanes if self._is_queue(lane, scene)]

    def zone_near(self, box: Box, scene: Scene) -> str | None:
        """Zone that a vehicle in this box may be breaking the rule in; None for none."""
        best, best_share = None, NEAR_SHARE
        for area in self._zones:
            share = area.ground_share(box, scene.height)
            if share > best_share or (best is None and share >= best_share):
                best, best_share = area.zone.zone_id, share
        return best

    def breaks(self, zone_id: str, box: Box, scene: Scene) -> bool:
        """Whether a vehicle standing in this box breaks the rule in this zone."""
        area = next(area for area in self._zones if area.zone.zone_id == zone_id)
        if area.ground_share(box, scene.height) < IN_SHARE:
            return False
        if not area.holds_ground(box, scene.height):
            return False
        return not any(bay.ground_share(box, scene.height) >= IN_SHARE for bay in self._bays)

    def is_paused(self, box: Box, scene: Scene) -> bool:
        """Whether a vehicle standing in this box stands in a queue."""
        return any(lane.holds_ground(box, scene.height) for lane in self._queues)

    def _is_queue(self, lane: Area, scene: Scene) -> bool:
        """Whether most vehicles in a lane stand."""
        seen = scene.seen
        standing = moving = 0
        for index in np.flatnonzero(seen.leaders == np.arange(len(seen))).tolist():
            if seen.names[index] not in self._classes or seen.scores[index] < self._conf:
                continue
            if not lane.holds_ground(seen.box(index), scene.height):
                continue
            track = scene.tracks[index]
            still_s = scene.instant.now_s - track.still_since_s
            if still_s >= ENTER_S and track.still_share >= STILL_SHARE:
                standing += 1
            else:
                moving += 1
        return standing >= QUEUE_LEAST and standing >= QUEUE_SHARE * (standing + moving)
