"""Detections over time into violations. Knows nothing of files, network, clocks or threads."""

from detectors.look import Basis, Look, PictureState
from detectors.outcome import Attention, Level, Outcome, Pin
from detectors.violation import (
    Absence,
    Box,
    Change,
    Moment,
    Role,
    Violation,
    ViolationEvent,
    violation_id,
)

__all__ = [
    "Absence",
    "Attention",
    "Basis",
    "Box",
    "Change",
    "Level",
    "Look",
    "Moment",
    "Outcome",
    "PictureState",
    "Pin",
    "Role",
    "Violation",
    "ViolationEvent",
    "violation_id",
]
