"""Garbage: tied bags, loose piles, overflowing bins; and bins as they should be."""

from collections.abc import Callable

import numpy as np

from training.scenes.paint import RGB, RUBBER, STEEL, Paint
from training.scenes.shape import Shape, box, ellipsoid, join, loft, tube

CARD = Paint((0.38, 0.25, 0.13), 0.9)
BAGS: tuple[RGB, ...] = (
    (0.012, 0.012, 0.013),
    (0.02, 0.02, 0.025),
    (0.55, 0.55, 0.53),
    (0.65, 0.64, 0.6),
    (0.04, 0.12, 0.35),
    (0.05, 0.25, 0.1),
    (0.5, 0.08, 0.06),
    (0.55, 0.42, 0.08),
)
BINS: tuple[RGB, ...] = (
    (0.03, 0.2, 0.08),
    (0.02, 0.1, 0.3),
    (0.45, 0.03, 0.03),
    (0.12, 0.12, 0.13),
    (0.4, 0.33, 0.03),
    (0.3, 0.3, 0.3),
)
KINDS = ("bags", "pile", "overflowing")


def _bag(rng: np.random.Generator, x: float, y: float, z: float = 0.0) -> Shape:
    paint = Paint(BAGS[int(rng.integers(len(BAGS)))], float(rng.uniform(0.25, 0.6)))
    r, squash = float(rng.uniform(0.18, 0.36)), float(rng.uniform(0.65, 1.0))
    count, levels = 9, (0.0, 0.12, 0.4, 0.7, 0.9, 1.0)
    widths = (0.75, 1.0, 1.05, 0.75, 0.3, 0.12)
    rings = []
    for level, wide in zip(levels, widths, strict=True):
        lumps = rng.uniform(0.85, 1.15, count)
        rings.append(
            [
                (
                    float(r * wide * k * np.cos(a)),
                    float(r * wide * k * np.sin(a)),
                    1.9 * r * squash * level,
                )
                for k, a in zip(lumps, np.arange(count) * 2 * np.pi / count, strict=True)
            ]
        )
    top = 1.9 * r * squash
    knot = tube((0, 0, top - 0.02), (0.05, 0, top + 0.12), 0.03, paint, end_radius=0.09, segments=6)
    lean = float(rng.normal(0, 0.25))
    return join(loft(rings, paint), knot).leaned(lean).placed(x, y, z, float(rng.uniform(0, 6.3)))


def _loose(rng: np.random.Generator, count: int, spread: float) -> Shape:
    """Strew boxes, bottles, paper and food wrappers."""
    parts = []
    for _ in range(count):
        x, y = (float(v) for v in rng.normal(0, spread, 2))
        kind, turn = rng.uniform(), float(rng.uniform(0, 2 * np.pi))
        if kind < 0.35:
            size = rng.uniform(0.08, 0.28, 3)
            piece = box((-size[0], -size[1], 0), (size[0], size[1], size[2]), CARD)
            piece = piece.leaned(float(rng.normal(0, 0.3)))
        elif kind < 0.7:
            paint = Paint(tuple(rng.uniform(0.1, 0.75, 3).tolist()), 0.8)
            size = rng.uniform(0.08, 0.25, 2)
            piece = box((-size[0], -size[1], 0), (size[0], size[1], 0.02), paint)
            piece = piece.leaned(float(rng.normal(0, 0.25)))
        elif kind < 0.85:
            paint = Paint((0.35, 0.5, 0.55), 0.2)
            piece = tube((-0.13, 0, 0.05), (0.13, 0, 0.05), 0.045, paint, segments=6)
        else:
            paint = Paint(BAGS[int(rng.integers(2, len(BAGS)))], 0.4)
            piece = ellipsoid((0, 0, 0.08), (0.16, 0.12, 0.1), paint, segments=7, rings=4)
        parts.append(piece.placed(x, y, 0.0, turn))
    return join(*parts)


def _bags(rng: np.random.Generator) -> Shape:
    parts = []
    for _ in range(int(rng.integers(1, 7))):
        x, y = (float(v) for v in rng.normal(0, 0.38, 2))
        parts.append(_bag(rng, x, y))
    if rng.uniform() < 0.35:
        parts.append(_loose(rng, int(rng.integers(2, 7)), 0.45))
    return join(*parts)


