"""What a running site tells those who listen."""

from dataclasses import dataclass

from detectors import Violation


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A violation is confirmed: its evidence is on disk and its case is in the outbox."""

    violation: Violation


@dataclass(frozen=True, slots=True)
class Delivered:
    """A case has reached the case system."""

    violation_id: str
    kind: str
    camera_id: str
    case_id: str | None
    """The case system's number; None where it never tells one."""


Event = Confirmed | Delivered
