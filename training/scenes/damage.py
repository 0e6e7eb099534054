"""Broken signs: torn, holed, tilted, hanging, fallen, faded, half lit; and whole road signs."""

from collections.abc import Callable

import numpy as np

from training.scenes.paint import DARK, STEEL, Paint
from training.scenes.shape import Shape, box, join, loft, tube
from training.scenes.shopfronts import SIGNS, glyph

BARE = (
    Paint((0.25, 0.22, 0.18), 0.95),
    Paint((0.09, 0.09, 0.09), 0.9),
    Paint((0.33, 0.33, 0.32), 0.9),
)
"""What shows behind a sheet that is gone: board, shadow, zinc."""
KINDS = ("torn", "holed", "tilted", "hanging", "peeled", "half lit")


def _frame(length: float, height: float) -> Shape:
    """Make the bare frame of a sign: rails and struts with the wall's shadow behind."""
    parts = [
        box((-length / 2, 0.03, z - 0.03), (length / 2, 0.09, z + 0.03), STEEL)
        for z in (-height / 2 + 0.03, 0.0, height / 2 - 0.03)
    ]
    parts += [
        box((float(x) - 0.025, 0.02, -height / 2), (float(x) + 0.025, 0.09, height / 2), STEEL)
        for x in np.linspace(-length / 2 + 0.03, length / 2 - 0.03, max(3, int(length / 0.7)))
    ]
    return join(*parts)


def _sheet(
    rng: np.random.Generator, left: float, right: float, height: float, paint: Paint
) -> Shape:
    """Make what is left of a sheet, with a ragged right edge."""
    count = 9
    zs = np.linspace(-height / 2, height / 2, count)
    cut = right + rng.uniform(-0.35, 0.35, count) * min(0.9, right - left)
    curl = rng.uniform(0.0, 0.3, count)
    rings = [
        [
            (left, -0.02, float(z)),
            (float(c) - 0.12, -0.02, float(z)),
            (float(c), -0.02 - float(bend), float(z)),
            (float(c) - 0.12, 0.01, float(z)),
            (left, 0.01, float(z)),
        ]
        for z, c, bend in zip(zs, cut, curl, strict=True)
    ]
    return loft(rings, paint)


def _letters(
    rng: np.random.Generator, left: float, right: float, height: float, ink: Paint
) -> Shape:
    size = height * float(rng.uniform(0.5, 0.72))
    xs = np.arange(left + 0.6 * size, right - 0.5 * size, size * 1.25)
    parts = [
        glyph(rng, size, ink)
        .leaned(float(rng.normal(0, 0.5)) if rng.uniform() < 0.25 else 0.0)
        .placed(float(x), -0.025)
        for x in xs
        if rng.uniform() < 0.75
    ]
    return join(*parts) if parts else box((0, 0, 0), (0.01, 0.01, 0.01), ink)


def _torn(rng: np.random.Generator, length: float, height: float) -> Shape:
    ground, letters = SIGNS[int(rng.integers(len(SIGNS)))]
    edge = length * float(rng.uniform(-0.25, 0.22))
    back = BARE[int(rng.integers(len(BARE)))]
    parts = [
        box((-length / 2, 0.09, -height / 2), (length / 2, 0.16, height / 2), back),
        _frame(length, height),
        _sheet(rng, -length / 2, edge, height, Paint(ground, 0.6)),
        _letters(rng, -length / 2, edge - 0.2, height, Paint(letters, 0.5)),
    ]
    if rng.uniform() < 0.6:
        rest = _sheet(rng, -length / 2, -length / 2 + 0.25 * length, height, Paint(ground, 0.6))
        parts.append(rest.scaled(-1.0, 1.0, 1.0))
    if rng.uniform() < 0.6:
        flap = _sheet(rng, 0.0, 0.5 * height, height * 0.7, Paint(ground, 0.6))
        turned = flap.leaned(float(rng.uniform(0.5, 1.3)))
        parts.append(turned.placed(edge, -0.1, -height * float(rng.uniform(0.3, 0.6))))
    whole = join(*parts)
    return whole.scaled(-1.0, 1.0, 1.0) if rng.uniform() < 0.5 else whole


