"""What is added to a violation's evidence later: a folder of its own, signed and chained as well.

A finished folder is never touched again. What only exists later (the clip after the confirmation,
a second look) lies beside it, under its name with a word behind: `ID-clip`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cases.errors import EvidenceError, EvidenceReason
from cases.evidence.evidence import EvidenceFile, FileKind
from cases.evidence.manifest import read_evidence
from cases.evidence.request import EvidenceRequest

CLIP_SUPPLEMENT: Final = "clip"
"""Name of the supplement with the clip around the confirmation."""
SHOWN_NAME: Final = "clip-shown.mp4"
_NAME: Final = re.compile("[a-z][a-z0-9-]{0,19}")


@dataclass(frozen=True, slots=True)
class Supplement:
    """Something to add to a violation's evidence."""

    name: str
    """One lower-case word, dashes allowed; the same name again is the same supplement."""
    request: EvidenceRequest
    """The violation, and the stills and clips to add; either may be empty."""
    shown: Path | None = None
    """A clip that has been made to leave the box; taken in as `clip-shown.mp4`."""

    def __post_init__(self) -> None:
        """Refuse a name that could lead elsewhere."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name: expected one lower-case word, got {self.name!r}")


def supplement_folder(folder: Path, name: str) -> Path:
    """Where a supplement to the evidence in `folder` lies."""
    return folder.with_name(f"{folder.name}-{name}")


def supplements_of(folder: Path) -> tuple[Path, ...]:
    """Return the folders that were added to the evidence in `folder`, by name."""
    return tuple(path for path in sorted(folder.parent.glob(f"{folder.name}-*")) if path.is_dir())


def shown_clip(folder: Path) -> EvidenceFile | None:
    """Return the clip that may leave the box, of the evidence in `folder`; None without one.

    EvidenceError where its manifest cannot be read.
    """
    added = supplement_folder(folder, CLIP_SUPPLEMENT)
    try:
        evidence = read_evidence(added)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise EvidenceError(EvidenceReason.FAILED, f"{added}: {error}") from error
    return next((file for file in evidence.files if file.kind is FileKind.SHOWN), None)
