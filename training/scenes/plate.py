"""A real picture to set rendered things on: where its camera stood, and where its ground lies."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.cameras import Camera
from training.scenes.light import Light
from training.scenes.request import RequestError

AREA_KINDS = ("road", "pavement", "plaza")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the ground, as the picture shows it."""

    kind: str
    """One of AREA_KINDS."""
    heading: float
    """Radians: the way its street runs; 0 is away from the camera, positive to the left."""
    polygon: tuple[Point, ...]
    """Fractions of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one fixed camera sees, measured by eye in its picture."""

    video: str
    camera: Camera
    far_m: float
    """Things stand no farther away."""
    light: Light
    grey: float
    """Share of the colour that the camera loses."""
    blur_px: float
    """Softness of its picture, of 640 pixels' width."""
    areas: tuple[Area, ...]
    foreground: tuple[tuple[Point, ...], ...]
    """What stands before everything else: polygons in fractions of the picture."""
    without: frozenset[str]
    """Classes that are not set on it, because it shows some that nobody has labelled."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A real thing in a plate, found by another model."""

    label: str | None
    """None for one that is too doubtful to be labelled, but stands in the way all the same."""
    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """One real frame."""

    picture: Path
    width: int
    height: int
    noise: float
    """Standard deviation from one frame to the next, in shares of white."""
    seen: tuple[Seen, ...]
    view: View


def _camera(record: dict[str, Any], ratio: float) -> Camera:
    """Stand the camera at the origin; ratio is height by width of its picture."""
    view = float(np.radians(record["view_deg"]))
    focal = 0.5 / np.tan(view / 2)
    pitch = float(np.arctan2((0.5 - record["horizon"]) * ratio, focal))
    return Camera(0.0, 0.0, float(record["height_m"]), 0.0, pitch, view)


def _light(record: dict[str, Any]) -> Light:
    sky = tuple(record["sky"])
    return Light(
        record["weather"],
        float(np.radians(record["sun_height_deg"])),
        float(np.radians(record["sun_bearing_deg"])),
        float(record["sun_strength"]),
        (1.0, 0.96, 0.9),
        float(record["sun_spread"]),
        (sky[0], sky[1], sky[2]),
        (sky[0], sky[1], sky[2]),
        float(record["sky_strength"]),
        float(record["exposure"]),
    )


def read_view(path: Path, ratio: float) -> View:
    """Read a view's JSON; raises RequestError with the file and what is wrong."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        areas = tuple(
            Area(
                row["kind"],
                float(np.radians(row["heading_deg"])),
                tuple((float(x), float(y)) for x, y in row["polygon"]),
            )
            for row in record["areas"]
        )
        view = View(
            record["video"],
            _camera(record, ratio),
            float(record["far_m"]),
            _light(record["light"]),
            float(record["grey"]),
            float(record["blur_px"]),
            areas,
            tuple(tuple((float(x), float(y)) for x, y in part) for part in record["foreground"]),
            frozenset(record["without"]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise RequestError(f"{path}: {error!r}") from error
    unknown = {area.kind for area in areas} - set(AREA_KINDS)
    if unknown or not areas:
        raise RequestError(f"{path}: areas of {sorted(unknown)}, expected some of {AREA_KINDS}")
    return view


def read_plate(path: Path, views: Path) -> Plate:
    """Read a plate's JSON (training.plates writes it) and its view's; raises RequestError."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        seen = tuple(
            Seen(row["label"], (row["xyxy"][0], row["xyxy"][1], row["xyxy"][2], row["xyxy"][3]))
            for row in record["seen"]
        )
        width, height = int(record["width"]), int(record["height"])
        view = read_view(views / f"{record['view']}.json", height / width)
        picture = path.with_name(record["file"])
        return Plate(picture, width, height, float(record["noise"]), seen, view)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise RequestError(f"{path}: {error!r}") from error


def on_ground(camera: Camera, x: float, y: float, ratio: float) -> Point | None:
    """Return the metres of the ground seen at a fraction of the picture; None above the horizon."""
    focal = 0.5 / np.tan(camera.view / 2)
    ray = np.array([x - 0.5, (0.5 - y) * ratio, -focal]) @ camera.axes()
    if ray[2] > -1e-4:
        return None
    reach = camera.z / -ray[2]
    return float(camera.x + reach * ray[0]), float(camera.y + reach * ray[1])


def inside(points: NDArray[np.float64], polygon: tuple[Point, ...]) -> NDArray[np.bool_]:
    """Say which points (N, 2) lie in a polygon, by the number of edges to their right."""
    xs, ys = points[:, 0], points[:, 1]
    crossings = np.zeros(len(points), int)
    for (x0, y0), (x1, y1) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if y0 == y1:
            continue
        between = (ys >= min(y0, y1)) & (ys < max(y0, y1))
        crossings += between & (xs < x0 + (ys - y0) * (x1 - x0) / (y1 - y0))
    return np.asarray(crossings % 2 == 1, np.bool_)
