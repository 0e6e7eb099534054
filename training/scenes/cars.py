"""Car bodies: one lofted skin whose stations give the silhouette, then wheels and trim."""

from dataclasses import dataclass

import numpy as np

from training.scenes.paint import (
    CHROME,
    DARK,
    GLASS,
    HEADLIGHT,
    PLATE_BLUE,
    PLATE_GREEN,
    RGB,
    RUBBER,
    TAIL_LIGHT,
    WHITE,
    Paint,
)
from training.scenes.shape import Point, Shape, box, join, loft, tube


@dataclass(frozen=True, slots=True)
class Body:
    """A car's measures in metres; stations run from nose to tail."""

    length: float
    width: float
    stations: tuple[tuple[float, float, float, float], ...]
    """(x as a share of half the length, belt height, top height, top width as a share)."""
    windscreen: int
    """Station gap that is the windscreen."""
    rear_window: int
    """Station gap that is the rear window."""
    wheel: float
    """Wheel radius."""


BODIES = {
    "sedan": Body(
        4.75,
        1.82,
        (
            (1.0, 0.60, 0.62, 0.80),
            (0.94, 0.70, 0.74, 0.84),
            (0.50, 0.85, 0.92, 0.86),
            (0.40, 0.90, 0.97, 0.84),
            (0.08, 0.92, 1.42, 0.66),
            (-0.26, 0.93, 1.46, 0.66),
            (-0.44, 0.94, 1.41, 0.66),
            (-0.74, 0.95, 1.06, 0.80),
            (-0.95, 0.93, 1.00, 0.82),
            (-1.0, 0.82, 0.84, 0.80),
        ),
        3,
        6,
        0.32,
    ),
    "hatchback": Body(
        4.05,
        1.74,
        (
            (1.0, 0.62, 0.64, 0.80),
            (0.93, 0.74, 0.78, 0.84),
            (0.56, 0.90, 0.96, 0.86),
            (0.46, 0.94, 1.02, 0.84),
            (0.10, 0.96, 1.48, 0.68),
            (-0.30, 0.97, 1.52, 0.68),
            (-0.74, 0.98, 1.47, 0.68),
            (-0.95, 0.98, 1.06, 0.80),
            (-1.0, 0.80, 0.82, 0.80),
        ),
        3,
        6,
        0.31,
    ),
    "suv": Body(
        4.65,
        1.90,
        (
            (1.0, 0.72, 0.75, 0.82),
            (0.94, 0.88, 0.93, 0.86),
            (0.54, 1.00, 1.07, 0.88),
            (0.44, 1.04, 1.12, 0.86),
            (0.14, 1.06, 1.66, 0.72),
            (-0.30, 1.07, 1.72, 0.72),
            (-0.80, 1.08, 1.67, 0.72),
            (-0.96, 1.08, 1.16, 0.84),
            (-1.0, 0.90, 0.93, 0.82),
        ),
        3,
        6,
        0.37,
    ),
    "minivan": Body(
        4.2,
        1.66,
        (
            (1.0, 0.74, 0.78, 0.84),
            (0.95, 0.90, 0.96, 0.88),
            (0.78, 1.00, 1.08, 0.88),
            (0.74, 1.02, 1.12, 0.88),
            (0.48, 1.05, 1.80, 0.80),
            (-0.30, 1.06, 1.88, 0.80),
            (-0.92, 1.06, 1.84, 0.80),
            (-0.99, 1.05, 1.12, 0.86),
            (-1.0, 0.80, 0.84, 0.84),
        ),
        3,
        6,
        0.29,
    ),
}
"""Typical outlines; not copied from any maker's drawings."""

COLOURS: tuple[tuple[RGB, float], ...] = (
    ((0.72, 0.72, 0.71), 0.30),
    ((0.015, 0.015, 0.018), 0.20),
    ((0.34, 0.35, 0.36), 0.16),
    ((0.10, 0.105, 0.11), 0.10),
    ((0.36, 0.02, 0.02), 0.08),
    ((0.02, 0.07, 0.25), 0.06),
    ((0.20, 0.12, 0.06), 0.04),
    ((0.45, 0.38, 0.22), 0.03),
    ((0.03, 0.16, 0.12), 0.02),
    ((0.60, 0.28, 0.02), 0.01),
)
"""Linear colour and its share of the traffic."""


