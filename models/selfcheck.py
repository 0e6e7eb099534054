"""Does a model see what is there? One that loads and sees nothing must not watch a street."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from models.pictures import Picture


class Verdict(StrEnum):
    """What the self-check found."""

    ACCEPTED = "accepted"
    FAILS = "fails"
    """It loads and runs, but does not find what is in the picture."""
    NO_DETECTOR = "no_detector"
    """It is no ONNX file, or no detector that we can read."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict on one model file, with the reasons in words."""

    file: Path
    verdict: Verdict
    reasons: tuple[str, ...]


def check_model(
    path: Path,
    *,
    layout: str | None = None,
    classes: Sequence[str] | None = None,
    picture: Path | Picture | None = None,
    expect: Sequence[str] | None = None,
) -> CheckResult:
    """Load a model and see whether it finds known things in a picture. Never raises ModelError."""
    raise NotImplementedError
