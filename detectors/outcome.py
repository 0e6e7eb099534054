"""What a step over one look returns."""

from dataclasses import dataclass
from enum import StrEnum

from detectors.violation import ViolationEvent


class Level(StrEnum):
    """How closely a camera should be looked at."""

    IDLE = "idle"
    WATCHING = "watching"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Attention:
    """Attention that the rules of a camera ask for."""

    level: Level
    until_s: float
    """On the camera's timeline."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Keep (or drop) the packets of a look: a violation may need its picture."""

    violation_id: str
    at_s: float
    keep: bool = True
    """False: nothing of this violation's pins is needed any more (at_s is then ignored)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone of kind furniture, for a person to take into the site file or to leave out."""

    kind: str
    """The kind of violation that would no longer be found there."""
    zone_id: str
    """Zone that it lies in."""
    polygon: tuple[tuple[float, float], ...]
    """In fractions of the picture."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything the pipeline has to act on after a look."""

    events: tuple[ViolationEvent, ...] = ()
    attention: Attention | None = None
    pins: tuple[Pin, ...] = ()
    proposals: tuple[Proposal, ...] = ()
