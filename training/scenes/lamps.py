"""What shines at night: street lamps, headlights, shop fronts and the bulbs of stalls."""

from dataclasses import dataclass

import numpy as np

from training.scenes.cameras import Camera
from training.scenes.paint import RGB
from training.scenes.thing import Thing

MOST = 12
"""So many lamps at most light a scene; the nearest to its cameras are kept."""
SODIUM: RGB = (1.0, 0.62, 0.28)
LED: RGB = (1.0, 0.93, 0.82)
VEHICLES = frozenset({"car", "bus", "truck", "muck_truck", "muck_truck_open"})


@dataclass(frozen=True, slots=True)
class Lamp:
    """A point light, or a cone along heading when it is a headlight."""

    x: float
    y: float
    z: float
    power_w: float
    colour: RGB
    heading: float | None = None
    """Radians; None shines all round."""


def lamps_of(
    rng: np.random.Generator, things: list[Thing], cameras: tuple[Camera, ...], kerb_y: float
) -> tuple[Lamp, ...]:
    """Light a street: lamps on both sides, moving vehicles' headlights, shops, stalls."""
    colour = SODIUM if rng.uniform() < 0.45 else LED
    found: list[tuple[float, Lamp]] = []
    power = float(rng.uniform(500, 1100))
    for x in np.arange(-16.0, 70.0, float(rng.uniform(18, 26))):
        for side in (1.0, -1.0):
            lamp = Lamp(float(x), side * (kerb_y - 0.8), 7.6, power, colour)
            found.append((_reach(lamp, cameras) - 6.0, lamp))
    for thing in things:
        if thing.label in VEHICLES and abs(thing.y) < kerb_y - 1.8:
            nose = float(thing.shape.vertices[:, 0].max()) + 0.15
            lamp = Lamp(
                thing.x + nose * float(np.cos(thing.heading)),
                thing.y + nose * float(np.sin(thing.heading)),
                0.75,
                float(rng.uniform(60, 160)),
                (1.0, 0.96, 0.9),
                thing.heading,
            )
            found.append((_reach(lamp, cameras) + 4.0, lamp))
        elif thing.label == "stall" and rng.uniform() < 0.8:
            lamp = Lamp(thing.x, thing.y, thing.z + 1.85, float(rng.uniform(15, 45)), LED)
            found.append((_reach(lamp, cameras) - 4.0, lamp))
        elif thing.name == "building" and rng.uniform() < 0.7:
            front = thing.y - float(np.sign(thing.y)) * 1.2
            x = thing.x + (1.0 if thing.y > 0 else -1.0) * float(rng.uniform(3, 9))
            lamp = Lamp(x, front, 2.6, float(rng.uniform(60, 160)), LED)
            found.append((_reach(lamp, cameras), lamp))
    found.sort(key=lambda row: row[0])
    return tuple(lamp for _, lamp in found[:MOST])


def _reach(lamp: Lamp, cameras: tuple[Camera, ...]) -> float:
    """Return the distance to the ground that a camera looks at, at best."""
    return min(
        float(np.hypot(lamp.x - c.x - 12 * np.cos(c.yaw), lamp.y - c.y - 12 * np.sin(c.yaw)))
        for c in cameras
    )
