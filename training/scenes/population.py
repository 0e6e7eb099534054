"""Who and what is in the street: every class, placed without standing in each other."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from training.scenes.cars import make_car
from training.scenes.goods import make_garbage, make_goods, make_muck
from training.scenes.heavies import make_bus, make_muck_truck, make_truck
from training.scenes.people import make_person
from training.scenes.shape import Shape
from training.scenes.shopfronts import make_banner
from training.scenes.stalls import make_parasol, make_stall
from training.scenes.street import KERB_M, Street
from training.scenes.thing import Thing
from training.scenes.two_wheelers import make_two_wheeler

NEAR_M, FAR_M = 2.0, 85.0


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


def _vehicle(rng: np.random.Generator) -> tuple[str, Shape]:
    kind = rng.choice(
        ["car", "bus", "truck", "muck", "muck open", "muck empty"],
        p=[0.70, 0.09, 0.10, 0.04, 0.05, 0.02],
    )
    if kind == "car":
        return "car", make_car(rng)
    if kind == "bus":
        return "bus", make_bus(rng)
    if kind == "truck":
        return "truck", make_truck(rng)
    if kind == "muck":
        return "muck_truck", make_muck_truck(rng, "covered")
    if kind == "muck open":
        return "muck_truck_open", make_muck_truck(rng, "open")
    return "truck", make_muck_truck(rng, "empty")


def _drive(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    """Fill the lanes; traffic with y < 0 drives towards +x (right-hand traffic)."""
    density = float(rng.choice([0.15, 0.5, 1.0], p=[0.3, 0.4, 0.3]))
    for side in (1.0, -1.0):
        for lane in range(street.lanes):
            x = NEAR_M - 12 + float(rng.uniform(0, 20))
            while x < FAR_M:
                if rng.uniform() < density:
                    label, shape = _vehicle(rng)
                    heading = (0.0 if side < 0 else np.pi) + float(rng.normal(0, 0.02))
                    y = street.lane_y(lane, side) + float(rng.normal(0, 0.15))
                    thing = Thing(label, label, shape, x, y, 0.0, heading)
                    if ground.take(thing):
                        things.append(thing)
                x += float(rng.uniform(7, 16))


def _park(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    for side in (1.0, -1.0):
        density = float(rng.choice([0.0, 0.25, 0.8]))
        x = NEAR_M - 6
        while x < 70:
            if rng.uniform() < density:
                label, shape = _vehicle(rng) if rng.uniform() < 0.25 else ("car", make_car(rng))
                heading = (0.0 if side < 0 else np.pi) + float(rng.normal(0, 0.03))
                y = street.parking_y(side)
                if rng.uniform() < 0.08:
                    y = side * (street.kerb_y + 1.8)
                z = KERB_M if abs(y) > street.kerb_y else 0.0
                thing = Thing(label, label, shape, x, y, z, heading)
                if ground.take(thing):
                    things.append(thing)
            x += float(rng.uniform(5.2, 8.5))


def _scatter(
    count: int,
    make: Callable[[], tuple[str, str | None, Shape]],
    place: Callable[[], tuple[float, float, float]],
    street: Street,
    things: list[Thing],
    ground: Ground,
) -> None:
    """Put count things at drawn places (x, y, heading); one that finds no room is left out."""
    for _ in range(count):
        name, label, shape = make()
        x, y, heading = place()
        z = KERB_M if abs(y) > street.kerb_y else 0.0
        thing = Thing(name, label, shape, x, y, z, heading)
        if ground.take(thing):
            things.append(thing)


def _side(rng: np.random.Generator) -> float:
    return 1.0 if rng.uniform() < 0.5 else -1.0


def _near(rng: np.random.Generator) -> float:
    """Draw a distance along the street, nearer places more often."""
    return float(NEAR_M + (60 - NEAR_M) * rng.beta(1.2, 2.2))


def _wheels(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    """Ride two-wheelers in the kerb strip and park rows of them on the pavement."""

    def ride() -> tuple[float, float, float]:
        side = _side(rng)
        y = side * (street.kerb_y - float(rng.uniform(0.5, 2.2)))
        return _near(rng), y, (0.0 if side < 0 else np.pi) + float(rng.normal(0, 0.1))

    _scatter(
        int(rng.integers(1, 11)),
        lambda: ("two_wheeler", "two_wheeler", make_two_wheeler(rng, ridden=True)),
        ride,
        street,
        things,
        ground,
    )
    for _ in range(int(rng.integers(0, 4))):
        side, x = _side(rng), _near(rng)
        y = side * (street.kerb_y + float(rng.uniform(1.1, 1.6)))
        turn = side * np.pi / 2 + float(rng.normal(0, 0.15))
        for _ in range(int(rng.integers(2, 9))):
            shape = make_two_wheeler(rng, ridden=False)
            thing = Thing(
                "two_wheeler", "two_wheeler", shape, x, y, KERB_M, turn + float(rng.normal(0, 0.12))
            )
            if ground.take(thing, 0.0):
                things.append(thing)
            x += float(rng.uniform(0.65, 1.1))


def _walk(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    def stroll() -> tuple[float, float, float]:
        side = _side(rng)
        if rng.uniform() < 0.25:
            return (
                _near(rng),
                float(rng.uniform(-1, 1)) * street.kerb_y,
                float(rng.uniform(0, 2 * np.pi)),
            )
        y = side * float(rng.uniform(street.kerb_y + 0.6, street.shop_line - 0.5))
        heading = float(rng.choice([0.0, np.pi])) + float(rng.normal(0, 0.5))
        return _near(rng), y, heading

    _scatter(
        int(rng.integers(2, 20)),
        lambda: ("person", "person", make_person(rng)),
        stroll,
        street,
        things,
        ground,
    )


def _vend(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    """Set up stalls, each with a vendor."""
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.25, 0.3, 0.25, 0.2]))):
        side, x = _side(rng), _near(rng)
        off = float(rng.uniform(0.8, street.pavement_m - 1.0))
        y = side * (street.kerb_y + (off if rng.uniform() < 0.7 else -1.0))
        z = KERB_M if abs(y) > street.kerb_y else 0.0
        turn = (0.0 if side > 0 else np.pi) + float(rng.normal(0, 0.2))
        stall = Thing("stall", "stall", make_stall(rng), x, y, z, turn)
        if ground.take(stall):
            things.append(stall)
            vendor = Thing(
                "person",
                "person",
                make_person(rng, 0.0),
                x + float(rng.uniform(-0.6, 0.6)),
                y + side * float(rng.uniform(0.75, 1.1)),
                z,
                -side * np.pi / 2 + float(rng.normal(0, 0.6)),
            )
            things.append(vendor)


def _litter(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    """Put goods before the shops, heaps and bags anywhere, and now and then a banner."""

    def before_shop() -> tuple[float, float, float]:
        side = _side(rng)
        return (
            _near(rng),
            side * (street.shop_line - float(rng.uniform(0.7, 1.4))),
            float(rng.normal(0, 0.05)),
        )

    def anywhere() -> tuple[float, float, float]:
        side = _side(rng)
        y = side * float(rng.uniform(street.kerb_y - 3.0, street.shop_line - 0.8))
        return _near(rng), y, float(rng.uniform(0, 2 * np.pi))

    _scatter(
        int(rng.integers(0, 7)),
        lambda: ("goods", "goods", make_goods(rng)),
        before_shop,
        street,
        things,
        ground,
    )
    _scatter(
        int(rng.choice([0, 1, 2], p=[0.65, 0.25, 0.1])),
        lambda: ("muck", "muck", make_muck(rng)),
        anywhere,
        street,
        things,
        ground,
    )
    _scatter(
        int(rng.choice([0, 1, 3], p=[0.6, 0.25, 0.15])),
        lambda: ("garbage", "garbage", make_garbage(rng)),
        anywhere,
        street,
        things,
        ground,
    )
    _scatter(
        int(rng.choice([0, 1], p=[0.8, 0.2])),
        lambda: ("parasol", None, make_parasol(rng, 1.3, 2.3)),
        before_shop,
        street,
        things,
        ground,
    )
    if rng.uniform() < 0.2:
        things.append(_banner(rng, street))


def _banner(rng: np.random.Generator, street: Street) -> Thing:
    """Hang a banner over the kerb."""
    side = _side(rng)
    shape = make_banner(rng, float(rng.uniform(4.0, 8.0)))
    return Thing(
        "banner",
        "banner",
        shape,
        _near(rng) + 4,
        side * (street.kerb_y + 0.5),
        float(rng.uniform(1.3, 3.5)),
        0.0 if side > 0 else np.pi,
    )


def populate(streams: Callable[[str], np.random.Generator], street: Street) -> list[Thing]:
    """Fill a street; streams(name) gives each subject its own seeded numbers."""
    things: list[Thing] = []
    ground = Ground()
    _park(streams("parked"), street, things, ground)
    _drive(streams("traffic"), street, things, ground)
    trade = streams("trade")
    _vend(trade, street, things, ground)
    _litter(trade, street, things, ground)
    _wheels(streams("wheels"), street, things, ground)
    _walk(streams("people"), street, things, ground)
    return things
