"""What was found of what was true, counted over sequences or clips."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the middle of some figures lies, and what one in twenty of them exceeds."""

    median: float
    p95: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread | None":
        """Sum figures up; None where there are none."""
        if not figures:
            return None
        median, p95 = np.percentile(figures, [50, 95])
        return cls(float(median), float(p95))

    def __str__(self) -> str:
        """As a cell of a table."""
        return f"{self.median:.1f}/{self.p95:.1f}"


@dataclass(slots=True)
class Counts:
    """Counts that can be added up, and the figures that follow from them."""

    expected: int = 0
    found: int = 0
    false: int = 0
    dwells: int = 0
    """Found violations whose dwell can be compared ..."""
    dwells_right: int = 0
    """... and those where it is within one look of the truth."""
    late_s: list[float] = field(default_factory=list)
    """Seconds from when each found violation was due until it was confirmed; negative: early."""
    dwell_errors_s: list[float] = field(default_factory=list)
    """Seconds that each was said to be there beyond the truth."""
    innocent_s: float = 0.0
    """Length of what is innocent ..."""
    innocent_false: int = 0
    """... and what was confirmed in it."""
    wrong: list[str] = field(default_factory=list)
    """What was judged wrongly, and how."""

    def add(self, other: Self) -> None:
        """Take in another's counts."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    @property
    def precision(self) -> float:
        """Share of what was confirmed that is true; 1 where nothing was confirmed."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of what is true that was confirmed; 1 where there is nothing."""
        return self.found / self.expected if self.expected else 1.0

    @property
    def dwell_within_one_look(self) -> float:
        """Share of dwells that are within one look of the truth; 1 where there is none."""
        return self.dwells_right / self.dwells if self.dwells else 1.0

    @property
    def late(self) -> "Spread | None":
        """How late confirmations are."""
        return Spread.of(self.late_s)

    @property
    def dwell_error(self) -> "Spread | None":
        """How far dwells are from the truth, to either side."""
        return Spread.of([abs(error) for error in self.dwell_errors_s])

    def errors(self) -> dict[str, float | None]:
        """Figures of both errors in seconds, as JSON-able data; None where nothing was found."""
        late, dwell = self.late, self.dwell_error
        return {
            "median_late_s": round(late.median, 1) if late else None,
            "p95_late_s": round(late.p95, 1) if late else None,
            "median_dwell_error_s": round(dwell.median, 1) if dwell else None,
            "p95_dwell_error_s": round(dwell.p95, 1) if dwell else None,
        }

    @property
    def false_per_camera_day(self) -> float:
        """False violations a day of what is innocent."""
        return self.innocent_false * DAY_S / self.innocent_s if self.innocent_s else 0.0
