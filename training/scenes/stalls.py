"""Street stalls: parasol and table, tricycle with a load, cart with a glass case, ground sheet."""

import numpy as np

from training.scenes.paint import CHROME, GLASS, RGB, RUBBER, STEEL, WHITE, WOOD, Paint
from training.scenes.shape import Shape, box, ellipsoid, join, loft, ring, tube

CANOPY: tuple[RGB, ...] = (
    (0.45, 0.02, 0.02),
    (0.02, 0.10, 0.40),
    (0.03, 0.25, 0.08),
    (0.62, 0.40, 0.02),
    (0.55, 0.12, 0.02),
    (0.25, 0.05, 0.3),
    (0.5, 0.5, 0.48),
)
FRUIT: tuple[RGB, ...] = (
    (0.55, 0.05, 0.02),
    (0.65, 0.30, 0.02),
    (0.10, 0.30, 0.03),
    (0.60, 0.50, 0.05),
    (0.20, 0.02, 0.10),
    (0.5, 0.35, 0.2),
)

BARE = "bare "
"""Before the kind of a stall: without a parasol."""
SHADED = {"table": 0.85, "tricycle": 0.5, "sheet": 0.5, "cart": 0.0}
"""Chance of a parasol; a cart has a roof."""


def _colour(rng: np.random.Generator, among: tuple[RGB, ...]) -> RGB:
    return among[int(rng.integers(len(among)))]


def make_parasol(rng: np.random.Generator, radius: float, height: float) -> Shape:
    """Make an open parasol with coloured segments on its pole."""
    one = Paint(_colour(rng, CANOPY), 0.8)
    two = Paint(_colour(rng, CANOPY), 0.8) if rng.uniform() < 0.5 else one
    count = 8
    angles = np.arange(count) * 2 * np.pi / count
    loops = [
        [
            (float(radius * s * np.cos(a)), float(radius * s * np.sin(a)), height - drop)
            for a in angles
        ]
        for s, drop in ((1.0, 0.55), (0.99, 0.42), (0.55, 0.15), (0.03, 0.0))
    ]
    canopy = loft(loops, lambda _i, j: one if j % 2 else two, caps=False)
    return join(canopy, tube((0, 0, 0), (0, 0, height), 0.025, STEEL, segments=6))


def _wares(rng: np.random.Generator, length: float, width: float, z: float) -> Shape:
    """Make rows of crates and heaps of fruit on a surface at height z."""
    parts = []
    columns = max(2, int(length / 0.4))
    for i in range(columns):
        for j in range(2):
            x = -length / 2 + (i + 0.5) * length / columns
            y = (j - 0.5) * width / 2
            tint = Paint(_colour(rng, FRUIT), 0.6)
            if rng.uniform() < 0.5:
                high = float(rng.uniform(0.08, 0.3))
                parts.append(box((x - 0.16, y - 0.15, z), (x + 0.16, y + 0.15, z + high), tint))
            else:
                parts.append(
                    ellipsoid((x, y, z + 0.05), (0.17, 0.15, 0.14), tint, segments=7, rings=4)
                )
    return join(*parts)


def _table(rng: np.random.Generator) -> Shape:
    length, width, high = float(rng.uniform(1.4, 2.2)), 0.8, 0.75
    top = Paint(tuple(rng.uniform(0.1, 0.5, 3).tolist()), 0.8) if rng.uniform() < 0.5 else WOOD
    legs = [
        box((x - 0.03, y - 0.03, 0), (x + 0.03, y + 0.03, high), STEEL)
        for x in (-length / 2 + 0.1, length / 2 - 0.1)
        for y in (-0.33, 0.33)
    ]
    parts = [
        box((-length / 2, -width / 2, high), (length / 2, width / 2, high + 0.05), top),
        _wares(rng, length, width, high + 0.05),
        *legs,
    ]
    if rng.uniform() < 0.5:
        parts.append(
            box(
                (-length / 2, -width / 2 - 0.01, 0.2),
                (length / 2, -width / 2 + 0.01, high + 0.03),
                top,
            )
        )
    return join(*parts)


