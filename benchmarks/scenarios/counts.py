"""What was found of what was true, counted over sequences or clips."""

from dataclasses import dataclass, field, fields
from typing import Self

DAY_S = 86_400.0


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
    def false_per_camera_day(self) -> float:
        """False violations a day of what is innocent."""
        return self.innocent_false * DAY_S / self.innocent_s if self.innocent_s else 0.0
