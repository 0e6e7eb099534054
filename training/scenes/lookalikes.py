"""What is none of the classes, or another one, but has been taken for them."""

from collections.abc import Callable

import numpy as np

from training.scenes.garbage import CARD, make_bin
from training.scenes.paint import DARK, RUBBER, STEEL, WHITE, WOOD, Paint
from training.scenes.people import make_person
from training.scenes.shape import Shape, blob, box, ellipsoid, heap, join, loft, ring, tube
from training.scenes.stalls import make_parasol
from training.scenes.two_wheelers import make_ebike

ORANGE = Paint((0.75, 0.16, 0.02), 0.6)
YELLOW = Paint((0.7, 0.5, 0.02), 0.6)

Drawn = tuple[str, str | None, Shape]
"""Name, class or None, shape."""


def _cone() -> Shape:
    return join(
        box((-0.2, -0.2, 0), (0.2, 0.2, 0.04), RUBBER),
        tube((0, 0, 0.04), (0, 0, 0.35), 0.15, ORANGE, end_radius=0.09),
        tube((0, 0, 0.35), (0, 0, 0.5), 0.09, WHITE, end_radius=0.06),
        tube((0, 0, 0.5), (0, 0, 0.7), 0.06, ORANGE, end_radius=0.02),
    )


def road_works(rng: np.random.Generator) -> Drawn:
    """Cones and a striped barrier round a patch of new tar."""
    parts = [_cone().placed(float(x), float(y)) for x in (-2.2, 0, 2.2) for y in (-0.9, 0.9)]
    fence = [
        box((i * 0.3 - 0.9, -0.03, 0.6), (i * 0.3 - 0.6, 0.03, 0.85), (ORANGE, WHITE)[i % 2])
        for i in range(6)
    ]
    fence += [box((x - 0.03, -0.2, 0), (x + 0.03, 0.2, 0.9), STEEL) for x in (-0.8, 0.8)]
    parts.append(join(*fence).placed(-2.6, 0, 0, np.pi / 2))
    parts.append(blob(rng, 3.6, 1.4, Paint((0.025, 0.025, 0.027), 0.7)))
    return "road works", None, join(*parts)


def wet_patch(rng: np.random.Generator) -> Drawn:
    """Water that somebody spilled or a sprinkler truck left."""
    dark = Paint((0.022, 0.023, 0.026), float(rng.uniform(0.1, 0.35)))
    long = float(rng.uniform(1.0, 5.0))
    parts = [blob(rng, long, float(rng.uniform(0.6, 1.8)), dark, 0.004)]
    for _ in range(int(rng.integers(0, 5))):
        x, y = float(rng.normal(0, long / 2)), float(rng.normal(0, 0.6))
        parts.append(blob(rng, 0.6, 0.4, dark, 0.004).placed(x, y))
    return "wet patch", None, join(*parts)


def manhole(rng: np.random.Generator) -> Drawn:
    """Make a round iron cover, with a darker square of tar about it at times."""
    iron = Paint((0.07, 0.065, 0.06), 0.6, grain="speckle", size_m=0.1)
    parts = [tube((0, 0, 0), (0, 0, 0.008), 0.38, iron, segments=16)]
    if rng.uniform() < 0.5:
        parts.append(box((-0.7, -0.7, 0), (0.7, 0.7, 0.004), Paint((0.03, 0.03, 0.03))))
    return "manhole", None, join(*parts)


def leaves(rng: np.random.Generator) -> Drawn:
    """Fallen leaves, thin and yellow brown."""
    tints = [Paint(c, 0.9) for c in ((0.3, 0.2, 0.04), (0.2, 0.11, 0.03), (0.12, 0.14, 0.03))]
    parts = []
    for _ in range(int(rng.integers(40, 90))):
        x, y = float(rng.normal(0, 1.2)), float(rng.normal(0, 0.5))
        leaf = box((-0.06, -0.04, 0), (0.06, 0.04, 0.012), tints[int(rng.integers(3))])
        parts.append(leaf.placed(x, y, 0, float(rng.uniform(0, 6.3))))
    return "leaves", None, join(*parts)


