"""One seed into one scene: the street, what is in it, its light and its cameras."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from training.scenes.cameras import Camera, draw_camera
from training.scenes.lamps import Lamp, lamps_of
from training.scenes.light import SHARES, WEATHERS, Light, draw_light
from training.scenes.population import populate
from training.scenes.rare import break_signs
from training.scenes.street import Street, draw_street, furnish
from training.scenes.thing import Thing

MODES = ("rare", "look-alikes")
RIVERS = 0.2
"""Share of the streets that run along a river."""
CLEAR_M = 11.0
"""Trees and lamps stand at least so far from every camera of the scene."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that a seed says; the same on every machine."""

    seed: int
    mode: str
    street: Street
    light: Light
    things: tuple[Thing, ...]
    cameras: tuple[Camera, ...]
    lamps: tuple[Lamp, ...] = ()
    """Lights that are on; none by day."""


def streams_of(seed: int) -> Callable[[str], np.random.Generator]:
    """Return a function that gives each named subject its own generator.

    A new subject then changes no number of the others, so an old seed keeps its truth.
    """
    return lambda name: np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw_mode(rng: np.random.Generator) -> str:
    """Draw one of MODES: one scene in seven holds no rare class at all."""
    return "look-alikes" if rng.uniform() < 1 / 7 else "rare"


def make_scene(seed: int, views: int, weather: str | None = None, mode: str | None = None) -> Scene:
    """Make the scene of a seed with so many cameras; weather and mode are drawn when None."""
    streams = streams_of(seed)
    street = draw_street(streams("street"))
    river = streams("river")
    if river.uniform() < RIVERS:
        street = replace(street, river_side=1.0 if river.uniform() < 0.5 else -1.0)
    sky = streams("light")
    light = draw_light(sky, weather or str(sky.choice(WEATHERS, p=SHARES)))
    mode = mode or draw_mode(streams("mode"))
    poles = streams("cameras")
    cameras = tuple(draw_camera(poles, street) for _ in range(views))
    standing = [
        thing
        for thing in furnish(streams("furniture"), street)
        if thing.name not in {"tree", "lamp"} or _clear_of(thing, cameras)
    ]
    if mode == "rare" and street.river_side == 0.0:
        standing = break_signs(streams("broken signs"), standing, cameras)
    things = (*standing, *populate(streams, street, cameras, mode))
    lamps = lamps_of(streams("lamps"), list(things), cameras, street.kerb_y) if light.lamps else ()
    return Scene(seed, mode, street, light, things, cameras, lamps)


def _clear_of(thing: Thing, cameras: tuple[Camera, ...]) -> bool:
    """Say whether no camera stands in the thing: nobody hangs a camera into a tree."""
    return all(np.hypot(thing.x - c.x, thing.y - c.y) > CLEAR_M for c in cameras)
