"""What was confirmed in a clip against its truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.clips.clip import Clip, Wrong
from benchmarks.clips.playing import INTERVAL_S
from benchmarks.scenarios import Counts, confirmed, describe, match, overlap
from detectors import KINDS, Identity, Violation, ViolationEvent

EARLY_LOOKS = 1.0
"""Looks by which a confirmation, or its beginning, may come before the truth's."""
LATE_LOOKS = 8.0
"""Looks by which a confirmation may come after it, what could not be seen left out."""
SAME_PLACE = 0.1
"""Least overlap of a violation's box with an actor of its truth: a model's boxes are rough."""


@dataclass(slots=True)
class ClipTally(Counts):
    """Counts over clips."""

    clips: int = 0

    def to_json(self) -> dict[str, Any]:
        """Figures of all kinds together."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "dwell_within_one_look": round(self.dwell_within_one_look, 4),
            "false_per_camera_day": round(self.false_per_camera_day, 1),
            "innocent_s": round(self.innocent_s, 1),
            **self.errors(),
        }


def judge(clip: Clip, events: Sequence[ViolationEvent]) -> ClipTally:
    """Compare what the rules said about a clip with its truth."""
    tally = ClipTally(clips=1)
    if not clip.wrong:
        tally.innocent_s = clip.length_s
    pairs = match(
        tally,
        clip.name,
        [event.violation for event in confirmed(events)],
        clip.wrong,
        is_same=lambda wrong, told: _is(wrong, told, clip),
        say_told=_described,
        say_missed=lambda one: f"{one.kind} in {one.zone!r}, there from {one.from_s:g} s",
    )
    for wrong, told in pairs if clip.dwell_s else ():
        _time(tally, wrong, told, clip)
    return tally


def _time(tally: ClipTally, wrong: Wrong, told: Violation, clip: Clip) -> None:
    """Note how far confirmation and dwell are from the truth."""
    tally.late_s.append(told.last_at_s - wrong.from_s - clip.dwell_s - _blind_s(wrong, told, clip))
    if KINDS[clip.kind].identity is Identity.SIGN and clip.kind == "damaged_sign":
        return  # readings are taken, and three of four have to agree: there is no dwell to compare
    true_s = told.last_at_s - wrong.from_s
    if clip.kind == "street_stall":  # seconds in which a stall is pushed along do not count
        true_s -= clip.moved_s(wrong, told.last_at_s)
    error_s = told.dwell_s + told.unseen_s - true_s
    tally.dwell_errors_s.append(error_s)
    tally.dwells += 1
    within = abs(error_s) <= max(INTERVAL_S, clip.step_s) + 1e-3
    tally.dwells_right += within
    if not within:
        tally.wrong.append(f"{clip.name}: dwell {error_s:+.1f} s off, {_described(told)}")


def _blind_s(wrong: Wrong, told: Violation, clip: Clip) -> float:
    """Seconds of a violation without a stream."""
    return sum(
        max(0.0, min(end, told.last_at_s) - max(start, wrong.from_s)) for start, end in clip.drops
    )


def _is(wrong: Wrong, told: Violation, clip: Clip) -> bool:
    """Whether a confirmed violation is this one: kind, zone, place and time."""
    if (told.kind, told.zone_id) != (wrong.kind, wrong.zone):
        return False
    if KINDS[told.kind].identity in {Identity.THING, Identity.PASS}:
        places = clip.places(wrong, told.last_at_s)
        if places and max(overlap(place, told.box) for place in places) < SAME_PLACE:
            return False
    early_s = EARLY_LOOKS * INTERVAL_S
    late_s = LATE_LOOKS * INTERVAL_S + _blind_s(wrong, told, clip)
    due_s = wrong.from_s + clip.dwell_s
    return (
        told.opened_at_s >= wrong.from_s - early_s - 1e-3
        and due_s - early_s - 1e-3 <= told.last_at_s <= min(wrong.to_s + early_s, due_s + late_s)
    )


def _described(told: Violation) -> str:
    return describe(told, told.last_at_s, told.opened_at_s)
