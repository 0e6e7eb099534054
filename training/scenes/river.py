"""A river beside the street: wall, railing, water and far bank; debris, foam, boats and ducks."""

from collections.abc import Callable

import numpy as np

from training.scenes.paint import RGB, WHITE, WOOD, Paint
from training.scenes.shape import Shape, blob, box, ellipsoid, join, loft, tube
from training.scenes.thing import Thing

WATER_Z = -1.5
RIVER_M = 32.0
"""Width of the water."""
WATERS: tuple[RGB, ...] = (
    (0.03, 0.06, 0.05),
    (0.05, 0.075, 0.05),
    (0.09, 0.085, 0.055),
    (0.03, 0.05, 0.07),
)
LITTER: tuple[RGB, ...] = (
    (0.75, 0.75, 0.73),
    (0.7, 0.68, 0.6),
    (0.1, 0.3, 0.6),
    (0.6, 0.1, 0.08),
    (0.65, 0.5, 0.1),
    (0.3, 0.5, 0.3),
    (0.05, 0.05, 0.05),
)


def make_bank(
    rng: np.random.Generator, start: float, stop: float, line: float, side: float
) -> list[Thing]:
    """Make the wall, railing, water and far bank beyond the pavement's edge at y = side * line."""
    grey = float(rng.uniform(0.22, 0.4))
    stone = Paint((grey, grey * 0.98, grey * 0.93), 0.9, grain="speckle", size_m=1.2)
    green = Paint((0.05, 0.12, 0.03), 0.95, grain="leaves", size_m=0.6)
    water = Paint(WATERS[int(rng.integers(len(WATERS)))], 0.1, grain="water", size_m=1.2)
    slope = float(rng.choice([0.2, 3.0]))
    far = line + slope + RIVER_M

    def across(low: float, high: float) -> tuple[float, float]:
        return (side * low, side * high) if side > 0 else (side * high, side * low)

    w0, w1 = across(line + 0.1, far + 0.5)
    k0, k1 = across(line - 0.25, line)
    bank = [
        [
            (x, side * line, 0.15),
            (x, side * (line + slope), WATER_Z + 0.1),
            (x, side * (line + slope), WATER_Z - 1),
            (x, side * line, WATER_Z - 1),
        ]
        for x in (start, stop)
    ]
    f0, f1 = across(far, far + 60)
    things = [
        Thing("water", None, box((start, w0, WATER_Z - 0.5), (stop, w1, WATER_Z), water)),
        Thing("bank", None, loft(bank, stone if slope < 1 or rng.uniform() < 0.4 else green)),
        Thing("far bank", None, box((start, f0, WATER_Z - 1), (stop, f1, 0.6), stone)),
    ]

    parts = [box((start, k0, 0), (stop, k1, 0.3), stone)]
    if rng.uniform() < 0.7:
        y0, y1 = across(line - 0.15, line - 0.1)
        metal = Paint((0.5, 0.5, 0.5), 0.4, 0.3) if rng.uniform() < 0.5 else stone
        parts += [box((start, y0, z), (stop, y1, z + 0.05), metal) for z in (0.7, 1.05)]
        parts += [
            box((float(x), y0, 0.3), (float(x) + 0.08, y1, 1.1), metal)
            for x in np.arange(start, min(stop, 80.0), 2.0)
        ]
    things.append(Thing("parapet", None, join(*parts), 0.0, 0.0, 0.15))
    for x in np.arange(start, stop, 7.0):
        r = float(rng.uniform(2.0, 4.0))
        bush = ellipsoid((0, 0, r * 0.7), (r * 1.2, r, r), green, segments=9, rings=5)
        things.append(
            Thing("bushes", None, bush, float(x) + float(rng.normal(0, 2)), side * (far + 3), 0.6)
        )
    for x in np.arange(start, stop, 22.0):
        tone = rng.uniform(0.2, 0.5, 3)
        wide, high = float(rng.uniform(9, 20)), float(rng.uniform(9, 36))
        wall = Paint(tuple(tone.tolist()), 0.9, grain="speckle", size_m=3.0)
        house = box((0, -6, 0), (wide, 6, high), wall)
        things.append(Thing("house", None, house, float(x), side * (far + 22), 0.6))
    return things


def _litter(rng: np.random.Generator) -> Shape:
    """Make one thing that floats: a bottle, a bag, a box of foam, a plank, a branch."""
    kind = rng.uniform()
    paint = Paint(LITTER[int(rng.integers(len(LITTER)))], 0.5)
    if kind < 0.25:
        r = float(rng.uniform(0.05, 0.09))
        return tube((-0.16, 0, 0.03), (0.16, 0, 0.03), r, paint, segments=6)
    if kind < 0.55:
        wide, deep, high = (float(v) for v in rng.uniform((0.15, 0.12, 0.06), (0.4, 0.3, 0.16)))
        return ellipsoid((0, 0, 0.02), (wide, deep, high), paint, segments=8, rings=4)
    if kind < 0.75:
        size = rng.uniform((0.12, 0.1, 0.08), (0.4, 0.28, 0.22))
        block = box((-size[0], -size[1], -0.05), (size[0], size[1], size[2]), WHITE)
        return block.leaned(float(rng.normal(0, 0.15)))
    if kind < 0.9:
        return box((-0.6, -0.07, 0), (0.6, 0.07, 0.05), WOOD)
    parts = [tube((-0.7, 0, 0.03), (0.6, 0.15, 0.05), 0.035, WOOD, segments=5)]
    parts += [
        tube((x, 0, 0.03), (x + 0.25, d, 0.18), 0.015, WOOD, segments=4)
        for x, d in ((-0.3, 0.2), (0.0, -0.25), (0.3, 0.2))
    ]
    return join(*parts)


