"""What evidence is made of, handed over by whoever watched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from configs import Place
from detectors import Box, Moment, PictureState, Violation, Zone
from streams import Excerpt, Picture


@dataclass(frozen=True, slots=True)
class SeenThing:
    """Anything that was detected in a picture: it may have to be covered."""

    label: str
    """Vocabulary name."""
    box: Box
    """In the pixels that the still's width and height count."""
    echo: bool = False
    """Found much less surely inside another vehicle's box: perhaps a part of that one."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A picture of a moment."""

    moment: Moment
    """With time and box; a moment that does not exist has no still."""
    picture: Picture = field(repr=False)
    """(H, W, 3) uint8 RGB at full size."""
    width: int
    """Size of the picture that the boxes were found in, which may be a smaller stream's."""
    height: int
    seen: tuple[SeenThing, ...]
    """Everything that was detected in it, the accused thing included (it is told apart here)."""
    excerpt: Excerpt | None = field(default=None, repr=False)
    """The packets it was decoded from; None when they are gone."""
    state: PictureState = PictureState.OK

    def __post_init__(self) -> None:
        """Refuse a moment that has no picture, and a picture that is none."""
        if self.moment.captured_at is None or self.moment.box is None:
            raise ValueError(f"a still needs a moment with time and box, got {self.moment}")
        if self.picture.ndim != 3 or self.picture.shape[2] != 3:
            raise ValueError(f"picture: expected (H, W, 3), got {self.picture.shape}")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Which model saw it."""

    name: str
    sha256: str
    """Of the model file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """Everything that goes into the evidence of one violation."""

    violation: Violation
    title: str
    """What the kind is called in the site's language, drawn into the stills."""
    stills: tuple[Still, ...]
    """In time order."""
    entry_clip: tuple[Excerpt, ...]
    """Packets around the opening; empty when there are none."""
    confirmation_clip: tuple[Excerpt, ...] = ()
    """Packets up to the confirmation; empty when there are none."""
    place: Place
    zone: Zone | None
    """None when the rule watches the whole picture."""
    rule_dwell_s: float
    """Forbidden seconds that the rule asks for; 0 for kinds that pass."""
    rule: Mapping[str, Any]
    """The rule as applied (its version is in the violation); JSON values."""
    models: tuple[ModelFacts, ...]
    clock: Mapping[str, Any]
    """What is known about the clocks: synchronised or not, offsets; JSON values."""
