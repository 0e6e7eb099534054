"""Rules about standing things: who comes, who stays and who goes.

Identity is place and appearance, never a track's number: a thing is matched again, after an
occlusion, a dropped stream or a restart, where it stood and if it looks the same. Where something
at its place looks different, the old thing waits, the new one is followed beside it, and whoever
is seen there again settles it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from detectors import appearance
from detectors.appearance import Signature
from detectors.attachment import (
    HIDDEN_SOME,
    LOOKS_LIKE_NOTHING_ELSE,
    Compared,
    Evidence,
    Looks,
    Wanted,
    attach,
    boxes_of,
    compare,
    doubted,
    hidden_shares_of,
)
from detectors.faint import FaintSightings
from detectors.instant import Instant
from detectors.memory import Memory
from detectors.place import rivals
from detectors.presence import Presence, Timing
from detectors.record import Ledger
from detectors.scene import Scene
from detectors.schedule import Schedule
from detectors.standing import Standing
from detectors.states import Input, State
from detectors.story import Names, Reason, Story
from detectors.thing import Thing
from detectors.violation import Absence, Box

STAY = 0.4
"""A thing that was taken up is followed down to this share of the score that takes one up ..."""
STAY_LEAST = 0.1
"""... but not into the noise under this score."""
HIDDEN_MUCH = 0.3
"""Share of a place behind something nearer from which an undetected thing may still be there."""
REFRESH_LIKENESS = 0.9
"""A signature less like the place than this follows the light ..."""
REFRESH_SHARE = 0.2
"""... by this much a look."""
REPLACED_LOOKS = 3
"""Clear looks in a row in which a place looked different before its thing gives it up."""
MOST_THINGS = 192
"""Bounds memory whatever a model finds; believed things outlive arriving ones."""


class StandingThings:
    """The standing things of one rule, fed every look of the camera."""

    def __init__(self, names: Names, kind: Standing, schedule: Schedule, interval_s: float) -> None:
        rule = names.rule
        self._kind = kind
        self._schedule = schedule
        self._timing = {
            zone.zone_id: Timing.for_dwell(rule.effective_dwell_s(zone), interval_s)
            for zone in rule.accused_zones
        }
        take_score = rule.effective_conf
        stay_score = min(take_score, max(STAY * take_score, STAY_LEAST))
        short_s = max(timing.short_s for timing in self._timing.values())
        self._wanted = Wanted(
            rule.effective_classes, take_score, stay_score, short_s, rigid=kind.rigid
        )
        self._memory = Memory()
        self._story = Story(names, schedule, self._memory)
        self._things: list[Thing] = []
        self._next_number = 1
        self._faint = FaintSightings(max(timing.reach_s for timing in self._timing.values()))

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return self._wanted.stay_score

    def step(self, scene: Scene, ledger: Ledger) -> None:
        """Take an observed look."""
        instant = scene.instant
        self._begin(instant, ledger)
        self._kind.observe(scene)
        changing = self._kind.is_changing(scene)
        evidence = attach(self._things, scene, self._wanted, changing=changing)
        seen: set[int] = set()
        for row, thing in enumerate(self._things):
            if row in evidence.seen:
                self._see(thing, evidence.seen[row], evidence.looks[row], scene)
                seen.add(thing.number)
            else:
                self._overlook(thing, row, evidence, scene)
        seen |= self._take_up(evidence, scene, ledger)
        for thing in list(self._things):
            self._settle(thing, scene, seen, ledger)
        self._end(instant, ledger)

    def pass_over(self, instant: Instant, ledger: Ledger, *, carried: bool) -> None:
        """Take a look that is no observation: carried detections, or a picture not to trust."""
        self._begin(instant, ledger)
        self._kind.pass_over()
        for thing in self._things:
            if carried:
                thing.presence.unchanged(instant.now_s, observed=False)
            else:
                if instant.frozen:
                    thing.presence.freeze()
                thing.presence.blind()
        self._end(instant, ledger)

    def _begin(self, instant: Instant, ledger: Ledger) -> None:
        """Let go of what was not observed for too long."""
        self._story.turn()
        self._memory.forget(instant.now_s)
        for thing in self._things:
            settled = thing.record and thing.record.confirmed and not thing.record.returning
            if not settled and thing.presence.has_lapsed(
                instant.now_s, self._timing[thing.zone_id]
            ):
                thing.presence.feed(Input.LAPSED)
                self._story.ended(thing, instant, Reason.LAPSED, ledger)
        self._sweep()

    def _end(self, instant: Instant, ledger: Ledger) -> None:
        """Drop what ended, keep to the bound, and ask for attention while something dwells."""
        self._sweep()
        if len(self._things) > MOST_THINGS:
            by_worth = sorted(self._things, key=_worth)
            for thing in by_worth[: len(self._things) - MOST_THINGS]:
                self._story.ended(thing, instant, Reason.LOST, ledger)
                self._things.remove(thing)
        for thing in self._things:
            if thing.presence.state in {State.DWELLING, State.CLEARING, State.UNSEEN}:
                grace_s = self._timing[thing.zone_id].grace_s
                ledger.watching_s = max(ledger.watching_s, grace_s)

    def _sweep(self) -> None:
        self._things = [thing for thing in self._things if thing.presence.state is not State.ABSENT]

    def _see(self, thing: Thing, index: int, compared: Compared, scene: Scene) -> None:
        """Take a sighting of a thing."""
        strong = bool(scene.seen.scores[index] >= self._wanted.take_score)
        believed = thing.presence.state is not State.ARRIVING
        verified = believed and (compared.likeness or 0.0) >= LOOKS_LIKE_NOTHING_ELSE
        self._sight(thing, scene, strong=strong, verified=verified)
        thing.take(scene, index, behind=compared.hidden >= HIDDEN_SOME)
        self._kind.saw(thing, index, scene)
        thing.doubted = 0
        if compared.looks is Looks.HIDDEN:
            return
        thing.verified_s = scene.instant.now_s
        if thing.signature is None:
            thing.signature = self._taken(thing, scene)
        elif thing.signature is not None and compared.likeness is not None:
            if compared.likeness >= REFRESH_LIKENESS:
                return
            fresh = appearance.take(scene.picture, thing.signature.box)
            if fresh is not None:
                thing.signature = appearance.blended(thing.signature, fresh, REFRESH_SHARE)

    def _sight(
        self,
        thing: Thing,
        scene: Scene,
        *,
        strong: bool,
        verified: bool = False,
        observed: bool = False,
    ) -> None:
        """Count a sighting; observed: looks since the last one have shown it as well."""
        instant, timing = scene.instant, self._timing[thing.zone_id]
        thing.presence.see(
            instant.now_s,
            instant.captured_at,
            instant.session,
            self._schedule.in_zone(thing.zone_id),
            timing.unbroken if observed else timing,
            strong=strong,
            paused=self._kind.is_paused(thing, scene),
            verified=verified,
            still=instant.still,
        )

    def _overlook(self, thing: Thing, row: int, evidence: Evidence, scene: Scene) -> None:
        """Say what it means that a thing was not seen."""
        presence, looks = thing.presence, evidence.looks[row].looks
        thing.doubted = thing.doubted + 1 if looks in {Looks.OTHER, Looks.UNSURE} else 0
        if self._kind.is_paused(thing, scene):
            presence.note_excuse(scene.instant.now_s)
        columns = np.flatnonzero(evidence.claimed[row]).tolist()
        arriving = presence.state is State.ARRIVING
        if arriving and looks in {Looks.SAME, Looks.UNKNOWN} and columns:
            presence.feed(Input.REPLACED)  # all its sightings are another thing's
        elif columns or evidence.looks[row].hidden >= HIDDEN_MUCH:
            presence.blind(disputed=looks in {Looks.OTHER, Looks.UNSURE})
        elif looks is Looks.SAME and not arriving and presence.is_found():
            presence.unchanged(scene.instant.now_s, observed=True)
        else:
            presence.miss(changed=looks is Looks.OTHER)

    def _take_up(self, evidence: Evidence, scene: Scene, ledger: Ledger) -> set[int]:
        """Start following what stands near a zone and is no thing known."""
        numbers = set()
        near = [(index, self._kind.zone_near(index, scene)) for index in evidence.free]
        new = [(index, zone_id) for index, zone_id in near if zone_id is not None]
        places = scene.seen.boxes[[index for index, _ in new]]
        hidden = hidden_shares_of(places, np.zeros((len(new), len(scene.seen)), bool), scene)
        for (index, zone_id), share in zip(new, hidden, strict=True):
            since = self._faint.take(index, scene)
            start = since or scene.instant
            presence = Presence.begin(
                start.now_s, start.captured_at, start.session, paused=False, strong=since is None
            )
            thing = Thing.begin(self._next_number, zone_id, scene, index, presence)
            if thing.arrival is None and (scene.since_last_s or 0.0) > (
                self._timing[zone_id].step_s
            ):
                thing.arrival = Absence.GAP
            if since is not None:
                self._stood(thing, since, scene, ledger)
            thing.signature = self._taken(thing, scene)
            thing.behind = int(share >= HIDDEN_SOME)
            self._kind.began(thing, scene)
            self._kind.saw(thing, index, scene)
            if self._kind.is_paused(thing, scene):
                presence.pause(scene.instant.now_s)
            self._next_number += 1
            self._things.append(thing)
            numbers.add(thing.number)
        self._faint.note(evidence.faint, scene)
        return numbers

    def _stood(self, thing: Thing, start: Instant, scene: Scene, ledger: Ledger) -> None:
        """Count what was seen of a thing, too faintly, before it was taken up."""
        self._story.sighted(thing, self._timing[thing.zone_id], start, ledger)
        self._sight(thing, scene, strong=True, observed=True)
        thing.faint = 1

    def _taken(self, thing: Thing, scene: Scene) -> Signature | None:
        """Take what a thing's place looks like; None where that will not last."""
        picture = None if self._kind.is_changing(scene) else scene.picture
        return appearance.take(picture, thing.box)

    def _settle(self, thing: Thing, scene: Scene, seen: set[int], ledger: Ledger) -> None:
        """Draw the conclusions of a look for a thing."""
        presence, timing = thing.presence, self._timing[thing.zone_id]
        if presence.state is State.ABSENT:
            return
        if thing.number not in seen:
            if presence.paused:
                self._story.excused(thing, timing, scene.instant, ledger)
            may_leave = presence.state in {State.ARRIVING, State.CLEARING}
            if may_leave and presence.has_left(scene.instant.now_s, timing):
                presence.feed(Input.LEFT)
                self._story.ended(thing, scene.instant, Reason.LEFT, ledger)
            return
        self._story.sighted(thing, timing, scene.instant, ledger)
        if not self._kind.breaks(thing, scene):
            return
        if presence.state is State.ARRIVING:
            if not presence.has_entered(timing):
                return
            if not self._may_enter(thing, scene, seen, ledger):
                return
            presence.feed(Input.ENTERED)
            self._story.entered(thing, self._memory.recall(thing, scene.picture))
        proven = self._kind.is_proven(thing, scene)
        self._story.dwells(thing, timing, scene.instant, ledger, proven=proven)

    def _may_enter(self, new: Thing, scene: Scene, seen: set[int], ledger: Ledger) -> bool:
        """Settle who a place belongs to; false where the newcomer is no thing of its own (yet)."""
        others = [
            thing
            for thing in self._things
            if thing is not new and thing.presence.state is not State.ABSENT
        ]
        if self._kind.is_part(new, others):
            return False
        claims = rivals(boxes_of([new]), boxes_of(others))[0]
        for old in [other for other, claim in zip(others, claims, strict=True) if claim]:
            # What one look shows as two things is two things.
            if old.number in seen:
                continue
            if old.presence.state is State.ARRIVING:
                old.presence.feed(Input.REPLACED)
            elif not self._yields(old, new, scene, seen, ledger):
                return False
        return True

    def _yields(self, old: Thing, new: Thing, scene: Scene, seen: set[int], ledger: Ledger) -> bool:
        """Whether an unseen thing is gone, now that another one was seen on its ground."""
        nothing = np.zeros((1, len(scene.seen)), bool)
        hidden = hidden_shares_of(boxes_of([old]), nothing, scene)[0]
        compared = compare(old, hidden, scene)
        looks = doubted(old, compared, boxes_of([new]), self._wanted).looks
        different = looks in {Looks.OTHER, Looks.UNSURE}
        if looks is not Looks.SAME and not (different and old.doubted >= REPLACED_LOOKS):
            return False
        confirmed = old.record is not None and old.record.confirmed
        moved = looks is Looks.OTHER and self._looks_like(old, new.box, scene)
        # Nobody is accused twice on an unsure look.
        if looks is Looks.SAME or (confirmed and (moved or looks is Looks.UNSURE)):
            old.move_to(new)
            self._sight(old, scene, strong=True)
            seen.add(old.number)
            new.presence.feed(Input.REPLACED)
            return False
        old.presence.feed(Input.REPLACED)
        reason = Reason.MOVED if moved else Reason.REPLACED
        self._story.ended(old, scene.instant, reason, ledger)
        return True

    @staticmethod
    def _looks_like(old: Thing, box: Box, scene: Scene) -> bool:
        """Whether a box looks like a thing that stood elsewhere."""
        if old.signature is None:
            return False
        there = replace(old.signature, box=box)
        alike = appearance.likeness(there, scene.picture)
        return alike is not None and alike >= appearance.LOOKS_SAME

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "next_number": self._next_number,
            "things": [thing.to_json() for thing in self._things],
            "memory": self._memory.to_json(),
            "faint": self._faint.to_json(),
            "kind": self._kind.to_json(),
        }

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); things of zones that are no more are dropped."""
        self._next_number = int(data["next_number"])
        things = [Thing.from_json(one) for one in data["things"]]
        self._things = [thing for thing in things if thing.zone_id in self._timing]
        self._memory.take_up(data["memory"])
        self._faint.take_up_json(data.get("faint", ()))
        self._kind.take_up_json(data.get("kind", {}))


def _worth(thing: Thing) -> tuple[bool, float, int]:
    """Order in which things are given up: arriving ones first, then the longest unseen."""
    presence = thing.presence
    return (presence.state is not State.ARRIVING, presence.last_seen_s, thing.number)
