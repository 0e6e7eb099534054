"""Buses and trucks: box vans, flatbeds and muck trucks (covered, open and empty)."""

import numpy as np

from training.scenes.paint import (
    DARK,
    GLASS,
    HEADLIGHT,
    RGB,
    RUBBER,
    SOIL,
    STEEL,
    TAIL_LIGHT,
    WHITE,
    Paint,
)
from training.scenes.shape import Point, Shape, box, heap, join, loft, tube

BUS_COLOURS: tuple[RGB, ...] = (
    (0.05, 0.30, 0.12),
    (0.03, 0.12, 0.40),
    (0.50, 0.03, 0.03),
    (0.60, 0.42, 0.03),
    (0.62, 0.63, 0.62),
    (0.04, 0.35, 0.38),
)
CAB_COLOURS: tuple[RGB, ...] = (
    (0.03, 0.10, 0.36),
    (0.60, 0.60, 0.58),
    (0.42, 0.03, 0.03),
    (0.50, 0.28, 0.02),
    (0.05, 0.22, 0.10),
    (0.1, 0.1, 0.11),
)
RAISED = 0.75
"""Angle (radians) at which a bed is tipped."""


def _rounded(x: float, half: float, low: float, high: float, cut: float) -> list[Point]:
    side = [(half - cut, low), (half, low + cut), (half, high - cut), (half - cut, high)]
    return [(x, y, z) for y, z in side] + [(x, -y, z) for y, z in reversed(side)]


def _wheels(xs: tuple[float, ...], half: float, radius: float) -> Shape:
    parts = []
    for x in xs:
        for side in (1.0, -1.0):
            outer = half * side
            parts += [
                tube(
                    (x, outer - 0.3 * side, radius),
                    (x, outer + 0.02 * side, radius),
                    radius,
                    RUBBER,
                    segments=14,
                ),
                tube(
                    (x, outer, radius),
                    (x, outer + 0.03 * side, radius),
                    radius * 0.5,
                    STEEL,
                    segments=8,
                ),
            ]
    return join(*parts)


def make_bus(rng: np.random.Generator) -> Shape:
    """Make a city bus with a window band, doors on its right side and a coloured livery."""
    length, half, high = float(rng.uniform(8.0, 12.0)), 1.25, float(rng.uniform(2.95, 3.2))
    livery = Paint(BUS_COLOURS[int(rng.integers(len(BUS_COLOURS)))], 0.35)
    upper = WHITE if rng.uniform() < 0.5 else livery
    nose = length / 2
    stations = (
        (nose, 0.93),
        (nose - 0.12, 0.99),
        (nose - 0.5, 1.0),
        (-nose + 0.2, 1.0),
        (-nose, 0.96),
    )
    low_rings = [_rounded(x, half * s, 0.32, 1.35, 0.05) for x, s in stations]
    top_rings = [_rounded(x, half * s, 1.33, high, 0.14) for x, s in stations]
    window = float(rng.uniform(1.2, 1.35))
    parts = [
        loft(low_rings, livery),
        loft(top_rings, upper),
        _wheels((nose - 2.3, -nose + 2.6), half, 0.48),
    ]
    pane = float(rng.uniform(1.1, 1.6))
    for start in np.arange(-nose + 0.5, nose - 1.2, pane + 0.1):
        stop = float(min(start + pane, nose - 0.6))
        parts += [
            box(
                (float(start), side * half - 0.02, window),
                (stop, side * half + 0.02, high - 0.5),
                GLASS,
            )
            for side in (1, -1)
        ]
    parts += [
        box((nose - 0.05, -half * 0.86, 1.15), (nose + 0.03, half * 0.86, high - 0.55), GLASS),
        box(
            (nose - 0.04, -0.7, high - 0.45),
            (nose + 0.03, 0.7, high - 0.2),
            Paint((0.5, 0.12, 0.01), emission=0.6),
        ),
        box((nose - 0.03, 0.7, 0.55), (nose + 0.03, 1.1, 0.78), HEADLIGHT),
        box((nose - 0.03, -1.1, 0.55), (nose + 0.03, -0.7, 0.78), HEADLIGHT),
        box((-nose - 0.03, -half * 0.8, 1.5), (-nose + 0.03, half * 0.8, high - 0.6), GLASS),
        box((-nose - 0.03, 0.85, 0.7), (-nose + 0.03, 1.15, 1.05), TAIL_LIGHT),
        box((-nose - 0.03, -1.15, 0.7), (-nose + 0.03, -0.85, 1.05), TAIL_LIGHT),
        box((nose - 2.0, -half - 0.02, 0.4), (nose - 0.8, -half + 0.02, high - 0.6), GLASS),
        box((-0.9, -half - 0.02, 0.4), (0.5, -half + 0.02, high - 0.6), GLASS),
        box((-nose * 0.6, -0.8, high), (nose * 0.1, 0.8, high + 0.22), upper),
    ]
    return join(*parts)


