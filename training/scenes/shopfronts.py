"""Buildings with shops on the ground floor, each shop with its sign band."""

import numpy as np

from training.scenes.paint import DARK, GLASS, RGB, STEEL, Paint
from training.scenes.shape import Shape, box, join
from training.scenes.thing import Thing

LIT = Paint((0.09, 0.07, 0.045), 0.3, night=6.0)
"""A window with somebody at home."""
WALLS: tuple[RGB, ...] = (
    (0.42, 0.38, 0.32),
    (0.50, 0.47, 0.42),
    (0.33, 0.20, 0.14),
    (0.30, 0.32, 0.34),
    (0.55, 0.50, 0.40),
    (0.24, 0.25, 0.26),
    (0.46, 0.33, 0.25),
)
SIGNS: tuple[tuple[RGB, RGB], ...] = (
    ((0.50, 0.02, 0.02), (0.75, 0.62, 0.10)),
    ((0.02, 0.10, 0.42), (0.75, 0.75, 0.75)),
    ((0.03, 0.25, 0.10), (0.75, 0.75, 0.75)),
    ((0.65, 0.42, 0.02), (0.40, 0.02, 0.02)),
    ((0.03, 0.03, 0.03), (0.70, 0.55, 0.20)),
    ((0.70, 0.70, 0.68), (0.45, 0.02, 0.02)),
    ((0.30, 0.12, 0.05), (0.75, 0.70, 0.55)),
    ((0.60, 0.18, 0.02), (0.75, 0.75, 0.75)),
)
"""Ground and lettering of a sign band."""


def glyph(rng: np.random.Generator, size: float, paint: Paint) -> Shape:
    """Make strokes that read as a Chinese character from afar; front at y = 0, facing -y."""
    parts = []
    for z in rng.choice([-0.4, -0.2, 0.0, 0.2, 0.4], int(rng.integers(2, 5)), replace=False):
        half = float(rng.uniform(0.25, 0.48)) * size
        parts.append(
            box(
                (-half, -0.02, (float(z) - 0.045) * size),
                (half, 0.0, (float(z) + 0.045) * size),
                paint,
            )
        )
    for x in rng.choice([-0.35, 0.0, 0.35], int(rng.integers(1, 4)), replace=False):
        low, high = sorted(rng.uniform(-0.48, 0.48, 2).tolist())
        parts.append(
            box(
                ((float(x) - 0.05) * size, -0.02, low * size),
                ((float(x) + 0.05) * size, 0.0, (high + 0.1) * size),
                paint,
            )
        )
    return join(*parts)


def make_sign(rng: np.random.Generator, length: float, height: float) -> Shape:
    """Make a sign band facing -y, its middle at the origin."""
    ground, letters = SIGNS[int(rng.integers(len(SIGNS)))]
    shine = float(rng.uniform(1.0, 5.0)) if rng.uniform() < 0.8 else 0.0
    ink = Paint(letters, 0.5, emission=float(rng.uniform(0.0, 0.3)), night=shine)
    face = Paint(ground, 0.5, night=shine * float(rng.choice([0.0, 0.25])))
    parts = [box((-length / 2, 0.0, -height / 2), (length / 2, 0.18, height / 2), face)]
    size = height * float(rng.uniform(0.5, 0.75))
    count = int(np.clip(length * rng.uniform(0.5, 0.9) / (size * 1.25), 2, 9))
    start = -(count - 1) / 2 * size * 1.25 + float(rng.uniform(-0.2, 0.2))
    parts += [glyph(rng, size, ink).placed(start + i * size * 1.25, -0.001) for i in range(count)]
    return join(*parts)


def make_banner(rng: np.random.Generator, length: float) -> Shape:
    """Make a red slogan banner facing -y."""
    red = Paint((0.48, 0.01, 0.01), 0.9)
    ink = Paint(((0.75, 0.6, 0.05), (0.75, 0.75, 0.75))[int(rng.integers(2))], 0.9)
    parts = [box((-length / 2, 0.0, -0.35), (length / 2, 0.02, 0.35), red)]
    count = int(length / 0.65)
    parts += [
        glyph(rng, 0.45, ink).placed(-length / 2 + i * length / count, -0.001)
        for i in range(1, count)
    ]
    return join(*parts)


