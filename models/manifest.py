"""What is recorded about models: manifest.json beside their files.

    {"models": [{"name": "street", "file": "street.onnx", "sha256": "...", "layout": "ultralytics",
                 "input_size": [352, 640], "classes": ["car", ...], "licence": "AGPL-3.0",
                 "threshold": 0.3, "made": {...}, "scores": {...}, "maps": {"van": "car"}}]}

`maps` and `kind_conf` are optional; `made` and `scores` are free in form. Keys that are not known
are left alone, so that a newer manifest can be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import ManifestError

NAME = "manifest.json"

MAX_BYTES = 16 << 20
"""Largest manifest read; one entry has some 2 kB."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model, as its manifest (or, for a bare file, the file itself) describes it."""

    name: str
    file: Path
    """Absolute path of the ONNX file."""
    sha256: str
    """Of the file, lower-case hex; checked when the model is opened."""
    layout: str
    """Which reading of the outputs: ultralytics, ultralytics-end2end, yolox, picodet."""
    input_size: tuple[int, int]
    """(height, width) in pixels."""
    classes: tuple[str, ...]
    """The model's own names, in the order of its labels."""
    licence: str
    """Empty when nobody says."""
    threshold: float
    """Score from which its boxes count, as shipped."""
    made: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: data, seed, commit, tool."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    """What it scored, and on what."""
    kind_conf: Mapping[str, float] = field(default_factory=dict)
    """Kind of violation: score from which its rules take things up, where not from `threshold`."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Class of the model: name in the vocabulary, where they differ."""


def read_manifest(folder: Path) -> tuple[ModelEntry, ...]:
    """Read a folder's manifest; without one, no model. Raises ManifestError, naming the key."""
    from pydantic import ValidationError  # noqa: PLC0415  # loaded late: detectors need entries only

    from models.manifest_file import ManifestFile  # noqa: PLC0415  # same

    file = folder / NAME
    try:
        if not file.is_file():
            return ()
        if file.stat().st_size > MAX_BYTES:
            raise ManifestError(f"{file}: larger than a manifest is ({MAX_BYTES} bytes)")
        manifest = ManifestFile.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ManifestError(f"{file}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise ManifestError(f"{file}: {key.lstrip('.') or 'JSON'}: {first['msg']}") from error
    return tuple(
        ModelEntry(
            name=record.name,
            file=(folder / record.file).resolve(),
            sha256=record.sha256.lower(),
            layout=record.layout,
            input_size=record.input_size,
            classes=record.classes,
            licence=record.licence,
            threshold=record.threshold,
            made=record.made,
            scores=record.scores,
            kind_conf=record.kind_conf,
            maps=record.maps,
        )
        for record in manifest.models
    )
