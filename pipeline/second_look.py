"""Looking again at the place of a case that is said to be dealt with: what a few looks tell.

Pure logic: the caller brings looks and the time. What the rules believe meanwhile is asked when the
looks agree, because only the rules know one thing from another in its place.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cases import Answer, ViolationState
from detectors import KINDS, VEHICLES, Basis, Box, Identity, Look, PictureState, Violation
from models import VOCABULARY

MIN_LOOKS: Final = 3
MIN_SPAN_S: Final = 60.0
"""At least so many clear looks that agree, over at least this time."""
GIVE_UP: Final = timedelta(minutes=15)
"""After so long without them the camera cannot tell."""

SAME_PLACE: Final = 0.3
"""Intersection over union with the place from which a thing stands there."""
INSIDE: Final = 0.7
"""Share of a thing inside the place from which it stands there, though smaller."""
HIDDEN: Final = 0.5
"""Share of the place that another thing covers, from which it cannot be seen."""
FAINT: Final = 0.5
"""Share of the rule's score from which a thing may be there ..."""
FAINTEST: Final = 0.1
"""... but under this it is noise."""


class Seen(StrEnum):
    """What one look tells of a place."""

    THERE = "there"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Finding:
    """What the looks have come to."""

    answer: Answer
    why: str
    look: Look | None
    """The newest look that it rests on; None where there was none."""


class SecondLookJudge:
    """Gathers looks at one place until they agree. Called by one thread at a time."""

    def __init__(self, violation: Violation, since: datetime, conf: float | None = None) -> None:
        """Take what is looked for; conf: the score its rule asks for, None: the kind's."""
        self._violation = violation
        self._since = since
        spec = KINDS[violation.kind]
        self._identity = spec.identity
        vehicle = violation.label in VEHICLES
        self._labels = VEHICLES if vehicle else frozenset({violation.label})
        self._conf = spec.default_conf if conf is None else conf
        self._faint = max(FAINT * self._conf, min(FAINTEST, self._conf))
        self._streak: list[Look] = []
        self._seen: Seen | None = None
        self._hindered: Counter[str] = Counter()
        self._last: Look | None = None

    def see(self, look: Look) -> Seen | None:
        """Take a look; returns what the looks agree upon, once they do."""
        if look.captured_at < self._since or look.basis is not Basis.OBSERVED:
            return None
        self._last = look
        seen = self._judged(look)
        if isinstance(seen, str) and not isinstance(seen, Seen):
            self._hindered[seen] += 1
            return None
        if self._seen is not seen:
            if self._seen is not None:
                self._hindered["what stands there comes and goes"] += 1
            self._streak, self._seen = [], seen
        self._streak.append(look)
        enough = len(self._streak) >= MIN_LOOKS
        return seen if enough and look.at_s - self._streak[0].at_s >= MIN_SPAN_S else None

    def finding(self, state: ViolationState) -> Finding:
        """Answer from looks that agree, by what the rules believe of the violation now."""
        count = len(self._streak)
        span_s = self._streak[-1].at_s - self._streak[0].at_s
        rests_on = f"{count} clear looks in {span_s:.0f} s"
        look = self._streak[-1]
        cleared = state in {ViolationState.CLEARED, ViolationState.DISCARDED}
        if self._identity is not Identity.THING:
            answer = Answer.CLEARED if cleared else Answer.STILL_THERE
            return Finding(answer, f"{rests_on}, by the camera's rule", look)
        if self._seen is Seen.GONE:
            return Finding(Answer.CLEARED, f"nothing of the kind there in {rests_on}", look)
        if cleared:
            return Finding(Answer.CLEARED, f"{rests_on}: what stands there now is another", look)
        return Finding(Answer.STILL_THERE, f"seen there in {rests_on}", look)

    def overdue(self, now: datetime) -> Finding | None:
        """Give up after `GIVE_UP`: the camera cannot tell, and says why."""
        if self._identity is Identity.PASS:
            return Finding(
                Answer.CANNOT_TELL, "it only passed: no place shows it again", self._last
            )
        if now - self._since < GIVE_UP:
            return None
        if self._last is None:
            why = "no picture has come from the camera"
        elif self._hindered:
            why = self._hindered.most_common(1)[0][0]
        else:
            why = f"fewer than {MIN_LOOKS} clear looks in {GIVE_UP.total_seconds() / 60:.0f} min"
        return Finding(Answer.CANNOT_TELL, why, self._last)

    def _judged(self, look: Look) -> Seen | str:
        """Tell what one look shows, or what hinders it."""
        if look.state is not PictureState.OK:
            return f"the picture is {look.state.value}"
        if self._identity is not Identity.THING:
            return Seen.GONE  # a clear look; the rule knows the rest
        faint, hidden_by = False, ""
        found = look.detections
        for edges, score, label in zip(
            found.xyxy.tolist(), found.score.tolist(), found.label.tolist(), strict=True
        ):
            name, box = VOCABULARY.name(int(label)), _box(edges)
            own = name in self._labels
            if own and _stands_in(box, self._violation.box):
                if score >= self._conf:
                    return Seen.THERE
                faint = faint or score >= self._faint
            elif score >= self._conf and _covers(box, self._violation.box):
                hidden_by = name
        if faint:
            return "it is seen too faintly"
        return f"a {hidden_by} stands before it" if hidden_by else Seen.GONE


def _box(edges: list[float]) -> Box:
    x0, y0, x1, y1 = edges
    return x0, y0, x1, y1


def _shared(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def _area(box: Box) -> float:
    return max(1e-6, box[2] - box[0]) * max(1e-6, box[3] - box[1])


def _stands_in(box: Box, place: Box) -> bool:
    shared = _shared(box, place)
    whole = _area(box) + _area(place) - shared
    return shared / whole >= SAME_PLACE or shared / _area(box) >= INSIDE


def _covers(box: Box, place: Box) -> bool:
    return _shared(box, place) / _area(place) >= HIDDEN