def _holed(rng: np.random.Generator, length: float, height: float) -> Shape:
    ground, letters = SIGNS[int(rng.integers(len(SIGNS)))]
    paint, ink = Paint(ground, 0.6), Paint(letters, 0.5)
    parts = [
        box((-length / 2, 0.0, -height / 2), (length / 2, 0.18, height / 2), paint),
        _letters(rng, -length / 2, length / 2, height, ink),
    ]
    dark = BARE[int(rng.integers(2))]
    for _ in range(int(rng.integers(2, 6))):
        x, z = rng.uniform(-0.42, 0.42) * length, rng.uniform(-0.35, 0.35) * height
        count, r = 9, float(rng.uniform(0.22, 0.5)) * height
        angles = np.arange(count) * 2 * np.pi / count
        radii = r * rng.uniform(0.45, 1.2, count)
        edge = [
            (
                float(x + 1.4 * q * np.cos(a)),
                float(np.clip(z + q * np.sin(a), -0.5 * height, 0.5 * height)),
            )
            for q, a in zip(radii, angles, strict=True)
        ]
        parts.append(loft([[(a, y, b) for a, b in edge] for y in (-0.005, -0.04)], dark))
        if rng.uniform() < 0.5:
            shard = _sheet(rng, 0.0, r * 1.3, r * 1.3, paint).leaned(float(rng.uniform(-1.5, 1.5)))
            parts.append(shard.placed(float(x), -0.12, float(z) - r))
    return join(*parts)


def _tilted(rng: np.random.Generator, length: float, height: float) -> Shape:
    whole = _plain(rng, length, height)
    most = min(0.5, 1.3 / length)
    angle = float(rng.uniform(0.45, 1.0)) * most * (1 if rng.uniform() < 0.5 else -1)
    return join(whole.leaned(angle).placed(0.0, -0.12, -0.1), _frame(length, height).placed(0, 0.1))


def _hanging(rng: np.random.Generator, length: float, height: float) -> Shape:
    """One half still up, the other broken off and hanging down."""
    half = length / 2
    left = _plain(rng, half, height).placed(-half / 2, 0.0)
    angle = float(rng.uniform(0.5, 1.25))
    right = _plain(rng, half, height).placed(half / 2, 0.0, 0.0).leaned(angle)
    back = BARE[int(rng.integers(len(BARE)))]
    wall = box((0.0, 0.1, -height / 2), (half, 0.16, height / 2), back)
    return join(left, right.placed(0.0, -0.1), wall, _frame(length, height).placed(0.0, 0.06))


def _peeled(rng: np.random.Generator, length: float, height: float) -> Shape:
    """Fade the sheet and let it come off in strips; letters are missing or crooked."""
    ground, letters = SIGNS[int(rng.integers(len(SIGNS)))]
    faded = Paint(tuple(0.5 * c + 0.2 for c in ground), 0.9)  # type: ignore[arg-type]  # three in
    bare = BARE[int(rng.integers(len(BARE)))]
    parts = [
        box((-length / 2, 0.0, -height / 2), (length / 2, 0.16, height / 2), bare),
        _letters(rng, -length / 2, length / 2, height, Paint(letters, 0.8)),
    ]
    x = -length / 2
    while x < length / 2 - 0.3:
        wide = float(min(rng.uniform(0.3, 1.2), length / 2 - x))
        if rng.uniform() < 0.62:
            low = -height / 2 + (
                float(rng.uniform(0.1, 0.6)) * height if rng.uniform() < 0.5 else 0
            )
            strip = _sheet(rng, 0.0, wide, height / 2 - low, faded)
            parts.append(strip.placed(x, -0.005, (height / 2 + low) / 2))
        x += wide
    return join(*parts)


def _half_lit(rng: np.random.Generator, length: float, height: float) -> Shape:
    """Letters on one side shine at night, the others are dark; one or two are gone."""
    ground, letters = SIGNS[int(rng.integers(len(SIGNS)))]
    shine = float(rng.uniform(2.0, 5.0))
    dead = length * float(rng.uniform(-0.25, 0.25))
    lit = box(
        (-length / 2, 0, -height / 2), (dead, 0.18, height / 2), Paint(ground, 0.5, night=0.8)
    )
    dull = Paint(tuple(0.4 * c for c in ground), 0.8)  # type: ignore[arg-type]  # three in, three out
    off = box((dead, 0, -height / 2), (length / 2, 0.18, height / 2), dull)
    gone = box((dead, -0.01, -height / 2), (dead + 0.3 * height, 0.0, height / 2), BARE[1])
    return join(
        lit,
        off,
        gone,
        _letters(rng, -length / 2, dead, height, Paint(letters, 0.5, night=shine)),
        _letters(rng, dead + 0.2, length / 2, height, DARK),
    )


