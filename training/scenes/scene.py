"""One seed into one scene: the street, what is in it, its light and its cameras."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.scenes.cameras import Camera, draw_camera
from training.scenes.light import WEATHERS, Light, draw_light
from training.scenes.population import populate
from training.scenes.street import Street, draw_street, furnish
from training.scenes.thing import Thing

CLEAR_M = 11.0
"""Trees and lamps stand at least so far from every camera of the scene."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that a seed says; the same on every machine."""

    seed: int
    street: Street
    light: Light
    things: tuple[Thing, ...]
    cameras: tuple[Camera, ...]


def streams_of(seed: int) -> Callable[[str], np.random.Generator]:
    """Return a function that gives each named subject its own generator.

    A new subject then changes no number of the others, so an old seed keeps its truth.
    """
    return lambda name: np.random.default_rng([seed, zlib.crc32(name.encode())])


def make_scene(seed: int, views: int, weather: str | None = None) -> Scene:
    """Make the scene of a seed with so many cameras; weather is drawn when None."""
    streams = streams_of(seed)
    street = draw_street(streams("street"))
    sky = streams("light")
    light = draw_light(sky, weather or str(sky.choice(WEATHERS, p=[0.5, 0.33, 0.17])))
    poles = streams("cameras")
    cameras = tuple(draw_camera(poles, street) for _ in range(views))
    standing = [
        thing
        for thing in furnish(streams("furniture"), street)
        if thing.name not in {"tree", "lamp"} or _clear_of(thing, cameras)
    ]
    return Scene(seed, street, light, (*standing, *populate(streams, street)), cameras)


def _clear_of(thing: Thing, cameras: tuple[Camera, ...]) -> bool:
    """Say whether no camera stands in the thing: nobody hangs a camera into a tree."""
    return all(np.hypot(thing.x - c.x, thing.y - c.y) > CLEAR_M for c in cameras)
