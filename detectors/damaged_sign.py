"""What is its own about damaged_sign: each sign against its own reference, over hours.

A zone is one sign. A reading is the verdict of most looks since the last reading; three quarters
of the readings of a dwell have to say that the sign is damaged, or gone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np

from detectors import appearance
from detectors.appearance import Signature
from detectors.follower import Follower
from detectors.instant import Instant
from detectors.place import UNITS, areas, intersections
from detectors.presence import Timing
from detectors.reading import Level, Reading
from detectors.rule import Rule
from detectors.running_mean import running_mean
from detectors.scene import Scene
from detectors.schedule import Schedule
from detectors.sign_views import SignViews, is_day
from detectors.spaced import SpacedReadings
from detectors.story import Names
from detectors.violation import Box, Remark
from detectors.zone import Zone
from detectors.zone_presences import ZonePresences

READINGS = 16
"""In a dwell."""
DAMAGED_SHARE = 0.75
"""Share of the readings that could tell which have to say so: 12 of 16."""
STAY = 0.4
"""A whole sign is still recognised down to this share of the rule's score ..."""
USUAL = 0.6
"""... and of what it usually has, where it looks as it always did ..."""
USUAL_CHANGED = 0.87
"""... and on the mean of the looks down to this one where it does not: two witnesses, each weak by
itself. A shadow over a whole sign changes its look, and leaves 0.92 or more of its score."""
MEAN_OVER = 16
"""Looks over which that mean is taken: one look's score of a whole sign is often lower."""
MISSED = 0.2
"""Share of looks in which a model misses a whole sign: one it does not see is not surely broken."""
ALTERED = 0.8
"""Likeness under which a sign that has less is broken: half of it dark leaves 0.73."""
ON_SIGN = 0.3
"""Overlap (shared area over the smaller of the two) from which a box shows the zone's sign."""
WIDEST = 1.6
"""A box larger than the zone by this factor reaches over the next sign, and tells of neither."""
HIDDEN = 0.3
"""Share of a sign behind something else from which a look cannot tell."""
UNCHANGED = 0.9
"""Likeness from which a sign looks as it always did, whatever a model says of it today."""
RIVAL = 0.5
"""Share of the score of "whole" from which damage is heard at all where a sign has changed."""
COVER_MOST = 8
"""Looks that showed something before a sign; more of them prove nothing further."""


class Verdict(StrEnum):
    """What one look says about a sign."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    GONE = "gone"
    UNSURE = "unsure"


class Sign:
    """One zone and what is known of the sign in it."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.views = SignViews()
        self.changed: Signature | None = None
        """What it looks like since it changed; leaves in the wind look different every time."""
        self.covered: Signature | None = None
        """What its place looked like when something was last seen before it ..."""
        self.cover = 0
        """... and how well that is known: up by one with every look that finds something before
        it, down with every look that shows the same and finds nothing."""
        self.left: tuple[float, int] = (0.0, 0)
        """Mean score of "whole" of the last looks that found it changed, and how many they are."""
        self.votes: Counter[Verdict] = Counter()
        """Of the looks since the last reading."""
        self.scores: list[float] = []
        """Of the damage seen in them."""

    def box(self, height: float) -> Box:
        """Hull of the zone in units; height: the picture's."""
        x0, y0, x1, y1 = self.zone.around
        return (x0 * UNITS, y0 * height, x1 * UNITS, y1 * height)

    def is_steady(self, scene: Scene, *, gone: bool) -> bool:
        """Whether the sign looks as it did at the last look that saw it changed.

        gone: nothing of it is seen; then a bare wall is one in the rain as well.
        """
        if scene.picture is None:
            return True
        if self.changed is None:
            self.changed = appearance.take(scene.picture, self.box(scene.height))
            return True
        alike = appearance.likeness(self.changed, scene.picture)
        if alike is None or alike >= appearance.LOOKS_SAME:
            return True
        fresh = appearance.take(scene.picture, self.box(scene.height))
        if gone and fresh is not None and appearance.are_one_wall(self.changed, fresh):
            return True
        self.changed = fresh
        return False

    def note_cover(self, scene: Scene) -> None:
        """Take a look that finds something before it."""
        before = self.cover if self._looks_covered(scene) else 0
        self.covered = appearance.take(scene.picture, self.box(scene.height))
        self.cover = min(before + 1, COVER_MOST)

    def is_covered(self, scene: Scene) -> bool:
        """Whether its place looks as it did behind what no model finds just now.

        A box around nothing, once, is not believed for long: it would excuse an empty wall.
        """
        if not self.cover or not self._looks_covered(scene):
            return False
        self.cover -= 1
        return True

    def note_whole(self, whole: float, alike: float | None) -> float:
        """Take a look's score of "whole", if it has one; return the mean since the sign changed."""
        mean, count = self.left if alike is not None and alike < UNCHANGED else (0.0, 0)
        self.left = running_mean(mean, count, whole, MEAN_OVER) if whole else (mean, count)
        return self.left[0]

    def _looks_covered(self, scene: Scene) -> bool:
        alike = appearance.likeness(self.covered, scene.picture)
        return alike is not None and alike >= appearance.LOOKS_SAME

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "views": self.views.to_json(),
            "covered": None if self.covered is None else self.covered.to_json(),
            "cover": self.cover,
            "left": list(self.left),
            "changed": None if self.changed is None else self.changed.to_json(),
            "votes": {str(verdict): count for verdict, count in self.votes.items()},
            "damage": sum(self.scores) / len(self.scores) if self.scores else None,
        }

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
        self.views = SignViews.from_json(data["views"])
        self.changed = None if data["changed"] is None else Signature.from_json(data["changed"])
        covered = data.get("covered")
        self.covered = None if covered is None else Signature.from_json(covered)
        self.cover = int(data.get("cover", 0))
        mean, count = data.get("left", (0.0, 0))
        self.left = (float(mean), int(count))
        self.votes = Counter({Verdict(name): count for name, count in data["votes"].items()})
        damaged = self.votes[Verdict.DAMAGED]
        self.scores = [] if data["damage"] is None else [float(data["damage"])] * damaged


