"""The street itself: carriageway, lane marks, kerbs, pavements, trees, lamps and railings."""

from dataclasses import dataclass

import numpy as np

from training.scenes.garbage import make_bin
from training.scenes.paint import STEEL, WHITE, WOOD, Paint
from training.scenes.river import make_bank
from training.scenes.shape import Shape, box, ellipsoid, join, tube
from training.scenes.shopfronts import make_row
from training.scenes.thing import Thing

START_M, STOP_M = -25.0, 130.0
KERB_M = 0.15


@dataclass(frozen=True, slots=True)
class Street:
    """Measures across the street, metres from its middle line; traffic keeps to the right."""

    lanes: int
    """Lanes a direction."""
    lane_m: float
    kerb_lane_m: float
    """Width of the strip beside the kerb where cars stop and bikes ride."""
    pavement_m: float
    river_side: float = 0.0
    """Side with a river in place of houses: +1 where y > 0, -1, or 0 for none."""

    @property
    def kerb_y(self) -> float:
        """Distance of the kerb from the middle line."""
        return self.lanes * self.lane_m + self.kerb_lane_m

    @property
    def shop_line(self) -> float:
        """Distance of the shop fronts from the middle line."""
        return self.kerb_y + self.pavement_m

    def lane_y(self, lane: int, side: float) -> float:
        """Middle of a lane counted from the middle line; side +1 is y > 0."""
        return side * (lane + 0.5) * self.lane_m

    def parking_y(self, side: float) -> float:
        """Middle of a car standing at the kerb."""
        return side * (self.kerb_y - 1.15)


def draw_street(rng: np.random.Generator) -> Street:
    """Draw the measures of a street."""
    return Street(
        lanes=int(rng.choice([1, 2, 3], p=[0.4, 0.45, 0.15])),
        lane_m=float(rng.uniform(3.1, 3.6)),
        kerb_lane_m=float(rng.uniform(1.2, 3.0)),
        pavement_m=float(rng.uniform(3.0, 6.5)),
    )


def _marks(rng: np.random.Generator, street: Street, worn: Paint) -> Shape:
    yellow = Paint((0.55, 0.38, 0.03), 0.8)
    parts = [box((START_M, y, 0), (STOP_M, y + 0.1, 0.008), yellow) for y in (-0.15, 0.05)]
    for side in (1, -1):
        for lane in range(1, street.lanes):
            y = side * lane * street.lane_m
            parts += [
                box((float(x), y - 0.07, 0), (float(x) + 4.0, y + 0.07, 0.008), worn)
                for x in np.arange(START_M, STOP_M, 10.0)
            ]
        edge = side * street.lanes * street.lane_m
        parts.append(box((START_M, edge - 0.07, 0), (STOP_M, edge + 0.07, 0.008), worn))
    if rng.uniform() < 0.5:
        x = float(rng.uniform(8, 45))
        parts += [
            box((x, float(y), 0), (x + 4.0, float(y) + 0.5, 0.009), worn)
            for y in np.arange(-street.kerb_y + 0.6, street.kerb_y - 0.8, 1.0)
        ]
    if rng.uniform() < 0.35:
        side = 1 if rng.uniform() < 0.5 else -1
        y = side * (street.kerb_y - 0.2)
        parts.append(box((START_M, y - 0.08, 0), (STOP_M, y + 0.08, 0.009), yellow))
    return join(*parts)


