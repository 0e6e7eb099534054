"""What a stopped or finished run leaves: RUN/last.pt."""

import warnings
from pathlib import Path
from typing import Any

from training.architecture import ARCHITECTURE
from training.example import CLASSES, DatasetError

MODEL = {"architecture": ARCHITECTURE, "classes": list(CLASSES)}
"""What a checkpoint says of its model."""


def read_checkpoint(path: Path, *parts: str, device: Any = "cpu") -> dict[str, Any]:
    """Read a checkpoint onto a device, for some of its parts ("mean", "optimizer").

    Raises DatasetError for a file that is none, one of another model and one without a part.
    """
    import torch  # type: ignore[import-not-found]  # noqa: PLC0415 - training environment only

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch wonders aloud about pickles of others
            saved = torch.load(path, map_location=device, weights_only=True)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # a strange file makes torch raise nearly anything
        what = f"no whole checkpoint of training.train ({type(error).__name__})"
        raise DatasetError(f"{path}: {what}") from error
    if not isinstance(saved, dict) or any(saved.get(key) != of for key, of in MODEL.items()):
        raise DatasetError(f"{path}: a checkpoint of another model")
    if missing := sorted(set(parts) - set(saved)):
        raise DatasetError(f"{path}: a checkpoint without {', '.join(missing)}")
    return saved


def give_weights(model: Any, weights: dict[str, Any], path: Path | None) -> None:
    """Give a model a checkpoint's weights; raises DatasetError where they do not fit."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        last = str(error).splitlines()[-1].strip()
        raise DatasetError(f"{path}: weights of another model ({last})") from error
