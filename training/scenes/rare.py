"""Rare classes and look-alikes, put where the cameras see them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from training.scenes.cameras import Camera
from training.scenes.damage import make_damaged, make_fallen, make_road_sign
from training.scenes.garbage import make_garbage
from training.scenes.goods import make_goods
from training.scenes.heavies import make_bus, make_muck_truck, make_truck
from training.scenes.lookalikes import FRONTS, GROUND, PAVEMENT, Drawn
from training.scenes.muck import make_muck
from training.scenes.people import make_person
from training.scenes.places import Ground
from training.scenes.river import RIVER_M, WATER_Z, make_debris, make_floating_lookalike
from training.scenes.shape import Shape
from training.scenes.shopfronts import make_banner
from training.scenes.sight import spot
from training.scenes.stalls import make_stall
from training.scenes.street import KERB_M, Street
from training.scenes.thing import Thing

KINDS = ("stall", "goods", "muck", "garbage", "broken", "banner", "truck", "muck truck", "open")
"""Subjects of which a picture gets several."""


class Placer:
    """Puts things where one camera sees them."""

    def __init__(
        self, rng: np.random.Generator, street: Street, camera: Camera, ground: Ground
    ) -> None:
        self.rng, self.street, self.camera, self.ground = rng, street, camera, ground
        self.things: list[Thing] = []

    def side(self) -> float:
        """Draw a side of the street that has houses."""
        if self.street.river_side:
            return -self.street.river_side
        return 1.0 if self.rng.uniform() < 0.5 else -1.0

    def put(
        self,
        drawn: Drawn,
        band: tuple[float, float],
        heading: float,
        far_m: float = 26.0,
        near_m: float = 6.0,
    ) -> Thing | None:
        """Stand a thing in a band of y; None when there is no free place in sight."""
        name, label, shape = drawn
        for _ in range(6):
            place = spot(self.rng, self.camera, band, near_m, far_m)
            if place is None:
                return None
            z = KERB_M if abs(place[1]) > self.street.kerb_y else 0.0
            thing = Thing(name, label, shape, place[0], place[1], z, heading)
            if self.ground.take(thing):
                self.things.append(thing)
                return thing
        return None

    def pavement(self, inset: float = 0.7) -> tuple[float, float]:
        """Return the band of y of a pavement."""
        side, street = self.side(), self.street
        return side * (street.kerb_y + inset), side * (street.shop_line - inset)

    def road(self) -> tuple[float, float]:
        """Return the band of y of the whole carriageway."""
        edge = self.street.kerb_y - 0.8
        return -edge, edge


def _stall(p: Placer) -> None:
    band = p.pavement(0.9)
    side = float(np.sign(band[0]))
    if p.rng.uniform() < 0.3:
        band = (side * (p.street.kerb_y - 1.9), side * (p.street.kerb_y - 0.9))
    turn = (0.0 if side > 0 else np.pi) + float(p.rng.normal(0, 0.25))
    stall = p.put(("stall", "stall", make_stall(p.rng)), band, turn)
    if stall is None:
        return
    for where in (1.0, -1.0):
        if p.rng.uniform() < (0.85 if where > 0 else 0.4):
            y = stall.y + side * where * float(p.rng.uniform(0.8, 1.2))
            z = KERB_M if abs(y) > p.street.kerb_y else 0.0
            person, x = make_person(p.rng, 0.0), stall.x + float(p.rng.uniform(-0.7, 0.7))
            facing = -side * where * np.pi / 2 + float(p.rng.normal(0, 0.6))
            p.things.append(Thing("person", "person", person, x, y, z, facing))


def _goods(p: Placer) -> None:
    side = p.side()
    line = p.street.shop_line
    for _ in range(int(p.rng.integers(1, 4))):
        turn = (0.0 if side > 0 else np.pi) + float(p.rng.normal(0, 0.08))
        band = (side * (line - 1.7), side * (line - 0.6))
        p.put(("goods", "goods", make_goods(p.rng)), band, turn, 24.0)


def _muck(p: Placer) -> None:
    on_road = p.rng.uniform() < 0.7
    band = p.road() if on_road else p.pavement(1.0)
    turn = float(p.rng.normal(0, 0.12)) if on_road else float(p.rng.uniform(0, 6.3))
    p.put(("muck", "muck", make_muck(p.rng)), band, turn)


def _garbage(p: Placer) -> None:
    for _ in range(int(p.rng.integers(1, 3))):
        band = p.pavement(0.6)
        if p.rng.uniform() < 0.2:
            side = float(np.sign(band[0]))
            band = (side * (p.street.kerb_y - 1.2), side * (p.street.kerb_y - 0.5))
        turn = float(p.rng.uniform(0, 6.3))
        p.put(("garbage", "garbage", make_garbage(p.rng)), band, turn, 22.0)


def _broken(p: Placer) -> None:
    """Put a broken sign that stands or lies; those on walls are broken by break_signs."""
    band = p.pavement(0.5)
    side = float(np.sign(band[0]))
    turn = 0.0 if side > 0 else np.pi
    if p.rng.uniform() < 0.5:
        drawn: Drawn = ("sign", "sign_damaged", make_fallen(p.rng))
        p.put(drawn, (side * (p.street.shop_line - 1.5), band[1]), turn, 20.0)
        return
    away = p.camera.yaw - np.pi / 2 + float(p.rng.normal(0, 0.3))
    for broken in (True, False):
        label = "sign_damaged" if broken else "sign"
        p.put(("sign", label, make_road_sign(p.rng, broken=broken)), band, away, 20.0)


def _banner(p: Placer) -> None:
    """Hang a banner over the kerb, on the wall above the shops, on the railing or on two poles."""
    side, street, rng = p.side(), p.street, p.rng
    shape = make_banner(rng, float(rng.uniform(2.5, 8.0)))
    place = str(rng.choice(["kerb", "wall", "across"], p=[0.5, 0.3, 0.2]))
    y = side * (street.kerb_y + 0.5 if place == "kerb" else street.shop_line - 0.35)
    z = float(rng.uniform(0.6, 3.0) if place == "kerb" else rng.uniform(3.6, 5.5))
    turn = 0.0 if side > 0 else np.pi
    if place == "across":
        y, z, turn = (
            float(rng.uniform(-2, 2)),
            float(rng.uniform(4.2, 5.2)),
            p.camera.yaw - np.pi / 2,
        )
    place_m = spot(rng, p.camera, (y - 0.05, y + 0.05), 8.0, 26.0, z)
    if place_m is not None:
        p.things.append(Thing("banner", "banner", shape, place_m[0], y, z, turn))


def _heavy(p: Placer, drawn: Drawn) -> None:
    """Drive a heavy vehicle past: its lane's middle, the way its side goes."""
    side = 1.0 if p.rng.uniform() < 0.5 else -1.0
    y = p.street.lane_y(int(p.rng.integers(p.street.lanes)), side)
    turn = (0.0 if side < 0 else np.pi) + float(p.rng.normal(0, 0.03))
    p.put(drawn, (y - 0.2, y + 0.2), turn, 36.0, 13.0)