def _ground(rng: np.random.Generator, street: Street) -> list[Thing]:
    shade = float(rng.uniform(0.035, 0.13))
    asphalt = Paint((shade, shade, shade * 1.03), 0.85, grain="speckle", size_m=3.0, wets=True)
    stone = float(rng.uniform(0.2, 0.4))
    tiles = Paint(
        (stone, stone * float(rng.uniform(0.85, 1.0)), stone * 0.85),
        0.9,
        grain="tiles",
        size_m=0.6,
        wets=True,
    )
    kerb = Paint((0.42, 0.42, 0.4), 0.9)
    worn = Paint((float(rng.uniform(0.4, 0.75)),) * 3, 0.8)
    things = [
        Thing(
            "carriageway",
            None,
            box((START_M - 40, -street.kerb_y, -0.3), (STOP_M + 200, street.kerb_y, 0.0), asphalt),
        ),
        Thing("marks", None, _marks(rng, street, worn)),
    ]
    for side in (1, -1):
        inner, outer = sorted((side * street.kerb_y, side * (street.kerb_y + 0.2)))
        things.append(
            Thing(
                "kerb", None, box((START_M - 40, inner, -0.3), (STOP_M + 200, outer, KERB_M), kerb)
            )
        )
        reach = 0.0 if side == street.river_side else 60.0
        inner, outer = sorted((side * (street.kerb_y + 0.2), side * (street.shop_line + reach)))
        things.append(
            Thing(
                "pavement",
                None,
                box((START_M - 40, inner, -0.3), (STOP_M + 200, outer, KERB_M), tiles),
            )
        )
    patches = []
    for _ in range(int(rng.integers(0, 7))):
        x, y = rng.uniform(5, 60), rng.uniform(-street.kerb_y + 1, street.kerb_y - 2)
        dark = Paint((shade * 0.5,) * 3, 0.8)
        patches.append(
            box(
                (float(x), float(y), 0),
                (float(x + rng.uniform(0.5, 5)), float(y + rng.uniform(0.3, 1.5)), 0.004),
                dark,
            )
        )
    if patches:
        things.append(Thing("tar repairs", None, join(*patches)))
    return things


def _tree(rng: np.random.Generator) -> Shape:
    high = float(rng.uniform(3.2, 5.0))
    green = Paint(
        (float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.10, 0.22)), 0.025),
        0.9,
        grain="leaves",
        size_m=0.35,
    )
    parts = [tube((0, 0, 0), (0, 0, high), 0.14, WOOD, end_radius=0.09)]
    for _ in range(int(rng.integers(5, 9))):
        x, y = rng.normal(0, 0.75, 2)
        r = float(rng.uniform(0.7, 1.3))
        parts.append(
            ellipsoid(
                (float(x), float(y), high + float(rng.uniform(-0.3, 1.4))),
                (r, r, r * 0.75),
                green,
                segments=9,
                rings=6,
            )
        )
    return join(*parts)


def _lamp() -> Shape:
    return join(
        tube((0, 0, 0), (0, 0, 7.5), 0.08, STEEL, end_radius=0.05),
        tube((0, 0, 7.5), (0, -1.8, 7.9), 0.04, STEEL),
        box((-0.15, -2.3, 7.85), (0.15, -1.6, 7.95), Paint((0.8, 0.7, 0.5), night=25.0)),
    )


def _railing(length: float) -> Shape:
    parts = [box((0, -0.02, z), (length, 0.02, z + 0.05), WHITE) for z in (0.25, 0.95)]
    parts += [
        box((float(x), -0.015, 0.0), (float(x) + 0.05, 0.015, 1.0), WHITE)
        for x in np.arange(0, length, 0.5)
    ]
    return join(*parts)


def furnish(rng: np.random.Generator, street: Street) -> list[Thing]:
    """Make everything that stands still and belongs to the street."""
    things = _ground(rng, street)
    for side in (1.0, -1.0):
        if side == street.river_side:
            things += make_bank(rng, START_M - 40, STOP_M + 30, street.shop_line, side)
        else:
            things += make_row(rng, START_M, STOP_M, street.shop_line, side)
        gap, x = float(rng.uniform(7, 14)), START_M + float(rng.uniform(0, 10))
        planted = rng.uniform() < 0.7
        while x < 90:
            y = side * (street.kerb_y + 0.9)
            if planted:
                things.append(Thing("tree", None, _tree(rng), x, y, KERB_M))
            if rng.uniform() < 0.25:
                things.append(
                    Thing("lamp", None, _lamp(), x + gap / 2, y, KERB_M, 0.0 if side > 0 else np.pi)
                )
            if rng.uniform() < 0.2:
                things.append(
                    Thing(
                        "bin",
                        None,
                        make_bin(rng),
                        x + 2.0,
                        y,
                        KERB_M,
                    )
                )
            x += gap
    if street.lanes > 1 and rng.uniform() < 0.5:
        things.append(Thing("railing", None, _railing(STOP_M - START_M), START_M, 0.0))
    things.append(
        Thing(
            "far end",
            None,
            box((STOP_M + 30, -60, 0), (STOP_M + 40, 60, 30), Paint((0.4, 0.42, 0.45), 0.9)),
        )
    )
    return things
