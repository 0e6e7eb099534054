"""Rules whose identity is a zone, a shop or a sign: one presence for each zone.

Who stands in it may come and go; the violation is the zone's. A reading above the upper threshold
is a sighting, between the two it keeps alive what has begun, below the lower one it is a miss. A
peak alone is no violation: a third of the sightings have to be above the upper threshold, and the
one that confirms it.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

from detectors.instant import Instant
from detectors.memory import Memory
from detectors.presence import Presence, Timing
from detectors.reading import Level, Reading
from detectors.record import Ledger
from detectors.scene import Scene
from detectors.schedule import Schedule
from detectors.states import Input, State
from detectors.story import Names, Reason, Story
from detectors.thing import Thing
from detectors.violation import Absence

PEAK_SHARE = 1 / 3
"""Share of its sightings in which a confirmed violation reached the threshold it began at."""


class Measure(Protocol):
    """What a kind of violation adds of its own to zones as identities."""

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""

    def observe(self, scene: Scene) -> None:
        """Take the whole scene, once a look, before anything is asked about it."""

    def pass_over(self, instant: Instant) -> None:
        """Take note of a look that is no observation."""

    def read(self, zone_id: str, scene: Scene) -> Reading:
        """Say what this look shows in a zone."""

    def to_json(self) -> dict[str, Any]:
        """State of its own as JSON-able data, bounded in size; empty where there is none."""

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""


class ZonePresences:
    """The zones of one rule, fed every look of the camera."""

    def __init__(
        self,
        names: Names,
        measure: Measure,
        schedule: Schedule,
        interval_s: float,
        timing: Mapping[str, Timing] | None = None,
    ) -> None:
        """Make the presences; timing: by zone id, where it does not follow from the dwell."""
        rule = names.rule
        self._measure = measure
        self._schedule = schedule
        self._timing = dict(timing or {}) or {
            zone.zone_id: Timing.for_dwell(rule.effective_dwell_s(zone), interval_s)
            for zone in rule.accused_zones
        }
        self._memory = Memory()
        self._story = Story(names, schedule, self._memory)
        self._present: dict[str, Thing] = {}
        self._next_number = 1
        self._ended_s: dict[str, float] = {}
        """When the last presence of a zone ended: the next one begins later."""

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return self._measure.min_conf

    def step(self, scene: Scene, ledger: Ledger) -> None:
        """Take an observed look."""
        instant = scene.instant
        self._begin(instant, ledger)
        self._measure.observe(scene)
        for zone_id in self._timing:
            self._take(zone_id, self._measure.read(zone_id, scene), scene, ledger)
        self._end(ledger)

    def pass_over(self, instant: Instant, ledger: Ledger, *, carried: bool) -> None:
        """Take a look that is no observation."""
        self._begin(instant, ledger)
        self._measure.pass_over(instant)
        for thing in self._present.values():
            if carried:
                thing.presence.unchanged(instant.now_s, observed=False)
            else:
                if instant.frozen:
                    thing.presence.freeze()
                thing.presence.blind()
        self._end(ledger)

    def _begin(self, instant: Instant, ledger: Ledger) -> None:
        """Let go of what was not observed for too long."""
        self._story.turn()
        self._memory.forget(instant.now_s)
        for thing in self._present.values():
            settled = thing.record and thing.record.confirmed and not thing.record.returning
            lapsed = thing.presence.has_lapsed(instant.now_s, self._timing[thing.zone_id])
            if lapsed and not settled:
                self._end_of(thing, Input.LAPSED, Reason.LAPSED, instant, ledger)
        self._sweep()

    def _end_of(
        self, thing: Thing, signal: Input, reason: Reason, instant: Instant, ledger: Ledger
    ) -> None:
        thing.presence.feed(signal)
        self._story.ended(thing, instant, reason, ledger)
        self._ended_s[thing.zone_id] = instant.now_s

    def _end(self, ledger: Ledger) -> None:
        self._sweep()
        for thing in self._present.values():
            if thing.presence.state in {State.DWELLING, State.CLEARING, State.UNSEEN}:
                grace_s = self._timing[thing.zone_id].grace_s
                ledger.watching_s = max(ledger.watching_s, grace_s)

    def _sweep(self) -> None:
        self._present = {
            zone_id: thing
            for zone_id, thing in self._present.items()
            if thing.presence.state is not State.ABSENT
        }

    def _take(self, zone_id: str, reading: Reading, scene: Scene, ledger: Ledger) -> None:
        thing = self._present.get(zone_id)
        if thing is None:
            if reading.level is not Level.ENTER:
                return
            thing = self._present[zone_id] = self._appear(zone_id, reading, scene, ledger)
        elif reading.level in {Level.ENTER, Level.STAY}:
            self._see(thing, reading, scene)
        elif reading.level is Level.BLIND:
            thing.presence.blind()
            return
        else:
            self._miss(thing, reading, scene, ledger)
            return
        self._settle(thing, reading, scene, ledger)

    def _appear(self, zone_id: str, reading: Reading, scene: Scene, ledger: Ledger) -> Thing:
        """Begin with the look from which on it holds, which may be an earlier one."""
        start = self._start(zone_id, reading, scene)
        presence = Presence.begin(
            start.now_s, start.captured_at, start.session, paused=reading.paused
        )
        first = scene.since_last_s is None
        gap = not first and (scene.since_last_s or 0.0) > self._timing[zone_id].step_s
        arrival = Absence.PRESENT_AT_FIRST_LOOK if first else Absence.GAP if gap else None
        thing = Thing(
            number=self._next_number,
            zone_id=zone_id,
            presence=presence,
            boxes=[],
            signature=None,
            track_id=reading.track_id,
            votes={},
            verified_s=scene.instant.now_s,
            arrival=arrival,
        )
        self._next_number += 1
        _note(thing, reading)
        if start is not scene.instant:
            self._story.sighted(thing, self._timing[zone_id], start, ledger)
            self._see(thing, reading, scene, observed=True)
        return thing

    def _start(self, zone_id: str, reading: Reading, scene: Scene) -> Instant:
        since, now_s = reading.since, scene.instant.now_s
        if since is None or since.now_s >= now_s:
            return scene.instant
        known = since.now_s > self._ended_s.get(zone_id, -math.inf)
        near = now_s - since.now_s <= self._timing[zone_id].reach_s
        return since if known and near else scene.instant

    def _see(self, thing: Thing, reading: Reading, scene: Scene, *, observed: bool = False) -> None:
        """Take a sighting; observed: looks since the last one have shown it as well."""
        instant, timing = scene.instant, self._timing[thing.zone_id]
        thing.presence.see(
            instant.now_s,
            instant.captured_at,
            instant.session,
            self._schedule.in_zone(thing.zone_id),
            timing.unbroken if observed else timing,
            strong=reading.level is Level.ENTER,
            paused=reading.paused,
            still=instant.still,
        )
        _note(thing, reading)

    def _miss(self, thing: Thing, reading: Reading, scene: Scene, ledger: Ledger) -> None:
        thing.presence.miss(changed=reading.empty, against=reading.against)
        if thing.presence.has_left(scene.instant.now_s, self._timing[thing.zone_id]):
            self._end_of(thing, Input.LEFT, Reason.LEFT, scene.instant, ledger)

    def _settle(self, thing: Thing, reading: Reading, scene: Scene, ledger: Ledger) -> None:
        """Draw the conclusions of a sighting."""
        presence, timing = thing.presence, self._timing[thing.zone_id]
        self._story.sighted(thing, timing, scene.instant, ledger)
        if presence.state is State.ARRIVING:
            if not presence.has_entered(timing):
                return
            presence.feed(Input.ENTERED)
            self._story.entered(thing, self._memory.recall_zone(thing.zone_id))
        peaked = presence.strong >= PEAK_SHARE * presence.seen
        # Below the threshold it goes on, but may be on its way out, and its picture shows too few.
        proven = peaked and reading.level is Level.ENTER
        self._story.dwells(thing, timing, scene.instant, ledger, proven=proven)

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "next_number": self._next_number,
            "things": [thing.to_json() for thing in self._present.values()],
            "memory": self._memory.to_json(),
            "ended_s": dict(self._ended_s),
            "measure": self._measure.to_json(),
        }

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); zones that are no more are dropped."""
        self._next_number = int(data["next_number"])
        things = [Thing.from_json(one) for one in data["things"]]
        self._present = {thing.zone_id: thing for thing in things if thing.zone_id in self._timing}
        self._memory.take_up(data["memory"])
        self._ended_s = {
            zone_id: ended_s
            for zone_id, ended_s in data.get("ended_s", {}).items()
            if zone_id in self._timing
        }
        self._measure.take_up_json(data["measure"])


def _note(thing: Thing, reading: Reading) -> None:
    """Take what a sighting says; the zone is the place, the box is only where it was seen last."""
    if reading.box is not None:
        thing.boxes = [reading.box]
    thing.votes[reading.label] = thing.votes.get(reading.label, 0.0) + reading.score
    thing.track_id = reading.track_id
    thing.count = reading.count
    thing.share = reading.share
    thing.remarks = reading.remarks