def _cab(nose: float, length: float, half: float, high: float, paint: Paint) -> Shape:
    back = nose - length
    rings = [
        _rounded(nose, half * 0.95, 0.45, 1.45, 0.06),
        _rounded(nose - 0.08, half, 0.42, 1.5, 0.06),
        _rounded(nose - 0.3, half, 0.42, high, 0.1),
        _rounded(back, half, 0.42, high, 0.08),
    ]
    return join(
        loft(rings, paint),
        loft(
            [
                [(nose + 0.0, -half * 0.84, 1.4), (nose + 0.0, half * 0.84, 1.4)],
                [(nose - 0.27, -half * 0.8, high - 0.2), (nose - 0.27, half * 0.8, high - 0.2)],
            ],
            GLASS,
            caps=False,
        ),
        *(
            box(
                (back + 0.25, s * half - 0.02, 1.4),
                (nose - 0.4, s * half + 0.02, high - 0.25),
                GLASS,
            )
            for s in (1, -1)
        ),
        box((nose - 0.05, -half * 0.7, 0.95), (nose + 0.04, half * 0.7, 1.2), DARK),
        box((nose - 0.1, half * 0.6, 0.6), (nose + 0.04, half * 0.92, 0.8), HEADLIGHT),
        box((nose - 0.1, -half * 0.92, 0.6), (nose + 0.04, -half * 0.6, 0.8), HEADLIGHT),
        box((nose - 0.1, -half, 0.42), (nose + 0.06, half, 0.58), DARK),
    )


def make_truck(rng: np.random.Generator) -> Shape:
    """Make a box van, a flatbed with side rails or a small tanker-less lorry."""
    length, half = float(rng.uniform(5.2, 8.5)), float(rng.uniform(0.95, 1.2))
    high, nose = float(rng.uniform(2.1, 2.6)), length / 2
    cab = Paint(CAB_COLOURS[int(rng.integers(len(CAB_COLOURS)))], 0.4)
    back = nose - 1.75
    parts = [
        _cab(nose, 1.65, half, high, cab),
        box((-nose + 0.1, -half * 0.4, 0.5), (back, half * 0.4, 0.8), DARK),
        _wheels((nose - 1.0, -nose + 1.2), half, 0.42),
    ]
    if rng.uniform() < 0.6:
        hull = Paint(
            ((0.66, 0.66, 0.64), (0.05, 0.14, 0.35), (0.3, 0.32, 0.3))[int(rng.integers(3))], 0.5
        )
        parts.append(
            box((-nose, -half, 0.85), (back, half, high + float(rng.uniform(0.0, 0.6))), hull)
        )
    else:
        rail = Paint(cab.colour, 0.6)
        parts += [
            box((-nose, -half, 0.85), (back, half, 0.95), DARK),
            box((-nose, -half, 0.95), (back, -half + 0.05, 1.4), rail),
            box((-nose, half - 0.05, 0.95), (back, half, 1.4), rail),
            box((-nose, -half, 0.95), (-nose + 0.05, half, 1.4), rail),
        ]
        for _ in range(int(rng.integers(0, 5))):
            x, y = rng.uniform(-nose + 0.7, back - 0.7), rng.uniform(-half + 0.5, half - 0.5)
            tint = Paint(tuple(rng.uniform(0.1, 0.5, 3).tolist()))
            parts.append(
                box((x - 0.5, y - 0.4, 0.95), (x + 0.5, y + 0.4, rng.uniform(1.3, 2.1)), tint)
            )
    parts += [
        box(
            (-nose - 0.03, s * half * 0.8 - 0.12, 0.65),
            (-nose + 0.05, s * half * 0.8 + 0.12, 0.82),
            TAIL_LIGHT,
        )
        for s in (1, -1)
    ]
    return join(*parts)


