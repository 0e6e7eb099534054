"""Evidence as files on disk: written, flushed and hashed before these objects exist."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class FileKind(StrEnum):
    """What a file of the evidence is."""

    ORIGINAL = "original"
    """The full-size picture, nothing drawn, nothing covered; stays on the box."""
    PACKETS = "packets"
    """The compressed packets that a still was decoded from, byte for byte."""
    ANNOTATED = "annotated"
    """The picture that leaves the box: drawn on, bystanders covered."""
    CROP = "crop"
    """The accused thing alone, at full resolution, nothing covered; stays on the box."""
    CLIP = "clip"
    """Packets muxed into a file that plays; nothing was encoded again; stays on the box."""
    SHOWN = "shown"
    """A clip that was encoded again with bystanders covered: it may leave the box."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file of the evidence."""

    path: Path
    """Absolute."""
    sha256: str
    """Of its bytes, 64 hex digits."""
    captured_at: datetime | None
    """When the picture (of a clip: the first) was taken, UTC."""
    kind: FileKind


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finished evidence folder."""

    folder: Path
    files: tuple[EvidenceFile, ...]
    """Without the manifest, in the manifest's order."""
    manifest_sha256: str
    """Of the bytes of manifest.json, which names every file with its hash."""
