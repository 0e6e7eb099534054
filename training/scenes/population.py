"""Who and what is in the street: every class, placed without standing in each other."""

from collections.abc import Callable

import numpy as np

from training.scenes.cameras import Camera
from training.scenes.cars import make_car
from training.scenes.heavies import make_bus, make_truck
from training.scenes.people import make_person
from training.scenes.places import Ground
from training.scenes.rare import Placer, place_lookalikes, place_rare
from training.scenes.shape import Shape
from training.scenes.street import KERB_M, Street
from training.scenes.thing import Thing
from training.scenes.two_wheelers import make_two_wheeler

NEAR_M, FAR_M = 2.0, 85.0


def _vehicle(rng: np.random.Generator) -> tuple[str, Shape]:
    kind = rng.choice(["car", "bus", "truck"], p=[0.8, 0.09, 0.11])
    if kind == "car":
        return "car", make_car(rng)
    if kind == "bus":
        return "bus", make_bus(rng)
    return "truck", make_truck(rng)


def _drive(rng: np.random.Generator, street: Street, things: list[Thing], ground: Ground) -> None:
    """Fill the lanes; traffic with y < 0 drives towards +x (right-hand traffic)."""
    density = float(rng.choice([0.1, 0.35, 0.8], p=[0.4, 0.4, 0.2]))
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
        density = float(rng.choice([0.0, 0.15, 0.6]))
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


def populate(
    streams: Callable[[str], np.random.Generator],
    street: Street,
    cameras: tuple[Camera, ...],
    mode: str,
) -> list[Thing]:
    """Fill a street; streams(name) gives each subject its own seeded numbers.

    Mode "rare" puts several of the rare classes where each camera sees them, "look-alikes" only
    what is mistaken for them; common traffic fills what ground is left.
    """
    things: list[Thing] = []
    ground = Ground()
    for number, camera in enumerate(cameras):
        placer = Placer(streams(f"rare {number}"), street, camera, ground)
        if mode == "rare":
            place_rare(placer)
            place_lookalikes(placer, int(placer.rng.integers(1, 4)))
        else:
            place_lookalikes(placer, int(placer.rng.integers(6, 12)))
        things += placer.things
    _park(streams("parked"), street, things, ground)
    _drive(streams("traffic"), street, things, ground)
    _wheels(streams("wheels"), street, things, ground)
    _walk(streams("people"), street, things, ground)
    return things
