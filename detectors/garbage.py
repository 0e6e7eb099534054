"""What is its own about exposed_garbage: nobody is with it, it is nobody, and bins have hours."""

from detectors.attended import company, is_somebody
from detectors.rule import Rule
from detectors.scene import Scene
from detectors.standing import NEAR_SHARE, Standing
from detectors.thing import Thing

OVERLAPPED = "overlapped"
"""Sightings of a thing in which a person's box overlapped its own."""
OVERLAPPED_SHARE = 0.4
"""Share of them from which a thing may be a person: passers-by cover a bag less often."""
OWNER = ("owner_x0", "owner_y0", "owner_x1", "owner_y1")
"""Where somebody stayed with a thing, in units."""


class ExposedGarbage(Standing):
    """Garbage that stays while nobody is with it.

    In a collection_point that the rule names it is accused (an overflowing bin; its hours of
    collection are a permit). In one that the rule does not name it waits for its collection.
    """

    excusing = frozenset({"furniture", "collection_point"})

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self._points = [a for a in self._areas.values() if a.zone.kind == "collection_point"]

    def zone_near(self, index: int, scene: Scene) -> str | None:
        """Zone of a sighting that is nobody; a collection point goes before what it lies in."""
        box = scene.seen.box(index)
        if is_somebody(box, scene):
            return None
        for point in self._points:
            if self.share(point, box, scene) > NEAR_SHARE and self.lies_in(point, box, scene):
                return point.zone.zone_id
        return super().zone_near(index, scene)

    def is_paused(self, thing: Thing, scene: Scene) -> bool:
        """Whether somebody is with it who stays."""
        known = None
        if thing.presence.is_known_excuse and all(side in thing.kept for side in OWNER):
            x0, y0, x1, y1 = (thing.kept[side] for side in OWNER)
            known = (x0, y0, x1, y1)
        owner = company(thing.box, scene, known)
        if owner is not None:
            thing.kept.update(zip(OWNER, owner, strict=True))
        return owner is not None

    def saw(self, thing: Thing, index: int, scene: Scene) -> None:
        """Count the looks in which it may have been a person."""
        overlapped = is_somebody(scene.seen.box(index), scene)
        thing.kept[OVERLAPPED] = thing.kept.get(OVERLAPPED, 0.0) + overlapped

    def is_proven(self, thing: Thing, scene: Scene) -> bool:
        """Whether it was seen alone often enough to be no person."""
        del scene
        return thing.kept.get(OVERLAPPED, 0.0) < OVERLAPPED_SHARE * thing.presence.seen
