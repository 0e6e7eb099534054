"""What is its own about muck_pile: soil under a net is as it should be."""

from detectors.attended import is_somebody
from detectors.pixels import green_share
from detectors.place import Area
from detectors.scene import Scene
from detectors.standing import Standing
from detectors.thing import Thing
from detectors.violation import Box

NETTED_SHARE = 0.4
"""Share of green in a heap that is under a net (or is a lawn, or leaves)."""
MIDDLE = 0.25
"""Share of its height by which a heap's middle lies above the front edge with which its box ends: a
heap is about as deep as it is wide, and seen from above."""


class MuckPile(Standing):
    """A heap that stays, uncovered. Only green nets can be told; permits excuse works.

    Of muck or of garbage: the codes' class names both, and models take rubble for bags. Where a
    rule about exposed garbage watches the same place, garbage is that rule's. In a
    collection_point that the rule does not name, what lies there waits for its collection.
    """

    excusing = frozenset({"furniture", "collection_point"})

    def zone_near(self, index: int, scene: Scene) -> str | None:
        """Zone of a heap that is not under a net, and nobody who lies there."""
        box = scene.seen.box(index)
        if green_share(scene.picture, box) >= NETTED_SHARE or is_somebody(box, scene):
            return None
        return super().zone_near(index, scene)

    def standing_as(self, area: Area, box: Box) -> tuple[Box, ...]:
        """Return where its front edge lies, and where its middle does: it may reach over a kerb."""
        del area
        x0, y0, x1, y1 = box
        return (box, (x0, y0, x1, y1 - MIDDLE * (y1 - y0)))

    def is_paused(self, thing: Thing, scene: Scene) -> bool:
        """Whether a net lies over it by now."""
        return green_share(scene.picture, thing.box) >= NETTED_SHARE
