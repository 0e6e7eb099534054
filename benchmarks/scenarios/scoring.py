"""What was said against what was true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.scenarios.counts import Counts
from benchmarks.scenarios.matching import match
from benchmarks.scenarios.noise import Noise, gaps
from benchmarks.scenarios.playing import confirmed
from benchmarks.scenarios.script import Expected, Interval, Script
from detectors import Box, Violation, ViolationEvent

EARLY_LOOKS = 1.0
"""Looks by which a confirmation may come before the truth's."""
EXCUSED_LOOKS = 3.0
"""The same for what was excused at first: a queue, or an owner, is known after a few looks."""
LATE_LOOKS = 8.0
"""Looks by which it may come after it: misses when the thing comes and when its time is up ..."""
LATE_SHARE = 0.1
"""... and this share of the dwell: confirmation asks for the thing in most clear looks."""
SAME_PLACE = 0.3
"""Least overlap of a violation's box with the place of its truth."""


@dataclass(slots=True)
class Tally(Counts):
    """Counts over sequences; each wrong one can be played again by its name.

    A dwell has a look's slack for every time that its thing came.
    """

    sequences: int = 0

    def to_json(self) -> dict[str, Any]:
        """Figures of a row of the table."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "n": self.expected,
            "sequences": self.sequences,
            "dwell_within_one_look": round(self.dwell_within_one_look, 4),
            "false_per_camera_day": round(self.false_per_camera_day, 2),
            **self.errors(),
        }


def score(
    script: Script, events: Sequence[ViolationEvent], name: str, blind: Sequence[Interval]
) -> Tally:
    """Compare what was confirmed with a script's truth.

    blind: when nothing could be seen, of which the truth does not know.
    """
    blind_s = sum(end - start for start, end in blind)
    tally = Tally(sequences=1)
    if not script.expected:
        tally.innocent_s = script.until_s

    def missed(truth: Expected) -> str:
        due_s = truth.due_s(script.interval_s) if truth.window is None else truth.window[0]
        return f"{truth.kind} in {truth.zone_id!r}, due at {due_s:g} s"

    pairs = match(
        tally,
        name,
        [event.violation for event in confirmed(events)],
        script.expected,
        is_same=lambda truth, told: matches(truth, told, script, blind_s),
        say_told=lambda told: _described(told, script),
        say_missed=missed,
    )
    for truth, told in pairs:
        if truth.counted:
            tally.dwells += 1
            # one look for every time that it came
            comings = sum(start < at_s(told, script) for start, _ in truth.counted)
            error_s = dwell_error_s(truth, told, script, blind)
            tally.dwells_right += abs(error_s) <= comings * script.interval_s + 1e-6
            tally.dwell_errors_s.append(error_s)
            if truth.window is None:
                tally.late_s.append(at_s(told, script) - truth.due_s(script.interval_s))
    return tally


def blind_spans(script: Script, noise: Noise, seed: int) -> list[Interval]:
    """Return when nothing can be seen in a noisy script."""
    spells = [(one.start_s, one.end_s) for one in script.spells if one.blind_s]
    return [*gaps(script, noise, seed), *spells]


def at_s(told: Violation, script: Script) -> float:
    """Time of a violation's last look on the script's timeline, through restarts."""
    return (told.last_at - script.start).total_seconds()


def dwell_error_s(
    truth: Expected, told: Violation, script: Script, blind: Sequence[Interval]
) -> float:
    """Seconds that a violation was said to be there, seen or bridged, beyond the truth."""
    true_s = truth.dwelt_s(at_s(told, script), script.interval_s, blind)
    return told.dwell_s + told.unseen_s - true_s


def matches(truth: Expected, told: Violation, script: Script, blind_s: float) -> bool:
    """Whether a confirmed violation is this one: kind, zone, place and time."""
    if (told.kind, told.zone_id) != (truth.kind, truth.zone_id):
        return False
    if truth.place is not None and overlap(truth.place, told.box) < SAME_PLACE:
        return False
    step_s = script.interval_s
    if truth.window is not None:
        earliest, latest = truth.window
    else:
        earliest = latest = truth.due_s(step_s)
        came_s = truth.counted[0][0] if truth.came_s is None else truth.came_s
        if (told.opened_at - script.start).total_seconds() < came_s - step_s:
            return False  # accused of a time before it was there
    late_s = LATE_LOOKS * step_s + LATE_SHARE * truth.dwell_s + truth.slack_s + blind_s
    early_s = step_s * (EARLY_LOOKS if truth.came_s is None else EXCUSED_LOOKS)
    return earliest - early_s <= at_s(told, script) <= latest + late_s


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    sizes = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / max(sizes - width * height, 1e-9)


def _described(told: Violation, script: Script) -> str:
    opened_s = (told.opened_at - script.start).total_seconds()
    return describe(told, at_s(told, script), opened_s)


def describe(told: Violation, at_s: float, opened_s: float) -> str:
    """Say in a line what was confirmed, and when, in seconds of the sequence."""
    box = ", ".join(f"{side:.0f}" for side in told.box)
    return (
        f"{told.kind} in {told.zone_id!r} at {at_s:g} s (opened {opened_s:g} s, "
        f"dwell {told.dwell_s:.1f} s, unseen {told.unseen_s:.1f} s, {told.label} [{box}])"
    )
