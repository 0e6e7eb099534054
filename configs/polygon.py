"""Polygons of zones, in fractions of the picture."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from shapely import Polygon as Shape
from shapely.validation import explain_validity

from configs.fields import NUMBER, fault

SMALLEST_AREA = 1e-5
"""Share of the picture: about 20 pixels of a 1920x1080 picture. Less is a slip, not a zone."""

MOST_POINTS = 200

Fraction = Annotated[float, Field(json_schema_extra={"minimum": 0, "maximum": 1}), NUMBER]

Point = tuple[Fraction, Fraction]
"""x, y in fractions of the picture's width and height: x right, y down, both 0..1."""


def check_polygon(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the ring without a repeated last point, or say what is wrong with it."""
    ring = tuple(points)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring = ring[:-1]
    if len(ring) < 3:
        raise fault(
            f"a polygon of {len(ring)} point{'' if len(ring) == 1 else 's'} encloses nothing",
            "write at least three points, such as [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]",
        )
    if len(ring) > MOST_POINTS:
        raise fault(f"a polygon of {len(ring)} points", f"write at most {MOST_POINTS} points")
    _check_range(ring)
    shape = Shape(ring)
    if not shape.is_valid:
        raise fault(
            f"the polygon crosses or touches itself ({explain_validity(shape)})",
            "list the corners in the order in which you walk around the zone",
        )
    if shape.area < SMALLEST_AREA:
        raise fault(
            f"the polygon covers {shape.area:.2g} of the picture, almost nothing",
            "write corners that enclose the zone",
        )
    return ring


def _check_range(ring: tuple[Point, ...]) -> None:
    for number, (x, y) in enumerate(ring, start=1):
        if 0 <= x <= 1 and 0 <= y <= 1:
            continue
        raise fault(
            f"point {number}, [{x:g}, {y:g}], lies outside the picture (0..1)",
            "write fractions of the picture: x / width, y / height"
            + (" (these look like pixels)" if max(x, y) > 2 else ""),
        )


Polygon = Annotated[
    tuple[Point, ...],
    AfterValidator(check_polygon),
    Field(examples=[[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]]),
]
"""At least three corners, in order, not crossing itself."""