def _tricycle(rng: np.random.Generator) -> Shape:
    body = Paint(
        ((0.4, 0.03, 0.03), (0.03, 0.12, 0.38), (0.05, 0.22, 0.08))[int(rng.integers(3))], 0.6
    )
    parts = [
        ring((x, y, 0.28), 0.25, 0.04, RUBBER) for x, y in ((1.2, 0), (-0.7, 0.5), (-0.7, -0.5))
    ]
    parts += [
        tube((1.2, 0, 0.28), (1.0, 0, 1.0), 0.03, STEEL, segments=6),
        tube((1.0, -0.3, 1.02), (1.0, 0.3, 1.02), 0.02, STEEL, segments=6),
        tube((1.1, 0, 0.6), (0.1, 0, 0.45), 0.04, body, segments=6),
        box((0.3, -0.15, 0.75), (0.6, 0.15, 0.85), RUBBER),
        box((-1.35, -0.55, 0.45), (0.15, 0.55, 0.55), body),
        *(
            box((-1.35, s * 0.55 - 0.03, 0.55), (0.15, s * 0.55 + 0.03, 0.82), body)
            for s in (1, -1)
        ),
        _wares(rng, 1.4, 1.0, 0.7).placed(-0.6, 0),
    ]
    return join(*parts)


def _cart(rng: np.random.Generator) -> Shape:
    body = Paint(_colour(rng, CANOPY), 0.5)
    roof = Paint(_colour(rng, CANOPY), 0.7)
    parts = [
        box((-0.8, -0.4, 0.3), (0.8, 0.4, 0.9), body),
        box((-0.75, -0.37, 0.9), (0.75, 0.3, 1.35), GLASS),
        box((-0.95, -0.6, 1.95), (0.95, 0.6, 2.05), roof),
        box((-0.8, -0.42, 0.45), (0.8, -0.4, 0.75), WHITE),
        *(
            box((x - 0.025, y - 0.025, 0.9), (x + 0.025, y + 0.025, 1.95), CHROME)
            for x in (-0.75, 0.75)
            for y in (-0.36, 0.36)
        ),
        *(ring((x, y, 0.22), 0.19, 0.03, RUBBER) for x in (-0.5, 0.5) for y in (-0.42, 0.42)),
        _wares(rng, 1.4, 0.5, 1.35),
    ]
    return join(*parts)


def _sheet(rng: np.random.Generator) -> Shape:
    length, width = float(rng.uniform(1.5, 2.4)), float(rng.uniform(1.0, 1.5))
    cloth = Paint(_colour(rng, CANOPY), 0.9)
    return join(
        box((-length / 2, -width / 2, 0), (length / 2, width / 2, 0.02), cloth),
        _wares(rng, length, width, 0.02),
    )


def make_stall(rng: np.random.Generator, kind: str | None = None) -> Shape:
    """Make a stall: "table", "tricycle", "cart" or "sheet", most of them under a parasol.

    "bare table" and the like have none.
    """
    kind = kind or str(rng.choice(["table", "tricycle", "cart", "sheet"], p=[0.4, 0.3, 0.2, 0.1]))
    bare, kind = kind.startswith(BARE), kind.removeprefix(BARE)
    make = {"table": _table, "tricycle": _tricycle, "cart": _cart, "sheet": _sheet}[kind]
    parts = [make(rng)]
    shaded = 0.0 if bare else SHADED[kind]
    if shaded and rng.uniform() < shaded:
        shade = make_parasol(rng, float(rng.uniform(1.1, 1.5)), float(rng.uniform(2.1, 2.5)))
        parts.append(shade.placed(float(rng.uniform(-0.3, 0.3)), 0.35))
    return join(*parts)
