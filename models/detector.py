"""A loaded model that finds things in pictures."""

from collections.abc import Sequence
from pathlib import Path

from models.detections import Detections
from models.pictures import Picture


class Detector:
    """Pictures in, boxes out. Used by one thread at a time (a lock holds others back)."""

    name: str
    file: Path
    sha256: str
    layout: str
    classes: tuple[str, ...]
    input_size: tuple[int, int]
    """(height, width) in pixels."""
    batch: int | None
    """Pictures per run that the model is fixed to; None when it takes any number."""
    threshold: float

    def detect(self, pictures: Sequence[Picture], conf: float | None = None) -> list[Detections]:
        """Find things: one Detections a picture, in its pixels; labels index `classes`."""
        raise NotImplementedError

    def close(self) -> None:
        """Free the session and its tensors."""
        raise NotImplementedError


def load(
    path: Path,
    *,
    conf: float | None = None,
    iou: float | None = None,
    layout: str | None = None,
    classes: Sequence[str] | None = None,
    threads: int | None = None,
) -> Detector:
    """Load a detector from an ONNX file; raises NotAModel, NoDetector."""
    raise NotImplementedError
