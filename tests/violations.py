"""Violations as rules make them, and a clock that tests set."""

from datetime import UTC, datetime, timedelta

from detectors import Absence, Moment, Role, Violation, violation_id

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""


def make_violation(number: int = 0, *, dwell_s: float = 30.0, camera: str = "road-01") -> Violation:
    """Return the violation that was opened `number` seconds after noon, and confirmed."""
    opened_at = NOON + timedelta(seconds=number)
    last_at = opened_at + timedelta(seconds=dwell_s)
    box = (600.0, 147.0, 640.0, 189.0)
    return Violation(
        violation_id=violation_id("site", camera, "kerb", "illegal_parking", opened_at),
        camera_id=camera,
        zone_id="kerb",
        kind="illegal_parking",
        rule_version="5f2c",
        label="car",
        track_id=7,
        opened_at=opened_at,
        opened_at_s=float(number),
        last_at=last_at,
        last_at_s=number + dwell_s,
        dwell_s=dwell_s,
        unseen_s=1.5,
        box=box,
        score=0.875,
        moments=(
            Moment(Role.ENTRY, None, None, None, None, Absence.PRESENT_AT_FIRST_LOOK),
            Moment(Role.CONFIRMATION, number + dwell_s, last_at, box, 0.9),
        ),
    )


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at

    def pass_s(self, seconds: float) -> None:
        """Move on."""
        self.at += timedelta(seconds=seconds)
