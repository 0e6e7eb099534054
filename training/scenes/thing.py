"""A thing in a scene: a shape that stands somewhere, with its class when it has one."""

from dataclasses import dataclass, replace

from training.scenes.shape import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One object of the scene and of the renderer's object mask."""

    name: str
    label: str | None
    """Class of the model's list; None for what is only scenery or a look-alike."""
    shape: Shape
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    heading: float = 0.0
    """Radians, counter-clockwise seen from above."""

    def at(self, x: float, y: float, heading: float | None = None) -> "Thing":
        """Return the same thing standing elsewhere."""
        return replace(self, x=x, y=y, heading=self.heading if heading is None else heading)

    def in_world(self) -> Shape:
        """Return the shape where it stands."""
        return self.shape.placed(self.x, self.y, self.z, self.heading)