def planter(rng: np.random.Generator) -> Drawn:
    """Make a trough or a pot with a shrub."""
    green = Paint((0.05, 0.16, 0.03), 0.9, grain="leaves", size_m=0.15)
    tub = Paint(((0.3, 0.29, 0.27), (0.3, 0.12, 0.06), (0.1, 0.1, 0.1))[int(rng.integers(3))], 0.9)
    if rng.uniform() < 0.5:
        long = float(rng.uniform(0.6, 1.4))
        parts = [box((-long, -0.28, 0), (long, 0.28, 0.5), tub)]
        parts += [
            ellipsoid((float(x), 0, 0.65), (0.3, 0.28, 0.3), green, segments=8, rings=5)
            for x in np.arange(-long + 0.2, long, 0.35)
        ]
        bloom = Paint(tuple(rng.uniform(0.1, 0.7, 3).tolist()), 0.7)
        for _ in range(int(rng.integers(0, 14))):
            x, y = float(rng.uniform(-long, long)), float(rng.normal(0, 0.12))
            parts.append(ellipsoid((x, y, 0.93), (0.06, 0.06, 0.05), bloom, segments=6, rings=3))
        return "planter", None, join(*parts)
    return (
        "planter",
        None,
        join(
            tube((0, 0, 0), (0, 0, 0.5), 0.24, tub, end_radius=0.32, segments=12),
            tube((0, 0, 0.5), (0, 0, 0.9), 0.04, WOOD),
            ellipsoid((0, 0, 1.2), (0.45, 0.45, 0.55), green, segments=9, rings=6),
        ),
    )


def litter_bin(rng: np.random.Generator) -> Drawn:
    """One to four shut bins in a row."""
    count = int(rng.integers(1, 5))
    return "bin", None, join(*(make_bin(rng).placed(i * 0.75, 0) for i in range(count)))


def courier_tricycle(rng: np.random.Generator) -> Drawn:
    """Make a parcel tricycle: a closed box on three wheels, nobody sells from it."""
    paint = Paint(
        ((0.6, 0.6, 0.58), (0.05, 0.15, 0.4), (0.5, 0.03, 0.03), (0.05, 0.05, 0.06))[
            int(rng.integers(4))
        ],
        0.5,
    )
    parts = [
        ring((x, y, 0.26), 0.23, 0.05, RUBBER) for x, y in ((1.1, 0), (-0.6, 0.5), (-0.6, -0.5))
    ]
    parts += [
        box((-1.35, -0.6, 0.4), (0.2, 0.6, 1.75), paint),
        box((-1.2, -0.61, 0.9), (0.0, -0.6, 1.3), WHITE),
        box((-1.2, 0.6, 0.9), (0.0, 0.61, 1.3), WHITE),
        box((0.2, -0.45, 0.35), (1.2, 0.45, 0.45), DARK),
        box((0.3, -0.25, 0.5), (0.6, 0.25, 0.8), RUBBER),
        tube((1.1, 0, 0.3), (0.95, 0, 1.1), 0.04, STEEL, segments=6),
        box((0.98, -0.4, 0.45), (1.15, 0.4, 1.05), paint),
        tube((0.95, -0.35, 1.12), (0.95, 0.35, 1.12), 0.02, DARK, segments=6),
    ]
    if rng.uniform() < 0.5:
        parts.append(box((0.2, -0.55, 1.75), (1.2, 0.55, 1.8), paint))
        parts += [box((1.1, y - 0.02, 1.0), (1.14, y + 0.02, 1.8), DARK) for y in (-0.5, 0.5)]
    return "courier tricycle", None, join(*parts)


def shaded_ebike(rng: np.random.Generator) -> Drawn:
    """Make an e-bike with its rider under a sunshade: no stall."""
    shade = Paint(tuple(rng.uniform(0.05, 0.6, 3).tolist()), 0.8)
    roof = [
        [(x, y, 1.95 + 0.12 * (1 - abs(y) / 0.5) - 0.1 * abs(x - 0.1)) for y in (-0.5, 0.0, 0.5)]
        for x in (-0.8, 0.1, 0.9)
    ]
    sheet = loft([row + [(x, y, z - 0.03) for x, y, z in reversed(row)] for row in roof], shade)
    pole = tube((0.35, 0, 1.0), (0.3, 0, 1.95), 0.02, STEEL, segments=6)
    return "two_wheeler", "two_wheeler", join(make_ebike(rng, ridden=True), sheet, pole)


def parcel_carrier(rng: np.random.Generator) -> Drawn:
    """Somebody who carries a box or bags."""
    parts = [make_person(rng)]
    if rng.uniform() < 0.5:
        parts.append(box((0.18, -0.25, 0.85), (0.58, 0.25, 1.2), CARD))
    else:
        bag = Paint(tuple(rng.uniform(0.05, 0.7, 3).tolist()), 0.6)
        parts += [
            ellipsoid((0.05, y, 0.55), (0.16, 0.12, 0.22), bag, segments=8, rings=5)
            for y in (-0.32, 0.32)
        ]
    return "person", "person", join(*parts)


