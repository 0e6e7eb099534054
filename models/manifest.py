"""What is recorded about a model: an entry of a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model, as its manifest (or, for a bare file, the file itself) describes it."""

    name: str
    file: Path
    """Absolute path of the ONNX file."""
    sha256: str
    """Of the file, lower-case hex; checked when the model is opened."""
    layout: str
    """Which reading of the outputs: one of models.LAYOUTS."""
    input_size: tuple[int, int]
    """(height, width) in pixels."""
    classes: tuple[str, ...]
    """The model's own names, in the order of its labels."""
    licence: str
    threshold: float
    """Score from which its boxes count, as shipped."""
    made: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: data, seed, commit, tool."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    """What it scored, and on what."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Class of the model: name in the vocabulary, where they differ."""
