"""People standing, walking or riding: limbs as tubes, torso and head as rounded bodies."""

import itertools

import numpy as np

from training.scenes.paint import Paint
from training.scenes.shape import Point, Shape, ellipsoid, join, loft, tube

SKIN = (
    Paint((0.50, 0.30, 0.20)),
    Paint((0.42, 0.24, 0.15)),
    Paint((0.58, 0.38, 0.27)),
)
HAIR = (Paint((0.01, 0.009, 0.008), 0.5), Paint((0.05, 0.03, 0.02), 0.5), Paint((0.3, 0.3, 0.3)))


def _cloth(rng: np.random.Generator) -> Paint:
    if rng.uniform() < 0.4:
        grey = float(rng.uniform(0.01, 0.6))
        return Paint((grey, grey, grey * 1.05), 0.9)
    return Paint(tuple(rng.uniform(0.02, 0.6, 3).tolist()), 0.9)


def _torso(hip: Point, neck: Point, width: float, paint: Paint) -> Shape:
    rings = []
    for share, scale in ((0.0, 0.85), (0.3, 0.8), (0.7, 1.0), (0.93, 0.92), (1.0, 0.45)):
        x, y, z = (hip[i] + share * (neck[i] - hip[i]) for i in range(3))
        rings.append(
            [
                (x + 0.6 * width * scale * np.cos(a), y + width * scale * np.sin(a), z)
                for a in np.arange(10) * 2 * np.pi / 10
            ]
        )
    return loft(rings, paint)


def _head(rng: np.random.Generator, neck: Point, lean: float = 0.0) -> Shape:
    x, y, z = neck[0] + lean, neck[1], neck[2] + 0.15
    skin = SKIN[int(rng.integers(len(SKIN)))]
    top = HAIR[int(rng.choice(len(HAIR), p=[0.75, 0.15, 0.1]))]
    if rng.uniform() < 0.2:
        top = _cloth(rng)
    return join(
        tube((neck[0], neck[1], neck[2] - 0.04), (x, y, z), 0.055, skin, segments=6),
        ellipsoid((x + 0.01, y, z), (0.095, 0.08, 0.125), skin, segments=8, rings=5),
        ellipsoid((x - 0.02, y, z + 0.045), (0.105, 0.09, 0.1), top, segments=8, rings=5),
    )


def _limb(joints: tuple[Point, ...], radius: float, paint: Paint) -> Shape:
    pairs = itertools.pairwise(joints)
    return join(*(tube(a, b, radius, paint, end_radius=radius * 0.8, segments=6) for a, b in pairs))


def make_person(rng: np.random.Generator, stride: float | None = None) -> Shape:
    """Make a person facing x; stride 0 stands, 1 takes a full step (drawn when None)."""
    if stride is None:
        stride = float(rng.uniform(0.2, 1.0)) if rng.uniform() < 0.6 else 0.0
    shirt, trousers, shoe = _cloth(rng), _cloth(rng), Paint((0.03, 0.03, 0.03))
    skin = SKIN[int(rng.integers(len(SKIN)))]
    swing = 0.32 * stride * (1 if rng.uniform() < 0.5 else -1)
    hip, neck = (0.0, 0.0, 0.86), (0.03, 0.0, 1.42)
    width = float(rng.uniform(0.17, 0.23))
    parts = [_torso(hip, neck, width, shirt), _head(rng, neck)]
    skirt = rng.uniform() < 0.15
    for side in (1.0, -1.0):
        y, step = 0.09 * side, swing * side
        foot = (step, y, 0.06 + 0.05 * (step < 0) * stride)
        parts.append(
            _limb(
                ((0.0, y, 0.9), (step * 0.6 + 0.04, y, 0.46), foot),
                0.085,
                skin if skirt else trousers,
            )
        )
        parts.append(
            ellipsoid((foot[0] + 0.06, y, 0.045), (0.13, 0.05, 0.045), shoe, segments=6, rings=4)
        )
        arm, hand = -step * 0.8, (-step + 0.06, y * 3.0, 0.84)
        parts.append(
            _limb(((0.02, width * side, 1.36), (arm * 0.5, y * 2.9, 1.1), hand), 0.05, shirt)
        )
        parts.append(ellipsoid(hand, (0.05, 0.04, 0.06), skin, segments=6, rings=3))
    if skirt:
        parts.append(tube((0, 0, 0.95), (0, 0, 0.5), 0.17, trousers, end_radius=0.26))
    if rng.uniform() < 0.25:
        parts.append(
            ellipsoid((-0.18, 0.0, 1.2), (0.12, 0.15, 0.22), _cloth(rng), segments=8, rings=4)
        )
    size = float(rng.uniform(0.93, 1.1))
    return join(*parts).scaled(size, size, size)


def make_rider(rng: np.random.Generator, seat_m: float, grip: Point) -> Shape:
    """Make a person sitting at seat height with both hands near grip (x, half width, z)."""
    shirt, trousers = _cloth(rng), _cloth(rng)
    hip, neck = (-0.15, 0.0, seat_m + 0.05), (0.02, 0.0, seat_m + 0.6)
    parts = [_torso(hip, neck, 0.19, shirt), _head(rng, neck, 0.03)]
    for side in (1.0, -1.0):
        knee, foot = (0.28, 0.14 * side, seat_m + 0.02), (0.22, 0.13 * side, 0.32)
        parts.append(_limb((hip, knee, foot), 0.085, trousers))
        parts.append(
            _limb(
                (
                    (0.0, 0.2 * side, seat_m + 0.53),
                    (0.2, 0.27 * side, seat_m + 0.3),
                    (grip[0], grip[1] * side, grip[2]),
                ),
                0.05,
                shirt,
            )
        )
    if rng.uniform() < 0.5:
        parts.append(
            ellipsoid(
                (neck[0] + 0.03, 0.0, neck[2] + 0.2),
                (0.13, 0.115, 0.11),
                _cloth(rng),
                segments=8,
                rings=5,
            )
        )
    return join(*parts)
