"""Muck: heaps of soil, sand and rubble, spills as a trail of clods, films of mud."""

from collections.abc import Callable

import numpy as np

from training.scenes.paint import RGB, Paint
from training.scenes.shape import Shape, blob, box, ellipsoid, heap, join

EARTHS: tuple[RGB, ...] = (
    (0.16, 0.10, 0.06),
    (0.26, 0.17, 0.09),
    (0.34, 0.24, 0.13),
    (0.30, 0.12, 0.06),
    (0.22, 0.20, 0.18),
    (0.40, 0.38, 0.35),
)
"""Wet soil, loam, sand, red clay, gravel, concrete rubble."""
KINDS = ("heap", "trail", "film", "rubble")


def _earth(rng: np.random.Generator) -> Paint:
    colour = EARTHS[int(rng.integers(len(EARTHS)))]
    tint = float(rng.uniform(0.75, 1.3))
    return Paint(tuple(c * tint for c in colour), 0.95, grain="speckle", size_m=0.25)  # type: ignore[arg-type]  # three in, three out


def _clods(
    rng: np.random.Generator, count: int, length: float, width: float, paint: Paint, most: float
) -> Shape:
    """Strew lumps over an area, thick in its middle."""
    parts = []
    for _ in range(count):
        size = float(rng.uniform(0.3, 1.0)) * most
        x, y = float(rng.normal(0, length / 4)), float(rng.normal(0, width / 4))
        lump = ellipsoid(
            (x, y, size * 0.4), (size, size * 0.8, size * 0.6), paint, segments=5, rings=3
        )
        parts.append(lump)
    return join(*parts)


def _heap(rng: np.random.Generator) -> Shape:
    paint, length = _earth(rng), float(rng.uniform(1.3, 3.8))
    width, high = length * float(rng.uniform(0.6, 1.0)), float(rng.uniform(0.35, 1.2))
    parts = [
        heap(rng, length, width, high, paint),
        blob(rng, length * 1.35, width * 1.35, paint),
        _clods(rng, 16, length * 1.6, width * 1.6, paint, 0.1),
    ]
    if rng.uniform() < 0.4:
        side = heap(rng, length * 0.6, width * 0.7, high * 0.6, paint)
        parts.append(side.placed(length * 0.55, float(rng.normal(0, 0.3))))
    return join(*parts)


def _trail(rng: np.random.Generator) -> Shape:
    """Patches and clods in a row along x, as a truck loses them."""
    paint, length = _earth(rng), float(rng.uniform(3.0, 7.0))
    parts = [_clods(rng, int(rng.integers(25, 60)), length, 1.2, paint, 0.11)]
    x = -length / 2
    while x < length / 2:
        long = float(rng.uniform(0.6, 2.0))
        patch = blob(rng, long, float(rng.uniform(0.5, 1.3)), paint)
        parts.append(patch.placed(x, float(rng.normal(0, 0.25))))
        if rng.uniform() < 0.6:
            low = heap(rng, long * 0.8, 0.7, float(rng.uniform(0.08, 0.3)), paint)
            parts.append(low.placed(x, float(rng.normal(0, 0.2))))
        x += long * float(rng.uniform(0.5, 1.2))
    return join(*parts)


def _film(rng: np.random.Generator) -> Shape:
    """Mud spread thin by wheels, with two tracks drawn out of it."""
    paint, length = _earth(rng), float(rng.uniform(2.2, 5.0))
    width = float(rng.uniform(1.2, 2.2))
    parts = [blob(rng, length, width, paint), _clods(rng, 14, length, width, paint, 0.07)]
    for y in (-0.7, 0.7):
        track = blob(rng, length * float(rng.uniform(0.7, 1.3)), 0.3, paint, 0.01)
        parts.append(track.placed(length * 0.6, y + float(rng.normal(0, 0.06))))
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.normal(0, length / 3), rng.normal(0, width / 3)
        parts.append(heap(rng, 0.9, 0.6, float(rng.uniform(0.06, 0.16)), paint).placed(x, y))
    return join(*parts)


def _rubble(rng: np.random.Generator) -> Shape:
    """Broken concrete, bricks and tiles on a low heap of dust."""
    dust = _earth(rng)
    length = float(rng.uniform(1.2, 2.8))
    parts = [heap(rng, length, length * 0.75, float(rng.uniform(0.25, 0.7)), dust)]
    tints = (
        Paint((0.4, 0.38, 0.35), 0.9),
        Paint((0.36, 0.13, 0.07), 0.9),
        Paint((0.55, 0.54, 0.5), 0.9),
    )
    for _ in range(int(rng.integers(18, 36))):
        r, a = abs(float(rng.normal(0, 0.33))) * length, float(rng.uniform(0, 2 * np.pi))
        size = rng.uniform(0.06, 0.22, 3)
        piece = box(
            (-size[0], -size[1], 0), (size[0], size[1], size[2]), tints[int(rng.integers(3))]
        )
        piece = piece.leaned(float(rng.normal(0, 0.4))).rolled(float(rng.normal(0, 0.4)))
        high = max(0.0, 0.45 * (1 - r / (0.55 * length)))
        parts.append(piece.placed(float(r * np.cos(a)), float(r * np.sin(a)), high, a))
    return join(*parts)


def make_muck(rng: np.random.Generator, kind: str | None = None) -> Shape:
    """Make muck of a kind of KINDS: a heap, a trail along x, a film or rubble."""
    kind = kind or str(rng.choice(KINDS, p=[0.4, 0.25, 0.15, 0.2]))
    makers: dict[str, Callable[[np.random.Generator], Shape]] = {
        "heap": _heap,
        "trail": _trail,
        "film": _film,
        "rubble": _rubble,
    }
    return makers[kind](rng)