def _pile(rng: np.random.Generator) -> Shape:
    parts = [_loose(rng, int(rng.integers(14, 34)), float(rng.uniform(0.4, 0.75)))]
    for _ in range(int(rng.integers(2, 7))):
        x, y = (float(v) for v in rng.normal(0, 0.4, 2))
        parts.append(_bag(rng, x, y, float(rng.choice([0.0, 0.0, 0.22]))))
    if rng.uniform() < 0.3:
        plank = box((-0.9, -0.1, 0), (0.9, 0.1, 0.04), Paint((0.35, 0.22, 0.1), 0.9))
        parts.append(plank.leaned(-0.3).placed(0, 0.2, 0.25, float(rng.uniform(0, 3))))
    if rng.uniform() < 0.2:
        foam = Paint((0.7, 0.68, 0.62), 0.9)
        mattress = box((-0.9, -0.08, 0), (0.9, 0.08, 1.1), foam).rolled(-0.5)
        parts.append(mattress.placed(0, 0.5, 0.05))
    return join(*parts)


def make_bin(rng: np.random.Generator, *, is_open: bool = False) -> Shape:
    """Make a wheelie bin, a pair of litter bins or a round one; not garbage while it is shut."""
    paint = Paint(BINS[int(rng.integers(len(BINS)))], 0.6)
    kind = 0 if is_open else int(rng.choice(3, p=[0.5, 0.3, 0.2]))
    if kind == 0:
        high = float(rng.uniform(0.8, 1.1))
        rings = [
            [
                (x * s, y * s, z)
                for x, y in ((0.29, 0.27), (-0.29, 0.27), (-0.29, -0.27), (0.29, -0.27))
            ]
            for z, s in ((0.06, 0.8), (high, 1.0))
        ]
        parts = [loft(rings, paint)]
        parts += [
            tube((-0.25, y - 0.03, 0.1), (-0.25, y + 0.03, 0.1), 0.1, RUBBER) for y in (-0.25, 0.25)
        ]
        lid = box((-0.31, -0.29, 0), (0.33, 0.29, 0.06), paint)
        tip = float(rng.uniform(-2.0, -1.0)) if is_open else float(rng.uniform(-0.08, 0.0))
        parts.append(lid.placed(0.31, 0).leaned(tip).placed(-0.31, 0, high))
        return join(*parts)
    if kind == 1:
        other = Paint(BINS[int(rng.integers(len(BINS)))], 0.6)
        parts = [
            box((x - 0.28, -0.22, 0.12), (x + 0.28, 0.22, 0.9), tint)
            for x, tint in ((-0.32, paint), (0.32, other))
        ]
        parts += [box((-0.68, -0.28, 0.98), (0.68, 0.28, 1.04), STEEL)]
        parts += [
            box((x - 0.03, -0.03, 0), (x + 0.03, 0.03, 1.0), STEEL) for x in (-0.62, 0.0, 0.62)
        ]
        return join(*parts)
    return join(
        tube((0, 0, 0), (0, 0, 0.85), 0.25, paint, end_radius=0.28, segments=12),
        ellipsoid((0, 0, 0.87), (0.29, 0.29, 0.13), STEEL, segments=12, rings=4),
    )


def _overflowing(rng: np.random.Generator) -> Shape:
    parts = []
    for i in range(int(rng.integers(1, 3))):
        x = i * 0.75
        parts += [
            make_bin(rng, is_open=True).placed(x, 0, 0, np.pi / 2),
            _bag(rng, x + float(rng.normal(0, 0.08)), float(rng.normal(0, 0.08)), 0.8),
            _bag(rng, x + float(rng.normal(0, 0.12)), float(rng.normal(0, 0.1)), 1.0),
        ]
    for _ in range(int(rng.integers(2, 6))):
        x, y = float(rng.normal(0.35, 0.55)), -float(rng.uniform(0.45, 0.8))
        parts.append(_bag(rng, x, y))
    parts.append(_loose(rng, int(rng.integers(3, 9)), 0.4).placed(0.3, -0.6))
    return join(*parts)


def make_garbage(rng: np.random.Generator, kind: str | None = None) -> Shape:
    """Make garbage of a kind of KINDS: bags, a pile or a bin that overflows."""
    kind = kind or str(rng.choice(KINDS, p=[0.45, 0.3, 0.25]))
    makers: dict[str, Callable[[np.random.Generator], Shape]] = {
        "bags": _bags,
        "pile": _pile,
        "overflowing": _overflowing,
    }
    return makers[kind](rng)