def _truck(p: Placer) -> None:
    rng, kind = p.rng, p.rng.uniform()
    if kind < 0.4:
        _heavy(p, ("truck", "truck", make_truck(rng)))
    elif kind < 0.7:
        _heavy(p, ("truck", "truck", make_muck_truck(rng, "empty")))
    else:
        _heavy(p, ("bus", "bus", make_bus(rng)))


def _muck_truck(p: Placer) -> None:
    _heavy(p, ("muck_truck", "muck_truck", make_muck_truck(p.rng, "covered")))


def _open_truck(p: Placer) -> None:
    _heavy(p, ("muck_truck_open", "muck_truck_open", make_muck_truck(p.rng, "open")))


def _float(p: Placer, *, debris: bool) -> None:
    """Let debris, or what is mistaken for it, lie on the river near the bank."""
    side, line = p.street.river_side, p.street.shop_line
    count = int(p.rng.integers(3, 12)) if debris else int(p.rng.integers(1, 5))
    for _ in range(count):
        label = "floating_debris" if debris else None
        name, shape = (
            ("floating debris", make_debris(p.rng)) if debris else make_floating_lookalike(p.rng)
        )
        band = (side * (line + 1.0), side * (line + min(RIVER_M, 20.0)))
        place = spot(p.rng, p.camera, band, 7.0, 28.0, WATER_Z)
        if place is not None:
            turn = float(p.rng.uniform(0, 6.3))
            p.things.append(Thing(name, label, shape, place[0], place[1], WATER_Z, turn))


def place_rare(p: Placer) -> None:
    """Put six to nine of the rare subjects where the camera sees them, debris on a river."""
    makers: dict[str, Callable[[Placer], None]] = dict(
        zip(
            KINDS,
            (_stall, _goods, _muck, _garbage, _broken, _banner, _truck, _muck_truck, _open_truck),
            strict=True,
        )
    )
    weights = np.array([1.6, 1.4, 1.7, 1.5, 0.8, 0.8, 0.3, 0.45, 0.6])
    count = int(p.rng.integers(6, 10))
    for kind in p.rng.choice(KINDS, count, p=weights / weights.sum()):
        makers[str(kind)](p)
    if p.street.river_side:
        _float(p, debris=True)


def place_lookalikes(p: Placer, count: int) -> None:
    """Put look-alikes where the camera sees them."""
    for _ in range(count):
        where = p.rng.uniform()
        if where < 0.25:
            make = GROUND[int(p.rng.integers(len(GROUND)))]
            p.put(make(p.rng), p.road(), float(p.rng.normal(0, 0.3)))
        elif where < 0.85:
            make = PAVEMENT[int(p.rng.integers(len(PAVEMENT)))]
            p.put(make(p.rng), p.pavement(), float(p.rng.uniform(0, 6.3)), 22.0)
        else:
            make, side = FRONTS[int(p.rng.integers(len(FRONTS)))], p.side()
            line = p.street.shop_line
            turn = 0.0 if side > 0 else np.pi
            p.put(make(p.rng), (side * (line - 0.6), side * (line - 0.5)), turn)
    if p.street.river_side and p.rng.uniform() < 0.7:
        _float(p, debris=False)


def break_signs(
    rng: np.random.Generator, things: list[Thing], cameras: tuple[Camera, ...]
) -> list[Thing]:
    """Break one to three of the shop signs that each camera sees well."""
    broken: set[int] = set()
    for camera in cameras:
        seen = []
        for index, thing in enumerate(things):
            if thing.label == "sign":
                middle = np.array([[thing.x, thing.y, thing.z]])
                u, v, depth = camera.project(middle, 512, 288)[0]
                if 5 < depth < 26 and 30 < u < 482 and 15 < v < 270:
                    seen.append(index)
        if seen:
            count = min(len(seen), int(rng.integers(1, 4)))
            broken |= {int(i) for i in rng.choice(seen, count, replace=False)}
    changed = list(things)
    for index in sorted(broken):
        thing = things[index]
        size = np.ptp(thing.shape.vertices, axis=0)
        shape: Shape = make_damaged(rng, float(size[0]), float(size[2]))
        changed[index] = replace(thing, label="sign_damaged", shape=shape)
    return changed
