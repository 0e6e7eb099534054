"""What a stopped or finished run leaves: RUN/last.pt."""

from pathlib import Path
from typing import Any

from training.architecture import ARCHITECTURE
from training.example import CLASSES, DatasetError


def read_checkpoint(path: Path, device: Any = "cpu") -> dict[str, Any]:
    """Read a checkpoint onto a device; raises DatasetError for one of another model."""
    import torch  # type: ignore[import-not-found]  # noqa: PLC0415 - training environment only

    saved: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    if saved["classes"] != list(CLASSES) or saved["architecture"] != ARCHITECTURE:
        raise DatasetError(f"{path}: a checkpoint of another model")
    return saved