def _raft(rng: np.random.Generator) -> Shape:
    """Make a patch of litter that drifts together, often on scum."""
    long, wide = float(rng.uniform(0.9, 3.2)), float(rng.uniform(0.6, 1.8))
    parts = []
    if rng.uniform() < 0.6:
        parts.append(_scum(rng, long, wide))
    for _ in range(int(rng.integers(7, 22))):
        x, y = float(rng.normal(0, long / 3.5)), float(rng.normal(0, wide / 3.5))
        parts.append(_litter(rng).placed(x, y, 0.01, float(rng.uniform(0, 6.3))))
    return join(*parts)


def _scum(rng: np.random.Generator, long: float, wide: float) -> Shape:
    foam, weed = (0.6, 0.58, 0.5), (0.08, 0.2, 0.03)
    tint = foam if rng.uniform() < 0.5 else weed
    paint = Paint(tint, 0.95, grain="speckle", size_m=0.3)
    parts = [blob(rng, long, wide, paint, 0.03)]
    for _ in range(int(rng.integers(3, 8))):
        small = blob(rng, long * 0.35, wide * 0.35, paint, 0.025)
        x, y = float(rng.normal(0, long / 2)), float(rng.normal(0, wide / 2))
        parts.append(small.placed(x, y, 0.0, float(rng.uniform(0, 6.3))))
    return join(*parts)


def make_debris(rng: np.random.Generator, kind: str | None = None) -> Shape:
    """Make floating debris: "piece", "raft" or "scum"; its origin lies on the water."""
    kind = kind or str(rng.choice(["piece", "raft", "scum"], p=[0.35, 0.45, 0.2]))
    if kind == "piece":
        return _litter(rng).scaled(*(1.3,) * 3)
    if kind == "scum":
        return _scum(rng, float(rng.uniform(1.2, 3.5)), float(rng.uniform(0.8, 2.2)))
    return _raft(rng)


def _duck(rng: np.random.Generator) -> Shape:
    tone = Paint(((0.7, 0.68, 0.62), (0.16, 0.11, 0.07), (0.05, 0.12, 0.08))[int(rng.integers(3))])
    beak = Paint((0.7, 0.35, 0.03))
    return join(
        ellipsoid((0, 0, 0.08), (0.24, 0.13, 0.12), tone, segments=8, rings=5),
        tube((0.18, 0, 0.1), (0.22, 0, 0.3), 0.04, tone, segments=6),
        ellipsoid((0.23, 0, 0.33), (0.07, 0.055, 0.06), tone, segments=7, rings=4),
        tube((0.28, 0, 0.32), (0.36, 0, 0.31), 0.02, beak, segments=5),
        tube((-0.2, 0, 0.12), (-0.34, 0, 0.18), 0.05, tone, end_radius=0.01, segments=5),
    )


def _boat(rng: np.random.Generator) -> Shape:
    paint = Paint(tuple(rng.uniform(0.1, 0.6, 3).tolist()), 0.6)
    rings = [
        [(x, w, 0.5), (x, 0.6 * w, -0.1), (x, -0.6 * w, -0.1), (x, -w, 0.5)]
        for x, w in ((-2.4, 0.6), (0, 0.85), (1.6, 0.7), (2.6, 0.1))
    ]
    return join(loft(rings, paint), box((-1.6, -0.5, 0.5), (0.4, 0.5, 1.3), WHITE))


def _glints(rng: np.random.Generator) -> Shape:
    """Make a band of small waves that catch the sky."""
    shine = Paint((0.8, 0.82, 0.85), 0.05, emission=float(rng.uniform(0.3, 1.2)))
    parts = []
    for _ in range(int(rng.integers(12, 40))):
        x, y = float(rng.normal(0, 1.6)), float(rng.normal(0, 0.6))
        long = float(rng.uniform(0.05, 0.3))
        parts.append(box((x - long, y - 0.015, 0.0), (x + long, y + 0.015, 0.012), shine))
    return join(*parts)


def make_floating_lookalike(rng: np.random.Generator, kind: str | None = None) -> tuple[str, Shape]:
    """Make what floats and is no debris: a duck, a boat, glints on small waves."""
    makers: dict[str, Callable[[np.random.Generator], Shape]] = {
        "duck": _duck,
        "boat": _boat,
        "glints": _glints,
    }
    kind = kind or str(rng.choice(list(makers), p=[0.45, 0.15, 0.4]))
    return kind, makers[kind](rng)
