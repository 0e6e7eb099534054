"""The street model's architecture: a YOLO26n of the Ultralytics package with our classes."""

from typing import Any

from training.example import CLASSES

ARCHITECTURE = "yolo26n.yaml"


def make_model() -> Any:
    """Make an untrained DetectionModel; needs the training environment."""
    from ultralytics.cfg import get_cfg  # type: ignore[import-not-found]  # noqa: PLC0415
    from ultralytics.nn.tasks import (  # type: ignore[import-not-found]  # noqa: PLC0415
        DetectionModel,
    )

    model = DetectionModel(ARCHITECTURE, nc=len(CLASSES), verbose=False)
    model.names = dict(enumerate(CLASSES))
    model.args = get_cfg()
    return model
