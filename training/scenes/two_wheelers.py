"""Bicycles, shared bikes and e-bikes, parked or with a rider (the rider belongs to the thing)."""

import numpy as np

from training.scenes.paint import CHROME, DARK, HEADLIGHT, RGB, RUBBER, TAIL_LIGHT, Paint
from training.scenes.people import make_rider
from training.scenes.shape import Shape, box, ellipsoid, join, loft, ring, tube

SHARED: tuple[RGB, ...] = ((0.02, 0.25, 0.55), (0.70, 0.45, 0.01), (0.02, 0.45, 0.20))
"""Typical colours of shared bikes: blue, yellow, green."""


def make_bicycle(rng: np.random.Generator, *, ridden: bool) -> Shape:
    """Make a bicycle or shared bike; x forward."""
    if rng.uniform() < 0.6:
        frame = Paint(SHARED[int(rng.integers(len(SHARED)))], 0.4)
    else:
        frame = Paint(tuple(rng.uniform(0.02, 0.5, 3).tolist()), 0.4)
    parts = []
    for x in (0.52, -0.52):
        parts.append(ring((x, 0.0, 0.33), 0.31, 0.022, RUBBER, 16))
        parts.append(tube((x, -0.03, 0.33), (x, 0.03, 0.33), 0.05, CHROME, segments=6))
        for a in np.arange(6) * np.pi / 6:
            dx, dz = 0.3 * np.cos(a), 0.3 * np.sin(a)
            parts.append(
                tube((x - dx, 0, 0.33 - dz), (x + dx, 0, 0.33 + dz), 0.004, CHROME, segments=3)
            )
    parts += [
        tube((0.52, 0, 0.33), (0.38, 0, 0.88), 0.025, frame, segments=6),
        tube((0.38, 0, 0.78), (-0.1, 0, 0.42), 0.035, frame, segments=6),
        tube((-0.52, 0, 0.33), (-0.1, 0, 0.42), 0.022, frame, segments=6),
        tube((-0.1, 0, 0.42), (-0.22, 0, 0.85), 0.025, frame, segments=6),
        tube((-0.52, 0, 0.35), (-0.2, 0, 0.72), 0.018, frame, segments=6),
        ellipsoid((-0.22, 0, 0.9), (0.13, 0.08, 0.045), DARK, segments=8, rings=4),
        tube((0.33, -0.29, 0.98), (0.33, 0.29, 0.98), 0.018, DARK, segments=6),
        tube((0.38, 0, 0.86), (0.34, 0, 0.99), 0.02, DARK, segments=6),
        box((-0.78, -0.035, 0.55), (-0.3, 0.035, 0.68), frame),
    ]
    if rng.uniform() < 0.6:
        parts.append(box((0.4, -0.15, 0.72), (0.66, 0.15, 0.92), DARK))
    if ridden:
        parts.append(make_rider(rng, 0.92, (0.33, 0.27, 1.0)))
    return join(*parts)


def make_ebike(rng: np.random.Generator, *, ridden: bool) -> Shape:
    """Make an e-bike or scooter with a step-through body; x forward."""
    body = Paint(tuple(rng.uniform(0.02, 0.55, 3).tolist()), 0.3)
    if rng.uniform() < 0.4:
        grey = float(rng.choice([0.015, 0.1, 0.6]))
        body = Paint((grey, grey, grey), 0.3)
    parts = []
    for x in (0.62, -0.55):
        parts.append(tube((x, -0.05, 0.25), (x, 0.05, 0.25), 0.25, RUBBER, segments=14))
        parts.append(tube((x, -0.06, 0.25), (x, 0.06, 0.25), 0.13, CHROME, segments=8))
    rear = [
        [(x, y * w, z) for y, z in ((1, low), (1, high), (-1, high), (-1, low))]
        for x, w, low, high in (
            (-0.85, 0.06, 0.5, 0.68),
            (-0.6, 0.15, 0.35, 0.72),
            (-0.15, 0.16, 0.25, 0.72),
            (-0.02, 0.14, 0.22, 0.6),
        )
    ]
    front = [
        [(x, y * w, z) for y, z in ((1, low), (1, high), (-1, high), (-1, low))]
        for x, w, low, high in (
            (0.3, 0.2, 0.3, 0.75),
            (0.42, 0.2, 0.4, 1.0),
            (0.52, 0.1, 0.55, 1.02),
        )
    ]
    parts += [
        loft(rear, body),
        loft(front, body),
        box((-0.1, -0.14, 0.24), (0.4, 0.14, 0.31), DARK),
        box((-0.72, -0.13, 0.72), (-0.05, 0.13, 0.8), DARK),
        tube((0.62, 0, 0.25), (0.46, 0, 0.9), 0.035, DARK, segments=6),
        tube((0.38, -0.33, 1.04), (0.38, 0.33, 1.04), 0.022, DARK, segments=6),
        box((0.5, -0.06, 0.86), (0.56, 0.06, 0.98), HEADLIGHT),
        box((-0.9, -0.06, 0.55), (-0.84, 0.06, 0.63), TAIL_LIGHT),
        box((0.5, -0.11, 0.42), (0.62, 0.11, 0.5), body),
    ]
    for side in (1, -1):
        parts.append(
            tube((0.38, 0.25 * side, 1.04), (0.34, 0.3 * side, 1.2), 0.01, DARK, segments=4)
        )
        parts.append(
            ellipsoid((0.34, 0.31 * side, 1.22), (0.02, 0.06, 0.04), DARK, segments=6, rings=4)
        )
    if rng.uniform() < 0.35:
        crate = Paint(tuple(rng.uniform(0.02, 0.5, 3).tolist()), 0.6)
        parts.append(box((-1.0, -0.22, 0.8), (-0.58, 0.22, 1.2), crate))
    if ridden:
        parts.append(make_rider(rng, 0.8, (0.38, 0.28, 1.05)))
    return join(*parts)


def make_two_wheeler(rng: np.random.Generator, *, ridden: bool) -> Shape:
    """Make any two-wheeler."""
    make = make_ebike if rng.uniform() < 0.6 else make_bicycle
    return make(rng, ridden=ridden)
