"""The models at hand: the bundled ones, and those of a site."""

from pathlib import Path

from models.detector import Detector
from models.manifest import ModelEntry


class Registry:
    """Finds models by name (bundled manifest, then the site's) or by file."""

    def __init__(self, site_models: Path | None = None) -> None:
        self._site_models = site_models

    def entries(self) -> tuple[ModelEntry, ...]:
        """Return what the manifests list, bundled first; raises ManifestError."""
        raise NotImplementedError

    def find(self, name_or_path: str, base: Path) -> ModelEntry:
        """Find a model: anything with "/" or ".onnx" is a file relative to `base`, else a name."""
        raise NotImplementedError

    def open(self, entry: ModelEntry, conf: float | None = None) -> Detector:
        """Load what an entry describes, its hash checked."""
        raise NotImplementedError