def _front(rng: np.random.Generator, width: float, top: float) -> Shape:
    """Make one shop's ground floor facing -y, from x = 0 to width."""
    kind = rng.choice(["glass", "open", "shutter"], p=[0.6, 0.2, 0.2])
    if kind == "shutter":
        slats = Paint(tuple(rng.uniform(0.25, 0.5, 3).tolist()), 0.5, 0.3)
        return join(
            *(
                box(
                    (0.2, -0.02 - 0.02 * (i % 2), 0.1 + i * 0.25),
                    (width - 0.2, 0.05, 0.34 + i * 0.25),
                    slats,
                )
                for i in range(int((top - 0.1) / 0.25))
            )
        )
    glow = float(rng.uniform(3.0, 14.0)) if rng.uniform() < 0.75 else 0.0
    inside = Paint((0.06, 0.05, 0.04), 0.9, night=glow)
    pane = GLASS.glowing(glow) if kind == "glass" else inside
    parts = [box((0.2, -0.01, 0.1), (width - 0.2, 0.05, top), pane)]
    parts += [
        box((float(x), -0.05, 0.1), (float(x) + 0.06, 0.0, top), STEEL)
        for x in np.linspace(0.2, width - 0.26, max(3, int(width / 1.3)))
    ]
    for _ in range(int(rng.integers(0, 4))):
        x, z = float(rng.uniform(0.4, width - 1.2)), float(rng.uniform(0.5, top - 0.9))
        poster = Paint(tuple(rng.uniform(0.1, 0.7, 3).tolist()), 0.6)
        parts.append(
            box((x, -0.03, z), (x + float(rng.uniform(0.4, 0.9)), -0.005, z + 0.7), poster)
        )
    if kind == "open":
        tubes = Paint((0.8, 0.7, 0.5), emission=0.6, night=6.0)
        parts.append(box((0.6, -0.02, top - 0.25), (width - 0.6, -0.01, top - 0.15), tubes))
    return join(*parts)


def _upper(rng: np.random.Generator, width: float, base: float, floors: int) -> Shape:
    parts = []
    frame = Paint(tuple(rng.uniform(0.2, 0.6, 3).tolist()), 0.6)
    for floor in range(floors):
        z = base + 0.9 + floor * 3.0
        for x in np.arange(0.8, width - 1.4, 2.4):
            parts += [
                box((float(x) - 0.08, -0.04, z - 0.08), (float(x) + 1.48, 0.0, z + 1.58), frame),
                box(
                    (float(x), -0.06, z),
                    (float(x) + 1.4, -0.03, z + 1.5),
                    LIT if rng.uniform() < 0.25 else GLASS,
                ),
            ]
            if rng.uniform() < 0.2:
                parts.append(
                    box((float(x) + 0.2, -0.5, z - 0.75), (float(x) + 1.0, -0.05, z - 0.2), frame)
                )
    return join(*parts)


def make_row(
    rng: np.random.Generator, start: float, stop: float, shop_line: float, side: float
) -> list[Thing]:
    """Make the buildings of one side from start to stop along x; side +1 is y > 0.

    Built facing -y, then turned for the other side, so both sides look towards the road.
    """
    things: list[Thing] = []
    x = start
    heading = 0.0 if side > 0 else np.pi
    while x < stop:
        width, floors = float(rng.uniform(9, 20)), int(rng.integers(1, 6))
        depth, base = float(rng.uniform(8, 12)), float(rng.uniform(3.6, 4.4))
        wall = Paint(WALLS[int(rng.integers(len(WALLS)))], 0.9, grain="speckle", size_m=2.0)
        parts = [
            box((0, 0, 0), (width, depth, base + floors * 3.0), wall),
            _upper(rng, width, base, floors),
        ]
        count = max(2, int(width / rng.uniform(3.8, 6.0)))
        shop, top = width / count, base - 1.3
        signs: list[tuple[float, Shape]] = []
        for i in range(count):
            parts.append(_front(rng, shop, top).placed(i * shop, -0.02))
            if rng.uniform() < 0.93:
                sign = make_sign(
                    rng, shop * float(rng.uniform(0.8, 0.98)), float(rng.uniform(0.8, 1.2))
                )
                signs.append(((i + 0.5) * shop, sign))
            if rng.uniform() < 0.15:
                awning = Paint(tuple(rng.uniform(0.05, 0.5, 3).tolist()), 0.8)
                parts.append(
                    box(
                        (i * shop + 0.2, -1.3, top + 0.05),
                        ((i + 1) * shop - 0.2, 0, top + 0.12),
                        awning,
                    )
                )
        parts.append(box((0, -0.1, base - 0.05), (width, 0.05, base + 0.1), DARK))
        origin = x if side > 0 else x + width
        things.append(
            Thing("building", None, join(*parts), origin, side * shop_line, 0.15, heading)
        )
        for middle, shape in signs:
            along = origin + middle * (1 if side > 0 else -1)
            things.append(
                Thing(
                    "sign",
                    "sign",
                    shape,
                    along,
                    side * (shop_line - 0.22),
                    0.15 + base - 0.65,
                    heading,
                )
            )
        x += width + (float(rng.uniform(0.0, 6.0)) if rng.uniform() < 0.4 else 0.0)
    return things
