"""Whether the stills of a parked vehicle show what the rule asks for: that it stood, and how long.

Wanted are three stills in which it stands at one place, two of them as far apart as the dwell of
the rule.
"""

from collections.abc import Sequence
from typing import Any

from cases.evidence.cover import iou
from cases.evidence.request import Still
from detectors import Box, Role, Violation

STANDING_KINDS = frozenset({"illegal_parking"})
"""Other kinds may move about and still be what they are."""
WANTED_STILLS = 3
SAME_PLACE_IOU = 0.5
"""Detected boxes of a standing vehicle differ by more than pixels: by light, by who stands before
it. A vehicle that has moved by a third of its width is already below."""
ROUNDING_S = 1e-3
"""Times of streams are not finer than this."""
_ROLES = (Role.ENTRY, Role.MIDDLE, Role.CONFIRMATION)


def standing(violation: Violation, stills: Sequence[Still], dwell_s: float) -> dict[str, Any]:
    """Say what the stills show of standing, as JSON values: what was wanted, found, and missing."""
    by_role = {still.moment.role: still for still in stills}
    place = _place(violation)
    there = [
        role
        for role in _ROLES
        if (still := by_role.get(role)) is not None and _overlap(still, place) >= SAME_PLACE_IOU
    ]
    times = [at_s for role in there if (at_s := by_role[role].moment.at_s) is not None]
    apart_s = max(times) - min(times) if times else 0.0
    missing = {
        role.value: _why(violation, role, by_role.get(role), place)
        for role in _ROLES
        if role not in there
    }
    far_enough = apart_s >= dwell_s - ROUNDING_S
    if not far_enough:
        missing["apart"] = f"{apart_s:.3f} s between the first and the last, {dwell_s:.3f} s wanted"
    return {
        "wanted_stills": WANTED_STILLS,
        "wanted_apart_s": dwell_s,
        "stills": [role.value for role in there],
        "apart_s": round(apart_s, 3),
        "complete": len(there) >= WANTED_STILLS and far_enough,
        "missing": missing,
    }


def _place(violation: Violation) -> Box:
    """Where it stood when the dwell was complete."""
    for moment in violation.moments:
        if moment.role is Role.CONFIRMATION and moment.box is not None:
            return moment.box
    return violation.box


def _overlap(still: Still, place: Box) -> float:
    return 0.0 if still.moment.box is None else iou(still.moment.box, place)


def _why(violation: Violation, role: Role, still: Still | None, place: Box) -> str:
    """Say why a role is not among the stills that show it standing."""
    if still is not None:
        return f"it is elsewhere: overlap {_overlap(still, place):.2f} with where it stood"
    for moment in violation.moments:
        if moment.role is role and moment.at_s is None:
            return moment.absence.value if moment.absence else "no such look"
    if not any(moment.role is role for moment in violation.moments):
        return "no such look"
    return "its packets are gone"