def make_muck_truck(rng: np.random.Generator, load: str) -> Shape:
    """Make a muck truck, its bed "covered" by a lid, "open" over soil, "empty", or "raised".

    Raised: it stands up on its hinge at the back, and soil is still in it.
    """
    length, half, high = float(rng.uniform(7.5, 9.5)), 1.25, 2.75
    nose = length / 2
    cab = Paint(CAB_COLOURS[int(rng.integers(len(CAB_COLOURS)))], 0.45)
    paint = cab if rng.uniform() < 0.6 else Paint((0.16, 0.17, 0.17), 0.7)
    bed = _bed(rng, load, (-nose, nose - 2.1, half), paint)
    if load == "raised":
        bed = bed.placed(nose, 0.0, -1.1).leaned(-RAISED).placed(-nose, 0.0, 1.1)
    parts = [
        _cab(nose, 2.0, half, high, cab),
        box((-nose + 0.1, -0.5, 0.6), (nose - 2.1, 0.5, 1.0), DARK),
        _wheels((nose - 1.2, -nose + 2.2, -nose + 0.9), half, 0.5),
        bed,
    ]
    parts += [
        box((-nose - 0.03, s - 0.15, 0.75), (-nose + 0.05, s + 0.15, 0.95), TAIL_LIGHT)
        for s in (0.9, -0.9)
    ]
    return join(*parts)


def _bed(
    rng: np.random.Generator, load: str, sides: tuple[float, float, float], paint: Paint
) -> Shape:
    """Make a muck truck's bed and its load; sides: x of its back and front, half its width."""
    back, front, half = sides
    top = float(rng.uniform(2.35, 2.7))
    parts = [
        box((back, -half, 1.1), (front, half, 1.25), paint),
        box((back, -half, 1.25), (front, -half + 0.08, top), paint),
        box((back, half - 0.08, 1.25), (front, half, top), paint),
        box((back, -half, 1.25), (back + 0.08, half, top), paint),
        box((front - 0.08, -half, 1.25), (front, half, top + 0.25), paint),
    ]
    for x in np.arange(back + 0.4, front, 0.8):
        parts += [
            box((float(x), s * half - 0.04, 1.15), (float(x) + 0.12, s * half + 0.05, top), paint)
            for s in (1, -1)
        ]
    if load == "covered":
        lid = paint if rng.uniform() < 0.5 else Paint((0.05, 0.2, 0.08), 0.8)
        parts.append(box((back, -half, top - 0.02), (front, half, top + 0.08), lid))
    elif load in {"open", "raised"}:
        soil = Paint(
            tuple((np.array(SOIL.colour) * rng.uniform(0.6, 1.8)).tolist()),
            0.95,
            grain="speckle",
            size_m=0.3,
        )
        parts += [
            box((back + 0.1, -half + 0.1, 1.25), (front - 0.1, half - 0.1, top - 0.15), soil),
            heap(
                rng, front - back - 0.3, 2 * half - 0.3, float(rng.uniform(0.4, 0.9)), soil
            ).placed((back + front) / 2, 0.0, top - 0.16),
        ]
    return join(*parts)