class DamagedSign:
    """Signs of one rule, gathered look by look, read now and then."""

    def __init__(self, rule: Rule) -> None:
        self._conf = rule.effective_conf
        self._signs = {zone.zone_id: Sign(zone) for zone in rule.accused_zones}

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return STAY * self._conf

    def observe(self, scene: Scene) -> None:
        """Nothing: gather() has taken the look already."""

    def pass_over(self, instant: Instant) -> None:
        """Nothing: only looks that see the sign are gathered."""

    def gather(self, scene: Scene) -> None:
        """Let a look vote on every sign."""
        verdicts = {zone_id: self._verdict(sign, scene) for zone_id, sign in self._signs.items()}
        in_place = {Verdict.WHOLE, Verdict.DAMAGED}
        standing = sum(verdict in in_place for verdict, _ in verdicts.values())
        for zone_id, (verdict, score) in verdicts.items():
            sign = self._signs[zone_id]
            # Where no other sign is in place either, the whole front is being done up.
            unsure = verdict is Verdict.GONE and not standing
            changed = verdict in {Verdict.DAMAGED, Verdict.GONE}
            if changed and not sign.is_steady(scene, gone=verdict is Verdict.GONE):
                unsure = True
            sign.votes[Verdict.UNSURE if unsure else verdict] += 1
            if verdict is Verdict.DAMAGED and not unsure:
                sign.scores.append(score)
            if verdict is Verdict.WHOLE:
                sign.changed = None
                sign.views.learn(scene.picture, sign.box(scene.height), score)
            elif verdict is Verdict.DAMAGED:
                sign.views.doubt(scene.picture)

    def _verdict(self, sign: Sign, scene: Scene) -> tuple[Verdict, float]:
        """Say what a look shows of a sign, and with which score."""
        scores = _scores_on(sign, scene)
        if scores is None:
            sign.note_cover(scene)
            return (Verdict.UNSURE, 0.0)
        whole, damage = scores
        alike = sign.views.likeness(scene.picture)
        mean = sign.note_whole(whole, alike)
        same = alike is not None and alike >= UNCHANGED
        rivals = damage >= RIVAL * whole
        believed = _seconded(damage, alike) if rivals and not same else damage
        if damage >= self.min_conf and believed >= max(self._conf, whole):
            return (Verdict.UNSURE, 0.0) if same else (Verdict.DAMAGED, believed)
        ever = sign.views.usual_score(scene.picture)
        usual = alike is None or (whole >= USUAL * ever and mean >= _usual_share(alike) * ever)
        if whole > damage and usual:
            # What has changed and may be damaged must not become the reference.
            doubtful = rivals and alike is not None and not same
            return (Verdict.UNSURE, 0.0) if doubtful else (Verdict.WHOLE, whole)
        # By night a board whose lamps are off is as good as invisible.
        by_day = scene.picture is not None and is_day(scene.picture)
        likeness = alike if by_day and alike is not None else 1.0
        if usual or likeness >= ALTERED:
            return (Verdict.UNSURE, 0.0)
        if whole or damage:
            # That it has less than usual is a witness as well, but any sign is missed at times.
            left = min(max(whole / ever, MISSED), 1.0)
            return (Verdict.DAMAGED, 1 - (1 - _seconded(damage, alike)) * left)
        gone = likeness < appearance.LOOKS_CHANGED and not sign.is_covered(scene)
        return (Verdict.GONE, 1.0) if gone else (Verdict.UNSURE, 0.0)

    def read(self, zone_id: str, scene: Scene) -> Reading:
        """Sum up the looks since the last reading."""
        sign = self._signs[zone_id]
        votes, scores = sign.votes, sign.scores
        sign.votes, sign.scores = Counter(), []
        told = votes[Verdict.WHOLE] + votes[Verdict.DAMAGED] + votes[Verdict.GONE]
        if not told or told < votes[Verdict.UNSURE] / 2:
            return Reading.none(blind=True)
        bad = max((Verdict.DAMAGED, Verdict.GONE), key=lambda verdict: votes[verdict])
        if votes[Verdict.DAMAGED] + votes[Verdict.GONE] <= told / 2:
            return Reading.none()
        known = sign.views.is_known(scene.picture)
        reading = Reading(Level.ENTER, sign.box(scene.height), label="sign_damaged")
        if bad is Verdict.GONE:
            return replace(reading, score=1.0, label="sign", remarks=(Remark.SIGN_GONE,))
        remarks = () if known else (Remark.NEVER_SEEN_WHOLE,)
        return replace(reading, score=sum(scores) / len(scores), remarks=remarks)

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {zone_id: sign.to_json() for zone_id, sign in self._signs.items()}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
        for zone_id, sign in self._signs.items():
            if zone_id in data:
                sign.take_up_json(data[zone_id])


