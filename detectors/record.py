"""The record of a violation while it lives: its moments, and what has been said about it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from detectors.instant import Instant
from detectors.outcome import Pin, Proposal
from detectors.violation import (
    Absence,
    Box,
    Change,
    Moment,
    Role,
    Violation,
    ViolationEvent,
)


@dataclass(slots=True)
class Ledger:
    """What a step has to say, gathered from all rules."""

    events: list[ViolationEvent] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    watching_s: float = 0.0
    """How long to go on watching after this look."""
    close_s: float = 0.0
    """How long to look closely (at every few pictures) after this look; goes before watching."""


@dataclass(slots=True)
class Record:
    """One violation, from its first forbidden look on."""

    violation_id: str
    opened_at: datetime
    opened_at_s: float
    moments: list[Moment]
    announced: bool = False
    """Whether an opened event was given."""
    confirmed: bool = False
    """Whether a confirmed event was given; there is never a second one."""
    returning: bool = False
    """Cleared before, and back: the old case is updated once the dwell is complete again."""
    until_s: float = 0.0
    """Once cleared: until when, on the watch's timeline, a return belongs to it."""

    @classmethod
    def begin(
        cls, violation_id: str, instant: Instant, box: Box, score: float, arrival: Absence | None
    ) -> "Record":
        """Start at the first look with the thing where and when it is forbidden."""
        entry = Moment(
            Role.ENTRY, instant.at_s, instant.captured_at, instant.pixels(box), score, arrival
        )
        return cls(violation_id, instant.captured_at, instant.at_s, [entry])

    def has(self, role: Role) -> bool:
        """Whether there is a moment, or the reason for its absence, of this role."""
        return any(moment.role is role for moment in self.moments)

    def at(self, role: Role) -> datetime | None:
        """When the moment of this role was captured; None where there is none."""
        for moment in self.moments:
            if moment.role is role:
                return moment.captured_at
        return None

    def note(self, role: Role, instant: Instant, box: Box, score: float | None) -> Pin:
        """Keep this look as the one moment of its role; box in units."""
        self.moments = [moment for moment in self.moments if moment.role is not role]
        self.moments.append(
            Moment(role, instant.at_s, instant.captured_at, instant.pixels(box), score)
        )
        return Pin(self.violation_id, instant.at_s)

    def note_absence(self, role: Role, absence: Absence) -> None:
        """Say why there is no such moment."""
        self.moments.append(Moment(role, None, None, None, None, absence))

    def say(self, change: Change, violation: Violation, ledger: Ledger, reason: str = "") -> None:
        """Put an event of this violation into the ledger."""
        told = replace(violation, moments=tuple(self.moments))
        ledger.events.append(ViolationEvent(change, told, reason))

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "violation_id": self.violation_id,
            "opened_at": self.opened_at.isoformat(),
            "opened_at_s": self.opened_at_s,
            "moments": [_moment_to_json(moment) for moment in self.moments],
            "announced": self.announced,
            "confirmed": self.confirmed,
            "returning": self.returning,
            "until_s": self.until_s,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Record":
        """Undo to_json()."""
        fields = dict(data)
        fields["opened_at"] = datetime.fromisoformat(fields["opened_at"])
        fields["moments"] = [_moment_from_json(moment) for moment in fields["moments"]]
        return cls(**fields)


def _moment_to_json(moment: Moment) -> dict[str, Any]:
    return {
        "role": str(moment.role),
        "at_s": moment.at_s,
        "captured_at": None if moment.captured_at is None else moment.captured_at.isoformat(),
        "box": None if moment.box is None else list(moment.box),
        "score": moment.score,
        "absence": None if moment.absence is None else str(moment.absence),
    }


def _moment_from_json(data: dict[str, Any]) -> Moment:
    captured_at, box, absence = data["captured_at"], data["box"], data["absence"]
    return Moment(
        role=Role(data["role"]),
        at_s=data["at_s"],
        captured_at=None if captured_at is None else datetime.fromisoformat(captured_at),
        box=None if box is None else (box[0], box[1], box[2], box[3]),
        score=data["score"],
        absence=None if absence is None else Absence(absence),
    )
