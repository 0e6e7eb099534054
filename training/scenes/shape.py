"""Polygon shapes built from boxes, tubes, lofts and ellipsoids; no renderer here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.scenes.paint import Paint

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Faces over shared vertices, each face with its paint."""

    vertices: NDArray[np.float64]
    """(V, 3) metres."""
    faces: tuple[tuple[int, ...], ...]
    paints: tuple[Paint, ...]
    """One a face."""

    def placed(self, x: float, y: float, z: float = 0.0, heading: float = 0.0) -> "Shape":
        """Return the shape turned about z by heading (radians), then moved."""
        cos, sin = np.cos(heading), np.sin(heading)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        return Shape(self.vertices @ turn.T + np.array([x, y, z]), self.faces, self.paints)

    def scaled(self, x: float, y: float, z: float) -> "Shape":
        """Return the shape stretched about its origin."""
        return Shape(self.vertices * np.array([x, y, z]), self.faces, self.paints)

    def leaned(self, angle: float) -> "Shape":
        """Return the shape turned about y by angle (radians): positive leans forward."""
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
        return Shape(self.vertices @ turn.T, self.faces, self.paints)

    def rolled(self, angle: float) -> "Shape":
        """Return the shape turned about x by angle (radians): positive lifts its left side."""
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
        return Shape(self.vertices @ turn.T, self.faces, self.paints)

    def unlit(self) -> "Shape":
        """Return the shape with every light of the night switched off."""
        return Shape(
            self.vertices, self.faces, tuple(replace(paint, night=0.0) for paint in self.paints)
        )


def join(*shapes: Shape) -> Shape:
    """Put several shapes into one."""
    vertices, base = [np.empty((0, 3))], 0
    faces: list[tuple[int, ...]] = []
    paints: list[Paint] = []
    for shape in shapes:
        vertices.append(shape.vertices)
        faces.extend(tuple(index + base for index in face) for face in shape.faces)
        paints.extend(shape.paints)
        base += len(shape.vertices)
    return Shape(np.concatenate(vertices), tuple(faces), tuple(paints))


def box(low: Point, high: Point, paint: Paint) -> Shape:
    """Make a box from its lowest to its highest corner."""
    xs, ys, zs = zip(low, high, strict=True)
    corners = np.array([(x, y, z) for x in xs for y in ys for z in zs])
    faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return Shape(corners, faces, (paint,) * 6)


def loft(
    rings: Sequence[Sequence[Point]],
    paint: Callable[[int, int], Paint] | Paint,
    *,
    caps: bool = True,
) -> Shape:
    """Skin equal-length rings of points; paint(i, j) colours ring gap i, side j."""
    count = len(rings[0])
    vertices = np.array([point for ring in rings for point in ring], np.float64)
    faces: list[tuple[int, ...]] = []
    paints: list[Paint] = []
    colour = paint if callable(paint) else (lambda _i, _j: paint)
    for i in range(len(rings) - 1):
        for j in range(count):
            a, b = i * count + j, i * count + (j + 1) % count
            faces.append((a, b, b + count, a + count))
            paints.append(colour(i, j))
    if caps:
        last = (len(rings) - 1) * count
        faces += [tuple(reversed(range(count))), tuple(range(last, last + count))]
        paints += [colour(0, 0), colour(len(rings) - 2, 0)]
    return Shape(vertices, tuple(faces), tuple(paints))


def _circle(centre: Point, radius: float, axis: Point, segments: int) -> list[Point]:
    direction = np.array(axis) / np.linalg.norm(axis)
    helper = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    u = np.cross(direction, helper)
    u /= np.linalg.norm(u)
    v = np.cross(direction, u)
    angles = np.arange(segments) * 2 * np.pi / segments
    return [tuple(np.array(centre) + radius * (np.cos(a) * u + np.sin(a) * v)) for a in angles]


def tube(
    start: Point,
    end: Point,
    radius: float,
    paint: Paint,
    *,
    end_radius: float | None = None,
    segments: int = 8,
) -> Shape:
    """Make a closed round bar between two points, tapered when end_radius is given."""
    axis = (end[0] - start[0], end[1] - start[1], end[2] - start[2])
    rings = [
        _circle(start, radius, axis, segments),
        _circle(end, radius if end_radius is None else end_radius, axis, segments),
    ]
    return loft(rings, paint)


def ring(centre: Point, radius: float, thickness: float, paint: Paint, segments: int = 12) -> Shape:
    """Make an upright wheel rim (a torus about y) of square section."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    rings: list[list[Point]] = [
        [
            (
                centre[0] + (radius + r * thickness) * np.cos(a),
                centre[1] + s * thickness,
                centre[2] + (radius + r * thickness) * np.sin(a),
            )
            for r, s in corners
        ]
        for a in np.arange(segments + 1) * 2 * np.pi / segments
    ]
    return loft(rings, paint, caps=False)


def ellipsoid(
    centre: Point, radii: Point, paint: Paint, *, segments: int = 10, rings: int = 6
) -> Shape:
    """Make an ellipsoid about a centre."""
    loops: list[list[Point]] = []
    for i in range(rings + 1):
        polar = np.pi * (0.02 + 0.96 * i / rings)
        loops.append(
            [
                (
                    centre[0] + radii[0] * np.sin(polar) * np.cos(a),
                    centre[1] + radii[1] * np.sin(polar) * np.sin(a),
                    centre[2] - radii[2] * np.cos(polar),
                )
                for a in np.arange(segments) * 2 * np.pi / segments
            ]
        )
    return loft(loops, paint)


def heap(
    rng: np.random.Generator, length: float, width: float, height: float, paint: Paint
) -> Shape:
    """Make a rough heap on the ground: a lumpy dome."""
    segments, levels = 16, 5
    loops: list[list[Point]] = []
    for level in range(levels):
        share = 1 - level / (levels - 1) * 0.95
        top = height * (1 - share**2)
        loops.append(
            [
                (
                    float(length / 2 * share * np.cos(a) * rng.uniform(0.8, 1.15)),
                    float(width / 2 * share * np.sin(a) * rng.uniform(0.8, 1.15)),
                    float(top * rng.uniform(0.85, 1.15)),
                )
                for a in np.arange(segments) * 2 * np.pi / segments
            ]
        )
    return loft(loops, paint)


def blob(
    rng: np.random.Generator, length: float, width: float, paint: Paint, height: float = 0.012
) -> Shape:
    """Make a flat patch with a ragged edge on the ground."""
    count = 22
    angles = np.arange(count) * 2 * np.pi / count
    phases, size = rng.uniform(0, 2 * np.pi, 3), np.ones(count)
    for wave, share in zip((2, 3, 5), (0.22, 0.16, 0.1), strict=True):
        size += share * np.cos(wave * angles + phases[wave % 3])
    size *= rng.uniform(0.85, 1.15, count)
    edge = np.stack([length / 2 * size * np.cos(angles), width / 2 * size * np.sin(angles)], 1)
    rings = [
        [(float(x) * s, float(y) * s, z) for x, y in edge] for s, z in ((1.0, 0.0), (0.97, height))
    ]
    return loft(rings, paint)
