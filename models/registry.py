"""The models at hand: the bundled ones, and those of a site."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from models.choice import Choice
from models.detector import Detector, load
from models.errors import UnknownModel
from models.manifest import ModelEntry, read_manifest

_Key = tuple[Path, int, str | None, tuple[str, ...] | None]

BUNDLED = Path(__file__).parent / "weights"


class Registry:
    """Finds models by name (bundled manifest, then the site's folder) or by file."""

    def __init__(self, site_models: Path | None = None, *, bundled: Path = BUNDLED) -> None:
        self._site_models = site_models
        self._bundled = bundled
        self._described: dict[_Key, ModelEntry] = {}

    def entries(self) -> tuple[ModelEntry, ...]:
        """Return what the manifests list, bundled first; raises ManifestError.

        A name of the site's that is bundled already is out of reach, and left out.
        """
        found: dict[str, ModelEntry] = {}
        for folder in (self._bundled, self._site_models):
            for entry in () if folder is None else read_manifest(folder):
                found.setdefault(entry.name, entry)
        return tuple(found.values())

    def find(
        self,
        name_or_path: str,
        base: Path,
        *,
        layout: str | None = None,
        classes: Sequence[str] | None = None,
    ) -> ModelEntry:
        """Find a model: anything with "/" or ".onnx" is a file relative to `base`, else a name.

        A PyTorch checkpoint is a file too, so that it is refused as one.

        A file that no manifest lists is loaded to see what it is (`layout` and `classes` help
        where it does not say). Raises UnknownModel, ManifestError, NotAModel, NoDetector.
        """
        if any(part in name_or_path for part in ("/", ".onnx", ".pt")):
            return self._describe((base / name_or_path).resolve(), layout, classes)
        entries = {entry.name: entry for entry in self.entries()}
        if name_or_path in entries:
            return entries[name_or_path]
        if self._site_models is not None:
            file = (self._site_models / f"{name_or_path}.onnx").resolve()
            if file.is_file():
                return self._describe(file, layout, classes)
        near = difflib.get_close_matches(name_or_path, entries, n=1)
        known = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(entries) or 'none'}"
        raise UnknownModel(
            f"no model {name_or_path!r}; {known} (a file is written with '/' or '.onnx')"
        )

    def open(
        self,
        entry: ModelEntry,
        conf: float | None = None,
        *,
        threads: int | None = None,
        spin: bool = True,
        choice: Choice | None = None,
    ) -> Detector:
        """Load what an entry describes, its hash checked; raises ModelError.

        `threads`, `spin` and `choice` are those of `load`.
        """
        return load(
            entry.file,
            conf=entry.threshold if conf is None else conf,
            layout=entry.layout,
            classes=entry.classes,
            input_size=entry.input_size,
            threads=threads,
            spin=spin,
            choice=choice,
            name=entry.name,
            sha256=entry.sha256,
        )

    def _describe(
        self, file: Path, layout: str | None, classes: Sequence[str] | None
    ) -> ModelEntry:
        """Return a file's entry: its manifest's, or one made by loading it."""
        for entry in self.entries():
            if entry.file == file:
                return entry
        stamp = file.stat().st_mtime_ns if file.is_file() else 0  # a missing file fails in load
        key = (file, stamp, layout, None if classes is None else tuple(classes))
        if key not in self._described:
            self._described[key] = _entry(load(file, layout=layout, classes=classes, spin=False))
        return self._described[key]


def _entry(detector: Detector) -> ModelEntry:
    detector.close()
    return ModelEntry(
        name=detector.name,
        file=detector.file,
        sha256=detector.sha256,
        layout=detector.layout,
        input_size=detector.input_size,
        classes=detector.classes,
        licence=detector.metadata.get("license", ""),
        threshold=detector.threshold,
    )
