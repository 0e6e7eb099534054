"""Pictures, in batches, into detections. Knows nothing of cameras or time.

Only numpy is loaded here: OpenCV, pydantic and a backend come with the first name that needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.classes import COCO_CLASSES, STREET_CLASSES
from models.detections import Detections
from models.errors import (
    InferenceFailed,
    ManifestError,
    ModelError,
    NoDetector,
    NotAModel,
    PictureError,
    UnknownModel,
)
from models.manifest import ModelEntry
from models.vocabulary import VOCABULARY, Relabelling, Vocabulary

if TYPE_CHECKING:
    from models.choice import Choice, beside_cameras, read_choices, write_choices
    from models.detector import Detector, load
    from models.pictures import Picture, read_picture
    from models.registry import Registry
    from models.selfcheck import CheckResult, Verdict, check_model
    from models.tuning import Trial, tune, tune_each

__all__ = [
    "COCO_CLASSES",
    "STREET_CLASSES",
    "VOCABULARY",
    "CheckResult",
    "Choice",
    "Detections",
    "Detector",
    "InferenceFailed",
    "ManifestError",
    "ModelEntry",
    "ModelError",
    "NoDetector",
    "NotAModel",
    "Picture",
    "PictureError",
    "Registry",
    "Relabelling",
    "Trial",
    "UnknownModel",
    "Verdict",
    "Vocabulary",
    "beside_cameras",
    "check_model",
    "load",
    "read_choices",
    "read_picture",
    "tune",
    "tune_each",
    "write_choices",
]

_LATE = {
    "CheckResult": "models.selfcheck",
    "Choice": "models.choice",
    "Detector": "models.detector",
    "Picture": "models.pictures",
    "Registry": "models.registry",
    "Trial": "models.tuning",
    "Verdict": "models.selfcheck",
    "check_model": "models.selfcheck",
    "load": "models.detector",
    "beside_cameras": "models.choice",
    "read_choices": "models.choice",
    "read_picture": "models.pictures",
    "tune": "models.tuning",
    "tune_each": "models.tuning",
    "write_choices": "models.choice",
}


def __getattr__(name: str) -> Any:
    """Import the module behind a late name when it is first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
