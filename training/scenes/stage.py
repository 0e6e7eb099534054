"""A story and a seed set up in the world: what stands still, who is on stage, what that changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from training.scenes.cameras import Camera
from training.scenes.cast import CAST
from training.scenes.lamps import Lamp, lamps_of
from training.scenes.light import Light, draw_light
from training.scenes.river import WATER_Z
from training.scenes.scene import streams_of
from training.scenes.story import STREET, Actor, Story
from training.scenes.street import KERB_M, furnish
from training.scenes.thing import Thing

PAD_PX = 14
"""A changed thing also darkens the ground and shines in windows about it."""

Region = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Everything of a story that does not depend on the moment."""

    story: Story
    seed: int
    light: Light
    camera: Camera
    still: tuple[Thing, ...]
    actors: tuple[Thing, ...]
    """One an actor, standing anywhere."""
    lamps: tuple[Lamp, ...]

    def at(self, at_s: float) -> tuple[Thing | None, ...]:
        """Return the actors where they are at a moment, None for one that is not on stage."""
        return tuple(
            _stand(thing, actor, at_s)
            for thing, actor in zip(self.actors, self.story.actors, strict=True)
        )

    def changed(
        self,
        before: tuple[Thing | None, ...],
        after: tuple[Thing | None, ...],
        width: int,
        height: int,
    ) -> Region | None:
        """Return the part of the picture that differs between two moments, None when none does."""
        boxes = []
        for actor, old, new in zip(self.story.actors, before, after, strict=True):
            if _place(old) == _place(new):
                continue
            if actor.whole:
                return 0, 0, width, height
            boxes += [self._reach(thing, width, height) for thing in (old, new) if thing]
        if not boxes:
            return None
        lows, highs = np.array(boxes)[:, :2].min(0), np.array(boxes)[:, 2:].max(0)
        x0, y0 = np.clip(np.floor(lows) - PAD_PX, 0, (width, height)).astype(int)
        x1, y1 = np.clip(np.ceil(highs) + PAD_PX, 0, (width, height)).astype(int)
        return (int(x0), int(y0), int(x1), int(y1)) if x1 > x0 and y1 > y0 else None

    def _reach(self, thing: Thing, width: int, height: int) -> tuple[float, float, float, float]:
        """Frame a thing and its shadow on the ground in the picture."""
        points = thing.in_world().vertices
        light = self.light
        if light.sun_strength > 0.5:
            slope, turn = np.cos(light.sun_height), light.sun_bearing
            ray = np.array([-np.sin(turn) * slope, np.cos(turn) * slope, -np.sin(light.sun_height)])
            shadow = points + (points[:, 2:] - min(thing.z, 0.0)) / -ray[2] * ray
            points = np.concatenate([points, shadow])
        pixels = self.camera.project(points, width, height)
        pixels = pixels[pixels[:, 2] > 0.5]
        if not len(pixels):
            return 0.0, 0.0, 0.0, 0.0
        low, high = pixels[:, :2].min(0), pixels[:, :2].max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _place(thing: Thing | None) -> tuple[float, float, float] | None:
    return None if thing is None else (thing.x, thing.y, thing.heading)


def _stand(thing: Thing, actor: Actor, at_s: float) -> Thing | None:
    place = actor.stands(at_s)
    if place is None:
        return None
    x, y, turn = place
    z = actor.z if actor.z is not None else (KERB_M if abs(y) > STREET.kerb_y else 0.0)
    return replace(thing, x=x, y=y, z=z, heading=float(np.radians(turn)))


def set_stage(story: Story, seed: int, weather: str | None = None, *, spread: float = 1.0) -> Stage:
    """Set up a story; the seed draws colours, bodies, weather and a little of the camera.

    Two stories of one seed share nothing. A weather in place of None overrules the story's. spread:
    how far the camera may stand from the story's, in that of a clip's.
    """
    numbers = streams_of(seed)

    def streams(subject: str) -> np.random.Generator:
        return numbers(f"{story.name} {subject}")

    street = replace(STREET, river_side=story.river_side)
    sky = streams("light")
    light = draw_light(sky, weather or str(sky.choice(story.weathers)))
    camera = _jitter(streams("camera"), story, spread)
    still = tuple(
        thing
        for thing in furnish(streams("furniture"), street)
        if not _cleared(thing, story, camera)
    )
    actors = tuple(_make(streams, actor) for actor in story.actors)
    lamps: tuple[Lamp, ...] = ()
    if light.lamps:
        lamps = lamps_of(streams("lamps"), list(still), (camera,), street.kerb_y)
    return Stage(story, seed, light, camera, still, actors, lamps)


def _make(streams: Callable[[str], np.random.Generator], actor: Actor) -> Thing:
    rng = streams(f"actor {actor.twin or actor.name}")
    name, label, shape = CAST[actor.thing](rng, actor.kind, actor.size)
    if actor.thing in {"floating_debris", "duck", "boat", "glints"} and actor.z is None:
        raise ValueError(f"actor {actor.name} floats: give it z {WATER_Z}")
    return Thing(name, label, shape)


def _jitter(rng: np.random.Generator, story: Story, spread: float) -> Camera:
    x, y, z, yaw, pitch, view = story.camera
    return Camera(
        x,
        y,
        z + float(spread * rng.uniform(-0.3, 0.3)),
        float(np.radians(yaw + spread * rng.uniform(-1.5, 1.5))),
        float(np.radians(pitch + spread * rng.uniform(-0.8, 0.8))),
        float(np.radians(view + spread * rng.uniform(-1.5, 1.5))),
    )


def _cleared(thing: Thing, story: Story, camera: Camera) -> bool:
    if thing.name in {"tree", "lamp"}:
        near = np.hypot(thing.x - camera.x, thing.y - camera.y) < 30 and thing.x > -5
        return bool(near and (thing.x < 24))
    if thing.name == "bin":
        return thing.x < 24
    if story.clear and thing.name == "sign" and thing.y > 0:
        return story.clear[0] < thing.x < story.clear[1]
    return False
