"""What shops put outside: racks, boxes, tables and chairs, clothes, crates, pots and pans."""

from collections.abc import Callable

import numpy as np

from training.scenes.paint import GLASS, STEEL, WHITE, WOOD, Paint
from training.scenes.shape import Shape, box, ellipsoid, join, tube


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


def _clothes(rng: np.random.Generator) -> Shape:
    """Hang garments on a rail."""
    length, high = float(rng.uniform(1.2, 2.2)), float(rng.uniform(1.4, 1.7))
    parts = [tube((-length / 2, 0, high), (length / 2, 0, high), 0.02, STEEL, segments=6)]
    for x in (-length / 2, length / 2):
        parts.append(tube((x, 0, 0), (x, 0, high), 0.02, STEEL, segments=6))
        parts.append(box((x - 0.03, -0.3, 0), (x + 0.03, 0.3, 0.05), STEEL))
    for x in np.arange(-length / 2 + 0.1, length / 2 - 0.05, float(rng.uniform(0.07, 0.14))):
        long = float(rng.uniform(0.55, 1.1))
        wide = float(rng.uniform(0.2, 0.27))
        parts.append(
            box(
                (float(x) - 0.03, -wide, high - 0.08 - long),
                (float(x) + 0.03, wide, high - 0.08),
                _tint(rng),
            )
        )
    return join(*parts)


def _crates(rng: np.random.Generator) -> Shape:
    """Make a sloping stand of fruit and vegetables."""
    parts, columns = [], int(rng.integers(3, 6))
    for row in range(3):
        z, y = 0.15 + 0.25 * row, -0.45 + 0.42 * row
        for i in range(columns):
            x = (i - (columns - 1) / 2) * 0.48
            parts.append(box((x - 0.22, y - 0.2, 0.0), (x + 0.22, y + 0.2, z), WOOD))
            fruit = Paint(
                (
                    (0.55, 0.05, 0.02),
                    (0.65, 0.3, 0.02),
                    (0.1, 0.3, 0.03),
                    (0.6, 0.5, 0.05),
                    (0.05, 0.2, 0.03),
                    (0.5, 0.35, 0.2),
                )[int(rng.integers(6))],
                0.5,
            )
            parts += [
                ellipsoid(
                    (x + float(dx), y + float(dy), z + 0.03),
                    (0.1, 0.09, 0.09),
                    fruit,
                    segments=6,
                    rings=3,
                )
                for dx in (-0.11, 0.11)
                for dy in (-0.1, 0.1)
            ]
    return join(*parts)


def _fridge(rng: np.random.Generator) -> Shape:
    """Make a drinks fridge or a freezer chest with cartons beside it."""
    paint = WHITE if rng.uniform() < 0.4 else _tint(rng)
    parts = [
        box((-0.65, -0.32, 0), (0.0, 0.32, 1.8), paint),
        box((-0.6, -0.34, 0.3), (-0.05, -0.31, 1.6), GLASS.glowing(1.2)),
        box((0.08, -0.3, 0), (1.1, 0.3, 0.75), WHITE),
        box((0.1, -0.28, 0.75), (1.08, 0.28, 0.82), GLASS),
    ]
    parts += [
        box((1.2, -0.25, i * 0.28), (1.6, 0.25, i * 0.28 + 0.27), _tint(rng))
        for i in range(int(rng.integers(1, 4)))
    ]
    return join(*parts)


def _heaped(rng: np.random.Generator) -> Shape:
    """Make a bargain table: a cloth to the ground, wares in heaps, a price board."""
    length, paint = float(rng.uniform(1.3, 2.4)), _tint(rng)
    parts = [box((-length / 2, -0.4, 0), (length / 2, 0.4, 0.72), paint)]
    for _ in range(int(rng.integers(10, 26))):
        x, y = float(rng.uniform(-0.46, 0.46)) * length, float(rng.uniform(-0.33, 0.33))
        size = rng.uniform(0.06, 0.16, 3)
        parts.append(
            box(
                (x - size[0], y - size[1], 0.72),
                (x + size[0], y + size[1], 0.72 + size[2]),
                _tint(rng),
            )
        )
    parts.append(box((-0.25, 0.38, 0.72), (0.25, 0.4, 1.15), _tint(rng)))
    return join(*parts)


def _pots(rng: np.random.Generator) -> Shape:
    """Make basins, buckets and brooms of a hardware shop."""
    parts = []
    for _ in range(int(rng.integers(5, 10))):
        x, y = float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.35, 0.35))
        r, paint = float(rng.uniform(0.14, 0.25)), _tint(rng)
        parts += [
            tube((x, y, i * 0.12), (x, y, i * 0.12 + 0.22), r * 0.8, paint, end_radius=r)
            for i in range(int(rng.integers(1, 5)))
        ]
    for x in rng.uniform(-0.9, 0.9, int(rng.integers(2, 5))):
        parts.append(tube((float(x), 0.4, 0), (float(x), 0.45, 1.4), 0.015, WOOD, segments=5))
        parts.append(box((float(x) - 0.12, 0.41, 1.3), (float(x) + 0.12, 0.47, 1.6), _tint(rng)))
    return join(*parts)


def make_goods(rng: np.random.Generator, kind: str | None = None) -> Shape:
    """Make goods displayed outside a shop, of a kind named below or a drawn one."""
    makers: dict[str, Callable[[np.random.Generator], Shape]] = {
        "rack": _rack,
        "boxes": _boxes,
        "tables": _tables,
        "clothes": _clothes,
        "crates": _crates,
        "fridge": _fridge,
        "heaped": _heaped,
        "pots": _pots,
    }
    return makers[kind or str(rng.choice(list(makers)))](rng)
