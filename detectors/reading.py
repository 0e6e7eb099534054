"""What one look says about a zone that is itself the identity: how many, how much, or nothing."""

from dataclasses import dataclass
from enum import StrEnum

from detectors.instant import Instant
from detectors.violation import Box


class Level(StrEnum):
    """A reading against the two thresholds of a rule: hysteresis, so that it does not flicker."""

    ENTER = "enter"
    """Enough to begin with."""
    STAY = "stay"
    """Less, but enough to go on with what has begun."""
    CLEAR = "clear"
    """Too little, seen clearly."""
    BLIND = "blind"
    """This look cannot tell: the zone is hidden, or the clock is stopped on purpose."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One zone in one look."""

    level: Level
    box: Box | None = None
    """Hull of what was counted, in units (see place.py); needed with ENTER and STAY."""
    score: float = 0.0
    """Mean score of what was counted."""
    label: str = ""
    """Vocabulary name of most of it; needed with ENTER and STAY."""
    count: int | None = None
    """How many; None for kinds that measure something else."""
    track_id: int = 0
    """Of one of them; 0 where nothing is tracked."""
    share: float | None = None
    """Share 0..1 of the zone covered; None for kinds that do not measure it."""
    since: Instant | None = None
    """The look from which on it holds, where it took later ones to know; None: this one."""
    empty: bool = False
    """With CLEAR: what was there before has gone, it was not just missed in this look."""
    against: bool = False
    """With CLEAR: of several things a look misses some, but not so many."""
    paused: bool = False
    """Whether the clock stands still at this look, whatever is seen."""
    remarks: tuple[str, ...] = ()
    """See Violation.remarks."""

    @classmethod
    def none(cls, *, blind: bool = False) -> "Reading":
        """Nothing there; or nothing to be told."""
        return cls(Level.BLIND if blind else Level.CLEAR)
