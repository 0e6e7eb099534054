"""Detections over time into violations. Knows nothing of files, network, clocks or threads."""

from detectors.assignment import warm_up
from detectors.kinds import KINDS, VEHICLES, Identity, KindSpec
from detectors.look import Basis, Look, PictureState
from detectors.outcome import Attention, Level, Outcome, Pin, Proposal
from detectors.rule import Rule
from detectors.schedule import Schedule, Window
from detectors.track import Track
from detectors.violation import (
    Absence,
    Box,
    Change,
    Moment,
    Passing,
    Remark,
    Role,
    Violation,
    ViolationEvent,
    violation_id,
)
from detectors.watch import Watch
from detectors.zone import CONTEXT_KINDS, WHOLE_PICTURE, ZONE_KINDS, Zone

__all__ = [
    "CONTEXT_KINDS",
    "KINDS",
    "VEHICLES",
    "WHOLE_PICTURE",
    "ZONE_KINDS",
    "Absence",
    "Attention",
    "Basis",
    "Box",
    "Change",
    "Identity",
    "KindSpec",
    "Level",
    "Look",
    "Moment",
    "Outcome",
    "Passing",
    "PictureState",
    "Pin",
    "Proposal",
    "Remark",
    "Role",
    "Rule",
    "Schedule",
    "Track",
    "Violation",
    "ViolationEvent",
    "Watch",
    "Window",
    "Zone",
    "violation_id",
    "warm_up",
]