def _scores_on(sign: Sign, scene: Scene) -> tuple[float, float] | None:
    """Return the best scores of whole and of damage on a sign; None where something hides it."""
    seen, box = scene.seen, np.asarray([sign.box(scene.height)])
    if not len(seen):
        return (0.0, 0.0)
    common, own, size = intersections(box, seen.boxes)[0], areas(box)[0], areas(seen.boxes)
    other = np.asarray([name not in {"sign", "sign_damaged"} for name in seen.names])
    if np.any((common / own >= HIDDEN) & other & scene.sure):
        return None
    best = {"sign": 0.0, "sign_damaged": 0.0}
    on_sign = (common / np.minimum(size, own) >= ON_SIGN) & (size <= WIDEST * own) & ~other
    for index in np.flatnonzero(on_sign).tolist():
        best[seen.names[index]] = max(best[seen.names[index]], float(seen.scores[index]))
    return (best["sign"], best["sign_damaged"])


def _usual_share(alike: float) -> float:
    """Return the share of its usual score that a whole sign has left, by how it looks."""
    changed = (UNCHANGED - alike) / (UNCHANGED - appearance.LOOKS_CHANGED)
    return USUAL + (USUAL_CHANGED - USUAL) * min(max(changed, 0.0), 1.0)


def _seconded(damage: float, alike: float | None) -> float:
    """Return the score of damage with the sign's own reference as a second witness.

    Either may be wrong by itself: 1 - (1 - damage)(1 - change), as two independent witnesses, with
    change 0 where the sign looks as it always did and 1 where nothing of it is left.
    """
    if alike is None:
        return damage
    change = min(max(1 - alike / UNCHANGED, 0.0), 1.0)
    return 1 - (1 - damage) * (1 - change)


def damaged_signs(names: Names, schedule: Schedule, interval_s: float) -> Follower:
    """Make what follows a rule about signs: READINGS readings in a dwell."""
    rule = names.rule
    dwell_s = {zone.zone_id: rule.effective_dwell_s(zone) for zone in rule.accused_zones}
    spacing_s = max(interval_s, min(dwell_s.values()) / READINGS)
    timing = {
        zone_id: replace(
            Timing.for_dwell(seconds, spacing_s), seen_share=DAMAGED_SHARE, enter_s=spacing_s
        )
        for zone_id, seconds in dwell_s.items()
    }
    measure = DamagedSign(rule)
    presences = ZonePresences(names, measure, schedule, spacing_s, timing)
    return SpacedReadings(presences, measure, spacing_s)
