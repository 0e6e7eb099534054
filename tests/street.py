"""The acceptance run on street.mp4: its site, and where its parked car stands."""

from pathlib import Path
from typing import Any

from tests.site import camera, write_site

PARKED = (600.0, 147.0, 640.0, 189.0)
"""The car that is parked all along in street.mp4, by eye."""
LOWER = [[0.0, 0.25], [1.0, 0.25], [1.0, 1.0], [0.0, 1.0]]


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(areas) - width * height)


def street_site(folder: Path, url: str, shared_data: Path, **more: Any) -> Path:
    """Write the site of the acceptance run: the lower 75 %, 26 s, a real model."""
    model = shared_data / "weights" / "yolo11n_quantized.onnx"
    one = camera("street", url, polygon=LOWER, rule={"dwell_s": 26})
    return write_site(folder, [one], model, sampling={"interval_s": 2}, **more)
