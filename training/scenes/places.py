"""Ground that is taken."""

from dataclasses import dataclass, field

from training.scenes.thing import Thing


@dataclass
class Ground:
    """Rectangles already taken, in metres."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def take(self, thing: Thing, margin: float = 0.15) -> bool:
        """Reserve the thing's place; False when somebody stands there."""
        points = thing.in_world().vertices
        x0, y0 = points[:, :2].min(0) - margin
        x1, y1 = points[:, :2].max(0) + margin
        if any(x0 < b and x1 > a and y0 < d and y1 > c for a, c, b, d in self.taken):
            return False
        self.taken.append((float(x0), float(y0), float(x1), float(y1)))
        return True
