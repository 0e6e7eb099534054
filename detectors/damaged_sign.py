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
from detectors.sign_evidence import UNCHANGED, Evidence
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
"""A whole sign is still recognised down to this share of the rule's score."""
MEAN_OVER = 16
"""Looks over whose mean "whole" is judged once a sign has changed: one look's is often lower."""
ALTERED = 0.8
"""Likeness under which a sign that has less is broken: half of it dark leaves 0.73."""
ON_SIGN = 0.3
"""Overlap (shared area over the smaller of the two) from which a box shows the zone's sign."""
WIDEST = 1.6
"""A box larger than the zone by this factor reaches over the next sign, and tells of neither."""
HIDDEN = 0.3
"""Share of a sign behind something else from which a look cannot tell."""
HEARD_OVER = 4
"""Looks over whose mean damage is heard of."""
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
        self.heard: tuple[float, int] = (0.0, 0)
        """Mean score of damage of the last looks, and how many they are."""
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

    def evidence(self, scene: Scene, whole: float, damage: float) -> Evidence:
        """Take a look's scores; return what they are beside what the sign usually has."""
        alike = self.views.likeness(scene.picture)
        mean, count = self.left if alike is not None and alike < UNCHANGED else (0.0, 0)
        self.left = running_mean(mean, count, whole, MEAN_OVER) if whole else (mean, count)
        self.heard = running_mean(*self.heard, damage, HEARD_OVER)
        return Evidence(
            whole,
            damage,
            alike,
            mean=self.left[0],
            ever=self.views.usual_score(scene.picture),
            heard=self.heard[0],
            quiet=self.views.usual_damage(scene.picture),
        )

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
            "heard": list(self.heard),
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
        mean, count = data.get("heard", (0.0, 0))
        self.heard = (float(mean), int(count))
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
        found = {zone_id: _scores_on(sign, scene) for zone_id, sign in self._signs.items()}
        verdicts = {
            zone_id: self._verdict(self._signs[zone_id], scene, scores)
            for zone_id, scores in found.items()
        }
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
                _, damage = found[zone_id] or (0.0, 0.0)
                sign.views.learn(scene.picture, sign.box(scene.height), score, damage)
            elif verdict is Verdict.DAMAGED:
                sign.views.doubt(scene.picture)

    def _verdict(
        self, sign: Sign, scene: Scene, scores: tuple[float, float] | None
    ) -> tuple[Verdict, float]:
        """Say what a look shows of a sign, and with which score; scores: see _scores_on()."""
        if scores is None:
            sign.note_cover(scene)
            return (Verdict.UNSURE, 0.0)
        told = sign.evidence(scene, *scores)
        heard = told.damage >= self.min_conf and told.believed >= self._conf
        if heard and told.is_outdone:
            return (Verdict.UNSURE, 0.0) if told.is_same else (Verdict.DAMAGED, told.believed)
        if told.whole > told.damage and told.is_usual:
            # What has changed and may be damaged must not become the reference.
            return (Verdict.UNSURE, 0.0) if told.is_doubtful else (Verdict.WHOLE, told.whole)
        # By night a board whose lamps are off is as good as invisible.
        by_day = scene.picture is not None and is_day(scene.picture)
        likeness = told.alike if by_day and told.alike is not None else 1.0
        if told.is_usual or (likeness >= ALTERED and not told.is_news):
            return (Verdict.UNSURE, 0.0)
        if told.whole or told.damage:
            return (Verdict.DAMAGED, told.broken)
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