def _plain(rng: np.random.Generator, length: float, height: float) -> Shape:
    ground, letters = SIGNS[int(rng.integers(len(SIGNS)))]
    board = box((-length / 2, 0, -height / 2), (length / 2, 0.16, height / 2), Paint(ground, 0.6))
    return join(board, _letters(rng, -length / 2, length / 2, height, Paint(letters, 0.5)))


def make_damaged(
    rng: np.random.Generator, length: float, height: float, kind: str | None = None
) -> Shape:
    """Make a broken sign of the measures of a whole one, facing -y; kind is one of KINDS."""
    kind = kind or str(rng.choice(KINDS, p=[0.28, 0.12, 0.2, 0.17, 0.15, 0.08]))
    makers: dict[str, Callable[[np.random.Generator, float, float], Shape]] = {
        "torn": _torn,
        "holed": _holed,
        "tilted": _tilted,
        "hanging": _hanging,
        "peeled": _peeled,
        "half lit": _half_lit,
    }
    return makers[kind](rng, length, height)


def make_fallen(rng: np.random.Generator) -> Shape:
    """Make a broken sign that lies on the pavement or leans against a wall; faces -y."""
    length, height = float(rng.uniform(1.6, 3.2)), float(rng.uniform(0.7, 1.1))
    sign = make_damaged(rng, length, height, str(rng.choice(["torn", "holed", "peeled"])))
    if rng.uniform() < 0.5:
        return sign.rolled(float(rng.uniform(-1.4, -1.1))).placed(0, 0, 0.25)
    return sign.rolled(-0.35).leaned(float(rng.normal(0, 0.12))).placed(0, 0, height * 0.55)


def make_road_sign(rng: np.random.Generator, *, broken: bool) -> Shape:
    """Make a sign on a post: blue board, red ring or yellow triangle; bent when broken."""
    kind, white = int(rng.integers(4)), Paint((0.75, 0.75, 0.74), 0.4)
    paint = (
        Paint((0.02, 0.12, 0.5), 0.4),
        Paint((0.6, 0.03, 0.03), 0.4),
        Paint((0.7, 0.5, 0.02), 0.4),
        Paint((0.02, 0.28, 0.12), 0.4),
    )[kind]
    size = float(rng.uniform(0.35, 0.6))
    if kind in (1, 2):
        count = 16 if kind == 1 else 3
        edge = np.arange(count) * 2 * np.pi / count + np.pi / 2
        disc = [
            loft(
                [
                    [(float(r * np.cos(a)), y, float(r * np.sin(a))) for a in edge]
                    for y in (y0, y0 + 0.02)
                ],
                colour,
            )
            for r, y0, colour in ((size, 0.0, paint), (size * 0.72, -0.01, white))
        ]
        plate = join(*disc, glyph(rng, size * 0.7, DARK).placed(0, -0.015))
    else:
        board = box((-size * 1.3, 0, -size * 0.8), (size * 1.3, 0.03, size * 0.8), paint)
        marks = [glyph(rng, size * 0.6, white).placed(x * size, -0.005) for x in (-0.8, 0.0, 0.8)]
        plate = join(board, *marks)
    high, lean = float(rng.uniform(2.1, 2.8)), 0.0
    if broken:
        lean = float(rng.uniform(0.2, 0.7)) * (1 if rng.uniform() < 0.5 else -1)
        plate = plate.rolled(float(rng.uniform(-0.7, 0.5))).leaned(float(rng.uniform(-0.6, 0.6)))
        rust = Paint((0.22, 0.09, 0.03), 0.95)
        x, z = (float(v) * size for v in rng.uniform(-0.5, 0.5, 2))
        plate = join(plate, box((x - 0.15, -0.03, z - 0.1), (x + 0.15, -0.015, z + 0.12), rust))
    post = tube((0, 0.05, 0), (0, 0.05, high + size), 0.04, STEEL, segments=6)
    return join(post, plate.placed(0, 0, high)).leaned(lean)
