"""What shops put outside: racks, boxes, tables and chairs; and what is left lying in a street."""

import numpy as np

from training.scenes.paint import SOIL, STEEL, WOOD, Paint
from training.scenes.shape import Shape, box, ellipsoid, heap, join, tube


def _tint(rng: np.random.Generator) -> Paint:
    return Paint(tuple(rng.uniform(0.04, 0.6, 3).tolist()), 0.7)


def _rack(rng: np.random.Generator) -> Shape:
    length = float(rng.uniform(1.2, 2.2))
    parts = [
        box((x - 0.02, y - 0.02, 0), (x + 0.02, y + 0.02, 1.6), STEEL)
        for x in (-length / 2, length / 2)
        for y in (-0.25, 0.25)
    ]
    for z in (0.2, 0.65, 1.1, 1.55):
        parts.append(box((-length / 2, -0.25, z), (length / 2, 0.25, z + 0.03), STEEL))
        if z < 1.5:
            for x in np.arange(-length / 2 + 0.15, length / 2 - 0.1, 0.3):
                high = float(rng.uniform(0.12, 0.38))
                parts.append(
                    box(
                        (float(x) - 0.12, -0.2, z + 0.03),
                        (float(x) + 0.12, 0.2, z + 0.03 + high),
                        _tint(rng),
                    )
                )
    return join(*parts)


def _boxes(rng: np.random.Generator) -> Shape:
    parts = []
    card = Paint((0.38, 0.25, 0.13), 0.9)
    for i in range(int(rng.integers(3, 6))):
        x, z = (i - 2) * 0.5, 0.0
        for _ in range(int(rng.integers(1, 4))):
            high = float(rng.uniform(0.25, 0.45))
            paint = card if rng.uniform() < 0.6 else _tint(rng)
            parts.append(box((x - 0.22, -0.22, z), (x + 0.22, 0.22, z + high), paint))
            z += high
    return join(*parts)


def _tables(rng: np.random.Generator) -> Shape:
    parts = []
    top, seat = (WOOD, _tint(rng)) if rng.uniform() < 0.5 else (_tint(rng), _tint(rng))
    for i in range(int(rng.integers(1, 3))):
        x = (i - 0.5) * 2.0
        parts += [
            box((x - 0.4, -0.4, 0.68), (x + 0.4, 0.4, 0.72), top),
            tube((x, 0, 0), (x, 0, 0.68), 0.04, STEEL, segments=6),
        ]
        for dx, dy in ((0.7, 0.0), (-0.7, 0.0), (0.0, 0.65), (0.0, -0.65)):
            cx, cy = x + dx, dy
            parts += [
                box((cx - 0.19, cy - 0.19, 0.4), (cx + 0.19, cy + 0.19, 0.45), seat),
                box((cx - 0.17, cy - 0.17, 0.0), (cx + 0.17, cy + 0.17, 0.4), seat),
            ]
            if dx:
                side = 0.19 if dx > 0 else -0.19
                parts.append(
                    box(
                        (cx + side - 0.02, cy - 0.19, 0.45),
                        (cx + side + 0.02, cy + 0.19, 0.85),
                        seat,
                    )
                )
    return join(*parts)


def make_goods(rng: np.random.Generator) -> Shape:
    """Make goods displayed outside a shop."""
    return (_rack, _boxes, _tables)[int(rng.integers(3))](rng)


def make_muck(rng: np.random.Generator) -> Shape:
    """Make a heap or a flat spill of soil, sand or rubble."""
    colour = tuple((np.array(SOIL.colour) * rng.uniform(0.5, 2.6)).tolist())
    soil = Paint(colour, 0.95, grain="speckle", size_m=0.25)
    length = float(rng.uniform(1.2, 3.5))
    high = float(rng.uniform(0.1, 0.3) if rng.uniform() < 0.4 else rng.uniform(0.4, 1.1))
    parts = [heap(rng, length, length * float(rng.uniform(0.6, 1.0)), high, soil)]
    for _ in range(14):
        a, r = rng.uniform(0, 2 * np.pi), length * rng.uniform(0.4, 0.75)
        size = float(rng.uniform(0.04, 0.12))
        parts.append(
            ellipsoid(
                (float(r * np.cos(a)), float(r * np.sin(a)), size * 0.5),
                (size, size, size * 0.7),
                soil,
                segments=5,
                rings=3,
            )
        )
    return join(*parts)


def make_garbage(rng: np.random.Generator) -> Shape:
    """Make a few tied bags, some with a box beside them."""
    parts = []
    for _ in range(int(rng.integers(2, 7))):
        grey = float(rng.choice([0.01, 0.015, 0.5, 0.65]))
        bag = Paint((grey, grey, grey * float(rng.uniform(0.9, 1.2))), 0.35)
        x, y = rng.normal(0, 0.35, 2)
        r = float(rng.uniform(0.2, 0.36))
        parts += [
            ellipsoid(
                (float(x), float(y), r * 0.75), (r, r * 0.9, r * 0.8), bag, segments=8, rings=5
            ),
            tube(
                (float(x), float(y), r * 1.3),
                (float(x) + 0.04, float(y), r * 1.3 + 0.16),
                0.05,
                bag,
                end_radius=0.1,
                segments=6,
            ),
        ]
    if rng.uniform() < 0.4:
        parts.append(box((0.3, -0.2, 0), (0.75, 0.2, 0.3), Paint((0.38, 0.25, 0.13), 0.9)))
    return join(*parts)
