"""What kinds about standing things have in common: where they stand, and what excuses them."""

from collections.abc import Mapping, Sequence
from typing import Any

from detectors.place import Area
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.thing import Thing
from detectors.violation import Box

NEAR_SHARE = 0.3
"""Share of the ground contact in the zone from which a single box is worth following."""
IN_SHARE = 0.5
"""Share from which a standing thing breaks the rule; less is reaching over."""


class Standing:
    """A thing whose contact with the ground lies in a zone, and in no zone that excuses it.

    A kind overrides what is its own about it.
    """

    excusing: frozenset[str] = frozenset({"furniture"})
    """Context zones in which a thing of this kind is no violation."""
    whole_counts: bool = False
    """Whether all of a box counts, not its contact with the ground: of what hangs, or lies flat."""
    rigid: bool = False
    """Whether boxes of one thing are alike as long as it stands; nobody pulls at a parked car."""

    def __init__(self, rule: Rule) -> None:
        self._areas = {zone.zone_id: Area.of(zone) for zone in rule.accused_zones}
        # A zone that the rule names is accused in, whatever its kind would excuse.
        named = set(self._areas)
        self._context = [Area.of(zone) for zone in rule.context_zones if zone.zone_id not in named]

    def observe(self, scene: Scene) -> None:
        """See what the whole scene says, before anything is asked about this look."""

    def pass_over(self) -> None:
        """Take note of a look that is no observation."""

    def zone_near(self, index: int, scene: Scene) -> str | None:
        """Zone in which what this sighting shows may be breaking the rule; None for none."""
        box = scene.seen.box(index)
        best, best_share = None, NEAR_SHARE
        for zone_id, area in self._areas.items():
            share = self.share(area, box, scene)
            if share > best_share or (best is None and share >= best_share):
                best, best_share = zone_id, share
        return best

    def breaks(self, thing: Thing, scene: Scene) -> bool:
        """Whether a thing standing where this one stands breaks the rule."""
        box = thing.box
        if not self.lies_in(self._areas[thing.zone_id], box, scene):
            return False
        return not any(
            self.share(area, box, scene) >= IN_SHARE
            for area in self._context
            if area.zone.kind in self.excusing
        )

    def is_paused(self, thing: Thing, scene: Scene) -> bool:
        """Whether the clock of a thing, seen in this look, is stopped."""
        del thing, scene
        return False

    def is_changing(self, scene: Scene) -> bool:
        """Whether all of the ground looks otherwise for a while, so that no place is compared."""
        del scene
        return False

    def began(self, thing: Thing, scene: Scene) -> None:
        """Take note of a thing that was just taken up."""

    def saw(self, thing: Thing, index: int, scene: Scene) -> None:
        """Take note of a sighting of a thing, its first one included."""

    def is_part(self, thing: Thing, others: Sequence[Thing]) -> bool:
        """Whether a thing that is not believed yet is a part of one of the others."""
        del thing, others
        return False

    def is_proven(self, thing: Thing, scene: Scene) -> bool:
        """Whether a thing may be confirmed, as far as this kind asks for more than the dwell."""
        del thing, scene
        return True

    def standing_as(self, area: Area, box: Box) -> tuple[Box, ...]:
        """Say which boxes a sighting may mean in an area; a kind may know of what is hidden."""
        del area
        return (box,)

    def share(self, area: Area, box: Box, scene: Scene) -> float:
        """Share 0..1 of what counts of a box in an area."""
        return max(self._share(area, one, scene) for one in self.standing_as(area, box))

    def lies_in(self, area: Area, box: Box, scene: Scene) -> bool:
        """Whether most of what counts of a box is in an area, and of a contact its middle too."""
        return any(
            self._share(area, one, scene) >= IN_SHARE
            and (self.whole_counts or area.holds_ground(one, scene.height))
            for one in self.standing_as(area, box)
        )

    def _share(self, area: Area, box: Box, scene: Scene) -> float:
        if self.whole_counts:
            return area.whole_share(box, scene.height)
        return area.ground_share(box, scene.height)

    def to_json(self) -> dict[str, Any]:
        """State of its own as JSON-able data, bounded in size; empty where there is none."""
        return {}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