def umbrella_walker(rng: np.random.Generator) -> Drawn:
    """Somebody under an umbrella."""
    shade = make_parasol(rng, float(rng.uniform(0.45, 0.6)), 2.0)
    return "person", "person", join(make_person(rng), shade.placed(0.12, 0.1, 0.1))


def lying_person(rng: np.random.Generator) -> Drawn:
    """Somebody who lies on the ground, or sits on it with legs out."""
    person = make_person(rng, 0.0)
    if rng.uniform() < 0.6:
        return "person", "person", person.leaned(np.pi / 2).placed(-0.8, 0, 0.2)
    return "person", "person", join(person.leaned(-0.25).scaled(1.0, 1.0, 0.62))


def empty_parasol(rng: np.random.Generator) -> Drawn:
    """Make a parasol with nothing under it, or with one empty chair."""
    shade = make_parasol(rng, float(rng.uniform(1.0, 1.5)), float(rng.uniform(2.1, 2.5)))
    return "parasol", None, shade


def netted_heap(rng: np.random.Generator) -> Drawn:
    """Make a heap of soil under a green net, as a site that keeps the rules leaves it."""
    net = Paint((0.03, 0.16, 0.05), 0.95, grain="leaves", size_m=0.08)
    long, high = float(rng.uniform(2.0, 3.2)), float(rng.uniform(0.7, 1.1))
    hem = blob(rng, long * 1.25, long * 0.95, net)
    return "netted heap", None, join(heap(rng, long, long * 0.7, high, net), hem)


def wrap(rng: np.random.Generator, length: float, height: float) -> Drawn:
    """Make a works' sheet hung before a front, its foot at the origin; faces -y."""
    sheet = Paint(((0.10, 0.30, 0.16), (0.32, 0.33, 0.34), (0.12, 0.2, 0.36))[rng.integers(3)], 0.9)
    parts = [box((-length / 2, 0, 0), (length / 2, 0.04, height), sheet)]
    parts += [
        box((float(x) - 0.03, -0.06, 0), (float(x) + 0.03, 0, height), STEEL)
        for x in np.arange(-length / 2, length / 2 + 0.1, 2.0)
    ]
    return "wrap", None, join(*parts)


def open_door(rng: np.random.Generator) -> Drawn:
    """Make a leaf of a shop door that stands open over the pavement."""
    paint = Paint((0.3, 0.32, 0.33), 0.4, 0.4)
    glass = Paint((0.03, 0.05, 0.055), 0.08)
    door = join(
        box((0, -0.03, 0), (0.9, 0.03, 2.1), paint),
        box((0.1, -0.04, 0.25), (0.8, 0.04, 2.0), glass),
    )
    return "door", None, door.placed(0, 0, 0, float(rng.uniform(-2.2, -0.9)))


def awning(rng: np.random.Generator) -> Drawn:
    """Make a striped awning on two arms above the pavement; faces -y."""
    one = Paint(tuple(rng.uniform(0.05, 0.55, 3).tolist()), 0.9)
    two = WHITE if rng.uniform() < 0.6 else one
    count, half = 10, float(rng.uniform(1.4, 2.2))
    parts = []
    for i in range(count):
        x0, x1 = -half + i * 2 * half / count, -half + (i + 1) * 2 * half / count
        rings = [
            [(x, 0.5, 2.75), (x, -1.1, 2.3), (x, -1.1, 2.05), (x, -1.08, 2.05), (x, -1.08, 2.27)]
            for x in (x0, x1)
        ]
        parts.append(loft(rings, (one, two)[i % 2]))
    return "awning", None, join(*parts)


GROUND: tuple[Callable[[np.random.Generator], Drawn], ...] = (
    road_works,
    wet_patch,
    manhole,
    leaves,
)
"""Things on the carriageway."""
PAVEMENT: tuple[Callable[[np.random.Generator], Drawn], ...] = (
    planter,
    litter_bin,
    litter_bin,
    courier_tricycle,
    parcel_carrier,
    umbrella_walker,
    lying_person,
    empty_parasol,
    wet_patch,
    leaves,
    shaded_ebike,
)
FRONTS: tuple[Callable[[np.random.Generator], Drawn], ...] = (awning, open_door, planter)
"""Things at a shop's wall, turned to the street."""
