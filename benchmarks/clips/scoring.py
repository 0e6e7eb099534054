"""What was confirmed in a clip against its truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.clips.clip import Clip, Wrong
from benchmarks.clips.playing import INTERVAL_S
from detectors import KINDS, Box, Change, Identity, Violation, ViolationEvent

EARLY_LOOKS = 1.0
"""Looks by which a confirmation, or its beginning, may come before the truth's."""
LATE_LOOKS = 8.0
"""Looks by which a confirmation may come after it, what could not be seen left out."""
SAME_PLACE = 0.1
"""Least overlap of a violation's box with an actor of its truth: a model's boxes are rough."""
DAY_S = 86_400.0


@dataclass(slots=True)
class ClipTally:
    """Counts over clips."""

    clips: int = 0
    expected: int = 0
    found: int = 0
    false: int = 0
    innocent_s: float = 0.0
    """Length of the innocent clips ..."""
    innocent_false: int = 0
    """... and what was confirmed in them."""
    late_s: list[float] = field(default_factory=list)
    """Seconds from when each found violation was due until it was confirmed."""
    dwell_errors_s: list[float] = field(default_factory=list)
    """Seconds that each was said to be there beyond the truth."""
    dwells_right: int = 0
    """Those of them that are within one look."""
    wrong: list[str] = field(default_factory=list)
    """What was judged wrongly, in words."""

    def add(self, other: "ClipTally") -> None:
        """Take in another's counts."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

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
        return self.dwells_right / len(self.dwell_errors_s) if self.dwell_errors_s else 1.0

    @property
    def false_per_camera_day(self) -> float:
        """False violations a day of innocent footage."""
        return self.innocent_false * DAY_S / self.innocent_s if self.innocent_s else 0.0

    def to_json(self) -> dict[str, Any]:
        """Figures of all kinds together."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "dwell_within_one_look": round(self.dwell_within_one_look, 4),
            "false_per_camera_day": round(self.false_per_camera_day, 1),
            "innocent_s": round(self.innocent_s, 1),
            "median_late_s": round(median(self.late_s), 1) if self.late_s else None,
            "median_dwell_error_s": (
                round(median(map(abs, self.dwell_errors_s)), 1) if self.dwell_errors_s else None
            ),
        }


def judge(clip: Clip, events: Sequence[ViolationEvent]) -> ClipTally:
    """Compare what the rules said about a clip with its truth."""
    tally = ClipTally(clips=1, expected=len(clip.wrong))
    if not clip.wrong:
        tally.innocent_s = clip.length_s
    left = list(clip.wrong)
    for event in events:
        if event.change is not Change.CONFIRMED:
            continue
        told = event.violation
        wrong = next((one for one in left if _is(one, told, clip)), None)
        if wrong is None:
            tally.false += 1
            tally.innocent_false += not clip.wrong
            tally.wrong.append(f"{clip.name}: false {_describe(told)}")
            continue
        left.remove(wrong)
        tally.found += 1
        if clip.dwell_s:
            _time(tally, wrong, told, clip)
    tally.wrong += [
        f"{clip.name}: missed {one.kind} in {one.zone!r}, there from {one.from_s:g} s"
        for one in left
    ]
    return tally


def _time(tally: ClipTally, wrong: Wrong, told: Violation, clip: Clip) -> None:
    """Note how far confirmation and dwell are from the truth."""
    tally.late_s.append(told.last_at_s - wrong.from_s - clip.dwell_s - _blind_s(wrong, told, clip))
    if KINDS[clip.kind].identity is Identity.SIGN and clip.kind == "damaged_sign":
        return  # readings are taken, and three of four have to agree: there is no dwell to compare
    error_s = told.dwell_s + told.unseen_s - (told.last_at_s - wrong.from_s)
    tally.dwell_errors_s.append(error_s)
    within = abs(error_s) <= max(INTERVAL_S, clip.step_s) + 1e-3
    tally.dwells_right += within
    if not within:
        tally.wrong.append(f"{clip.name}: dwell {error_s:+.1f} s off, {_describe(told)}")


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


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    sizes = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / max(sizes - width * height, 1e-9)


def _describe(told: Violation) -> str:
    box = ", ".join(f"{side:.0f}" for side in told.box)
    return (
        f"{told.kind} in {told.zone_id!r} at {told.last_at_s:g} s (opened {told.opened_at_s:g} s, "
        f"dwell {told.dwell_s:.1f} s, unseen {told.unseen_s:.1f} s, {told.label} [{box}])"
    )
