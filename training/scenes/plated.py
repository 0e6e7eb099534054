"""What is set on a plate: rare things and look-alikes, where its ground has room for them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.scenes.damage import make_fallen, make_road_sign
from training.scenes.garbage import make_garbage
from training.scenes.goods import make_goods
from training.scenes.heavies import make_bus, make_muck_truck, make_truck
from training.scenes.lookalikes import GROUND, PAVEMENT, Drawn
from training.scenes.muck import make_muck
from training.scenes.paint import STEEL
from training.scenes.people import make_person
from training.scenes.places import Ground
from training.scenes.plate import Area, Plate, inside, on_ground
from training.scenes.shape import join, tube
from training.scenes.shopfronts import make_banner
from training.scenes.stalls import make_stall
from training.scenes.thing import Thing
from training.scenes.two_wheelers import make_two_wheeler

TRIES = 60
LEAST_PX = 9
"""Shorter side of a thing's box in the picture."""
HIDES_SHARE = 0.3
"""So much of a real thing may be hidden by one set before it."""
BEHIND_SHARE = 0.05
"""So much of a set thing may lie where a real one stands that is nearer to the camera."""
FOOT_M = 0.4
"""A thing's vertices below this height are its foot."""

Rng = np.random.Generator
Box = tuple[float, float, float, float]


def _banner(rng: Rng) -> Drawn:
    """Hang a banner between two poles that stand on the ground."""
    length, high = float(rng.uniform(2.5, 6.0)), float(rng.uniform(0.8, 2.2))
    poles = [
        tube((x, 0.05, 0.0), (x, 0.05, high + 0.5), 0.03, STEEL) for x in (-length / 2, length / 2)
    ]
    return "banner", "banner", join(make_banner(rng, length).placed(0, 0, high), *poles)


def _broken(rng: Rng) -> Drawn:
    shape = make_fallen(rng) if rng.uniform() < 0.6 else make_road_sign(rng, broken=True)
    return "sign", "sign_damaged", shape


def _lookalike(makers: tuple[Callable[[Rng], Drawn], ...]) -> Callable[[Rng], Drawn]:
    return lambda rng: makers[int(rng.integers(len(makers)))](rng)


def _load(rng: Rng, label: str, load: str) -> Drawn:
    return label, label, make_muck_truck(rng, load)


MAKERS: dict[str, Callable[[Rng], Drawn]] = {
    "stall": lambda rng: ("stall", "stall", make_stall(rng)),
    "goods": lambda rng: ("goods", "goods", make_goods(rng)),
    "muck": lambda rng: ("muck", "muck", make_muck(rng)),
    "garbage": lambda rng: ("garbage", "garbage", make_garbage(rng)),
    "sign_damaged": _broken,
    "sign": lambda rng: ("sign", "sign", make_road_sign(rng, broken=False)),
    "banner": _banner,
    "muck_truck": lambda rng: _load(rng, "muck_truck", "covered"),
    "muck_truck_open": lambda rng: _load(rng, "muck_truck_open", "open"),
    "truck": lambda rng: ("truck", "truck", make_muck_truck(rng, "empty")),
    "lorry": lambda rng: ("truck", "truck", make_truck(rng)),
    "bus": lambda rng: ("bus", "bus", make_bus(rng)),
    "two_wheeler": lambda rng: (
        "two_wheeler",
        "two_wheeler",
        make_two_wheeler(rng, ridden=bool(rng.uniform() < 0.4)),
    ),
    "person": lambda rng: ("person", "person", make_person(rng)),
    "ground look-alike": _lookalike(GROUND),
    "look-alike": _lookalike(PAVEMENT),
}
WHERE: dict[str, dict[str, float]] = {
    "road": {
        "muck": 2.2,
        "muck_truck_open": 1.0,
        "muck_truck": 0.8,
        "truck": 0.5,
        "lorry": 0.3,
        "bus": 0.3,
        "stall": 0.8,
        "garbage": 0.6,
        "two_wheeler": 0.8,
        "person": 0.3,
        "sign_damaged": 0.3,
        "ground look-alike": 1.2,
    },
    "pavement": {
        "stall": 1.2,
        "goods": 1.2,
        "garbage": 1.5,
        "muck": 0.6,
        "sign_damaged": 0.9,
        "sign": 0.4,
        "banner": 0.6,
        "two_wheeler": 0.7,
        "person": 0.5,
        "look-alike": 1.2,
    },
    "plaza": {
        "stall": 1.2,
        "goods": 1.0,
        "garbage": 1.4,
        "muck": 0.8,
        "sign_damaged": 0.8,
        "sign": 0.3,
        "banner": 0.8,
        "two_wheeler": 0.8,
        "look-alike": 1.4,
        "ground look-alike": 0.4,
    },
}
"""By kind of ground: how often each subject is drawn there."""
ALIGNED = frozenset({"muck_truck", "muck_truck_open", "truck", "lorry", "bus"})
FACING = frozenset({"sign", "sign_damaged", "banner"})
"""Turned towards the camera, as what nobody can read from there is not asked for."""


