"""A violation, its moments and the events of its life."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in source pixels, half-open."""


class Role(StrEnum):
    """What a moment stands for in the evidence."""

    ENTRY = "entry"
    """First look with the thing in the zone."""
    MIDDLE = "middle"
    """About half of the dwell."""
    CONFIRMATION = "confirmation"
    """The look that completed the dwell."""
    CLEARANCE = "clearance"
    """The look that showed the place clear again."""


class Absence(StrEnum):
    """Why a moment does not exist."""

    PRESENT_AT_FIRST_LOOK = "present_at_first_look"
    GAP = "gap"
    SINGLE_PASS = "single_pass"  # noqa: S105 - a vehicle passing, no password


@dataclass(frozen=True, slots=True)
class Moment:
    """A look that evidence is taken from, or the reason why there is none.

    An entry may have both: the first look with the thing, and why its arrival was not seen.
    """

    role: Role
    at_s: float | None
    captured_at: datetime | None
    box: Box | None
    score: float | None
    absence: Absence | None = None


class Change(StrEnum):
    """What happened to a violation."""

    OPENED = "opened"
    CONFIRMED = "confirmed"
    UPDATED = "updated"
    CLEARED = "cleared"
    DISCARDED = "discarded"


class Remark(StrEnum):
    """What a reader of the case has to know beside the violation."""

    NO_REFERENCE = "no_reference"
    """Nothing was known of the place in the shop's closed hours: there is no second witness."""
    NEVER_SEEN_WHOLE = "never_seen_whole"
    """The sign looked damaged from the first look on: there is no earlier picture of it."""
    SIGN_GONE = "sign_gone"
    """The sign is not in its place any more, while others are."""


@dataclass(frozen=True, slots=True)
class Passing:
    """Who passed shortly before: a possible source that nobody has verified."""

    label: str
    track_id: int
    at_s: float
    """Last look with it in the zone."""
    captured_at: datetime
    box: Box

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "label": self.label,
            "track_id": self.track_id,
            "at_s": self.at_s,
            "captured_at": self.captured_at.isoformat(),
            "box": list(self.box),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Passing":
        """Undo to_json()."""
        x0, y0, x1, y1 = data["box"]
        at = datetime.fromisoformat(data["captured_at"])
        return cls(data["label"], data["track_id"], data["at_s"], at, (x0, y0, x1, y1))


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing, shop, sign, zone or pass that breaks one rule, once."""

    violation_id: str
    camera_id: str
    zone_id: str
    """Empty when the rule watches the whole picture."""
    kind: str
    rule_version: str
    """Hash of the rule as it was configured, so that evidence says which rule was applied."""
    label: str
    """Vocabulary name of the accused thing."""
    track_id: int
    opened_at: datetime
    """captured_at of the opening look, UTC."""
    opened_at_s: float
    last_at: datetime
    """captured_at of the look that this record describes."""
    last_at_s: float
    dwell_s: float
    """Forbidden seconds observed."""
    unseen_s: float
    """Seconds bridged without an observation; not part of dwell_s."""
    box: Box
    """Smoothed box at last_at_s."""
    score: float
    moments: tuple[Moment, ...] = ()
    count: int | None = None
    """Things counted in the zone at last_at_s, at least; None for kinds that do not count."""
    share: float | None = None
    """Share 0..1 of the zone covered at last_at_s, at least; None where it is not measured."""
    remarks: tuple[str, ...] = ()
    """What a reader has to know beside it, by name (see Remark)."""
    passing: tuple[Passing, ...] = ()
    """Lorries that passed in the minutes before it was first seen; possible sources, unverified."""


@dataclass(frozen=True, slots=True)
class ViolationEvent:
    """A change in the life of a violation, at a look."""

    change: Change
    violation: Violation
    reason: str = ""
    """Why it was updated, cleared or discarded; empty where the change says it all."""


def violation_id(
    site: str, camera: str, zone: str, kind: str, opened_at: datetime, ordinal: int = 0
) -> str:
    """Name a violation from what makes it unique: 20 hex digits, the same on every machine.

    ordinal tells apart what opens in one zone at the same look: 0 for the first, left to right.
    """
    opened = opened_at.astimezone(UTC).isoformat(timespec="milliseconds")
    fields = [site, camera, zone, kind, opened]
    if ordinal:
        fields.append(str(ordinal))
    text = "\x1f".join(fields)
    return hashlib.sha256(text.encode()).hexdigest()[:20]