def make_car(rng: np.random.Generator, kind: str | None = None, colour: RGB | None = None) -> Shape:
    """Make a car of a kind of BODIES (drawn when None); x forward, wheels on the ground."""
    kind = kind or str(rng.choice(list(BODIES), p=[0.42, 0.2, 0.26, 0.12]))
    if colour is None:
        shares = np.array([share for _, share in COLOURS])
        colour = COLOURS[int(rng.choice(len(COLOURS), p=shares / shares.sum()))][0]
        colour = tuple(float(c * rng.uniform(0.85, 1.15)) for c in colour)  # type: ignore[assignment]  # three in, three out
    paint = Paint(colour, 0.25, 0.15)
    body = BODIES[kind]
    parts = [_skin(body, paint), _trim(rng, body)]
    corners = [(x, side) for x in (0.60, -0.60) for side in (1.0, -1.0)]
    parts += [_wheel(body, x * body.length / 2, side) for x, side in corners]
    taxi = kind == "sedan" and rng.uniform() < 0.12
    if taxi:
        parts.append(box((-0.25, -0.3, 1.45), (-0.05, 0.3, 1.58), WHITE))
    size = float(rng.uniform(0.95, 1.05))
    return join(*parts).scaled(size, 1.0, float(rng.uniform(0.97, 1.03)))


def _ring(body: Body, station: tuple[float, float, float, float], inset: float) -> list[Point]:
    share, belt, top, top_share = station
    x, half, floor = share * body.length / 2, body.width / 2 * inset, body.wheel * 0.65
    side = [
        (half * 0.9, floor),
        (half, floor + 0.15),
        (half, belt - 0.08),
        (half * 0.97, belt),
        (half * top_share, top),
        (half * top_share * 0.6, top + 0.03),
    ]
    left = [(x, y, z) for y, z in side]
    return left + [(x, -y, z) for y, z in reversed(side)]


def _skin(body: Body, paint: Paint) -> Shape:
    insets = [0.82, 0.94] + [1.0] * (len(body.stations) - 4) + [0.95, 0.85]
    rings = [_ring(body, s, inset) for s, inset in zip(body.stations, insets, strict=True)]

    def colour(gap: int, side: int) -> Paint:
        glazed_side = body.windscreen <= gap <= body.rear_window and side in (3, 7)
        glazed_top = gap in (body.windscreen, body.rear_window) and side in (4, 5, 6)
        if glazed_side or glazed_top:
            return GLASS
        return DARK if side in (0, 10, 11) else paint

    skin = loft(rings, colour, caps=False)
    nose, tail = rings[0], rings[-1]
    caps = Shape(
        np.array(nose + tail),
        (tuple(reversed(range(len(nose)))), tuple(range(len(nose), 2 * len(nose)))),
        (paint, paint),
    )
    return join(skin, caps)


def _trim(rng: np.random.Generator, body: Body) -> Shape:
    nose, half = body.length / 2, body.width / 2
    hood, boot = body.stations[1][1], body.stations[-2][1]
    plate = PLATE_GREEN if rng.uniform() < 0.25 else PLATE_BLUE
    mirror_x = body.stations[body.windscreen][0] * nose - 0.15
    belt = body.stations[body.windscreen][1]
    parts = [
        box((nose - 0.22, 0.42, hood - 0.16), (nose - 0.02, half * 0.86, hood - 0.02), HEADLIGHT),
        box((nose - 0.22, -half * 0.86, hood - 0.16), (nose - 0.02, -0.42, hood - 0.02), HEADLIGHT),
        box((nose - 0.1, -0.5, 0.36), (nose + 0.02, 0.5, 0.52), DARK),
        box((nose - 0.1, -0.22, 0.40), (nose + 0.04, 0.22, 0.53), plate),
        box((-nose - 0.02, 0.45, boot - 0.2), (-nose + 0.15, half * 0.88, boot - 0.03), TAIL_LIGHT),
        box(
            (-nose - 0.02, -half * 0.88, boot - 0.2), (-nose + 0.15, -0.45, boot - 0.03), TAIL_LIGHT
        ),
        box((-nose - 0.04, -0.22, boot - 0.34), (-nose + 0.1, 0.22, boot - 0.2), plate),
        box((-nose - 0.01, -half * 0.8, 0.3), (-nose + 0.15, half * 0.8, 0.42), DARK),
        box((mirror_x, half * 0.95, belt), (mirror_x + 0.12, half + 0.16, belt + 0.13), DARK),
        box((mirror_x, -half - 0.16, belt), (mirror_x + 0.12, -half * 0.95, belt + 0.13), DARK),
    ]
    return join(*parts)


def _wheel(body: Body, x: float, side: float) -> Shape:
    radius, outer = body.wheel, body.width / 2 * side
    arch = tube(
        (x, outer - 0.1 * side, radius * 1.05),
        (x, outer + 0.006 * side, radius * 1.05),
        radius * 1.18,
        DARK,
        segments=14,
    )
    tyre = tube(
        (x, outer - 0.22 * side, radius),
        (x, outer + 0.02 * side, radius),
        radius,
        RUBBER,
        segments=14,
    )
    hub = tube(
        (x, outer, radius), (x, outer + 0.03 * side, radius), radius * 0.62, CHROME, segments=10
    )
    return join(arch, tyre, hub)