class Setter:
    """Sets things on one plate."""

    def __init__(self, rng: Rng, plate: Plate) -> None:
        self._rng, self._plate = rng, plate
        self._ground = Ground()
        self._taken: list[Box] = []
        self._size = np.array([plate.width, plate.height], np.float64)
        shares = np.array([_extent(area) for area in plate.view.areas])
        # Small areas get more than their share: a pavement holds most of what matters.
        self._shares = shares**0.5 / (shares**0.5).sum()
        self.things: list[Thing] = []

    def put(self, *, lookalikes_only: bool = False) -> None:
        """Set one more thing, unless the plate has no room for what was drawn."""
        areas = self._plate.view.areas
        area = areas[int(self._rng.choice(len(areas), p=self._shares))]
        subjects = {
            name: share
            for name, share in WHERE[area.kind].items()
            if name not in self._plate.view.without
            and ("look-alike" in name or not lookalikes_only)
        }
        shares = np.array(list(subjects.values()))
        subject = str(self._rng.choice(list(subjects), p=shares / shares.sum()))
        name, label, shape = MAKERS[subject](self._rng)
        for _ in range(TRIES):
            thing = self._somewhere(Thing(name, label, shape), subject, area)
            if thing is not None and self._fits(thing, area) and self._ground.take(thing):
                self.things.append(thing)
                self._taken.append(self._box(thing))
                return

    def _somewhere(self, thing: Thing, subject: str, area: Area) -> Thing | None:
        edge = np.array(area.polygon)
        x, y = self._rng.uniform(edge.min(0), edge.max(0))
        camera = self._plate.view.camera
        place = on_ground(camera, float(x), float(y), float(self._size[1] / self._size[0]))
        if place is None or np.hypot(*place) > self._plate.view.far_m:
            return None
        turn = float(self._rng.uniform(0, 2 * np.pi))
        if subject in ALIGNED or (subject == "muck" and area.kind == "road"):
            back = np.pi if self._rng.uniform() < 0.5 else 0.0
            turn = area.heading + back + float(self._rng.normal(0, 0.06))
        elif subject in FACING:
            # Its face is -y: turned so, it looks back along the way to the camera.
            turn = float(np.arctan2(place[1], place[0])) - np.pi / 2
            turn += float(self._rng.normal(0, 0.4))
        elif area.kind != "plaza":
            turn = area.heading + float(self._rng.choice([0, np.pi / 2, np.pi, -np.pi / 2]))
            turn += float(self._rng.normal(0, 0.25))
        return thing.at(place[0], place[1], turn)

    def _pixels(self, thing: Thing) -> NDArray[np.float64]:
        width, height = self._plate.width, self._plate.height
        return self._plate.view.camera.project(thing.in_world().vertices, width, height)

    def _box(self, thing: Thing) -> Box:
        pixels = self._pixels(thing)[:, :2]
        (x0, y0), (x1, y1) = pixels.min(0), pixels.max(0)
        return float(x0), float(y0), float(x1), float(y1)

    def _fits(self, thing: Thing, area: Area) -> bool:
        """Say whether it stands on its ground, in sight, and neither through nor behind others."""
        pixels = self._pixels(thing)
        if pixels[:, 2].min() < 1.0:
            return False
        foot = pixels[thing.shape.vertices[:, 2] < FOOT_M, :2] / self._size
        seen = foot[(foot >= 0).all(axis=1) & (foot <= 1).all(axis=1)]
        if len(seen) < 0.7 * len(foot) or inside(seen, area.polygon).mean() < 0.85:
            return False
        box = self._box(thing)
        if min(box[2] - box[0], box[3] - box[1]) < LEAST_PX:
            return False
        farthest = float(foot[:, 1].min() * self._size[1])
        real = [thing.xyxy for thing in self._plate.seen]
        return all(_stand_apart(box, farthest, other) for other in (*real, *self._taken))


def _extent(area: Area) -> float:
    """Return the area of the polygon in fractions of the picture."""
    xs, ys = np.array(area.polygon).T
    return float(abs(xs @ np.roll(ys, 1) - ys @ np.roll(xs, 1)) / 2)


def _stand_apart(box: Box, farthest: float, other: Box) -> bool:
    """Say whether a box hides little of another, or lies behind next to nothing of it.

    farthest: the row where the farthest part of its foot stands.
    """
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    if farthest > other[3]:
        return shared <= HIDES_SHARE * (other[2] - other[0]) * (other[3] - other[1])
    return shared <= BEHIND_SHARE * (box[2] - box[0]) * (box[3] - box[1])


def set_things(rng: Rng, plate: Plate) -> tuple[str, tuple[Thing, ...]]:
    """Draw what stands on a plate: the mode ("rare", one in seven "look-alikes") and the things."""
    mode = "look-alikes" if rng.uniform() < 1 / 7 else "rare"
    setter = Setter(rng, plate)
    wanted = int(rng.integers(3, 9))
    for _ in range(3 * wanted):
        setter.put(lookalikes_only=mode == "look-alikes")
        if len(setter.things) == wanted:
            break
    return mode, tuple(setter.things)
