"""A picture with its boxes, whatever set it came from."""

from dataclasses import dataclass
from pathlib import Path

from models import STREET_CLASSES

CLASSES: tuple[str, ...] = STREET_CLASSES
"""The street model's classes, in the order of its labels."""


LOOK_ALIKES = "lookalikes"
"""Origin, in a dataset, of the rendered pictures without any rare thing."""
STORIES = "stories"
"""Origin, in a dataset, of the pictures of stories: what clips that judge are of, other seeds."""
COMMON = frozenset({"car", "bus", "truck", "two_wheeler", "person", "sign"})
"""What stands in scenes of look-alikes too."""


class DatasetError(ValueError):
    """A set of pictures cannot be used as it is; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Box:
    """One labelled thing; half-open pixels of the picture."""

    label: str
    """One of CLASSES."""
    xyxy: tuple[float, float, float, float]
    source: str = "set"
    """Who says so: "set" (its annotators), "renderer", "teacher" or "model" (ours, looked at)."""
    distance_m: float | None = None
    """From the camera, where a renderer knows."""

    def __post_init__(self) -> None:
        """Refuse a class outside the list and a box without an area."""
        x0, y0, x1, y1 = self.xyxy
        if self.label not in CLASSES:
            raise DatasetError(f"class {self.label!r} is none of {', '.join(CLASSES)}")
        if not (x1 > x0 and y1 > y0):
            raise DatasetError(f"{self.label}: box {self.xyxy} has no area")

    @property
    def area(self) -> float:
        """Return width times height in pixels."""
        x0, y0, x1, y1 = self.xyxy
        return (x1 - x0) * (y1 - y0)

    def overlap(self, other: "Box") -> float:
        """Return the shared area in pixels."""
        ax0, ay0, ax1, ay1 = self.xyxy
        bx0, by0, bx1, by1 = other.xyxy
        return max(0.0, min(ax1, bx1) - max(ax0, bx0)) * max(0.0, min(ay1, by1) - max(ay0, by0))

    def iou(self, other: "Box") -> float:
        """Return intersection over union."""
        shared = self.overlap(other)
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture file and what is in it."""

    picture: Path
    width: int
    height: int
    boxes: tuple[Box, ...]
    origin: str
    """Name of the set; "scenes" for rendered pictures."""
    order: tuple[str, int]
    """Place in its set: pictures next to each other here may be near-copies."""
    weather: str = ""
    """Of a rendered picture; empty where nobody wrote it down."""
    mode: str = ""
    """"rare", "look-alikes" for a rendered picture without any rare thing, or empty."""
    ignored: tuple[Box, ...] = ()
    """What is there but too hidden or too small to be asked for: found, it is no false box."""

    def __post_init__(self) -> None:
        """Refuse boxes that lie outside the picture by more than rounding."""
        for box in self.boxes:
            x0, y0, x1, y1 = box.xyxy
            if x0 < -2 or y0 < -2 or x1 > self.width + 2 or y1 > self.height + 2:
                raise DatasetError(
                    f"{self.picture}: {box.label} {box.xyxy} lies outside "
                    f"{self.width} x {self.height}"
                )
