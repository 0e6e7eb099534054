"""Rules whose identity is a pass: one vehicle that goes through, seen closely, is one violation.

A truck is in view for some seconds. When one appears, close looks are asked for; each look votes,
and most of them have to say the same, over some time and way. What stands does not pass.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from detectors.assignment import assign
from detectors.instant import Instant
from detectors.outcome import Pin
from detectors.passing import Passing, Vote, reachable
from detectors.record import Ledger, Record
from detectors.scene import Scene
from detectors.schedule import Schedule
from detectors.story import Names, Reason
from detectors.violation import Absence, Change, Role, Violation, violation_id

VOTES_LEAST = 4
"""Looks that have to be had ..."""
SAYS_SHARE = 0.75
"""... and share of them that have to show it: three of four."""
VOTE_S = 0.15
"""Looks that follow faster show the same picture again."""
SPREAD_S = 0.5
"""Time that they have to cover together: one flicker of the light is shorter."""
MOVED = 0.5
"""Sizes of itself that it has to go: a tipper that stands and tips is not on its way."""
OPENED_LOOKS = 2
"""Looks that show it before it is announced."""
CLOSE_S = 5.0
"""How long close looks are asked for at a time."""
CLOSE_MOST_S = 12.0
"""How long for one that does not move on."""
DECIDED_LOOKS = 6
DECIDED_SHARE = 0.35
"""After so many looks of which so few show it, no more are asked for."""
KEEP_S = 8.0
KEEP_LOOKS = 3.0
"""A vehicle not seen for so long, or so many intervals, has gone through."""
KEEP_CONFIRMED_S = 20.0
"""One that is a case is known for longer: a bus may hide it, and it is no second case."""
MOST_PASSES = 64


class PassKind(Protocol):
    """What a kind of violation adds of its own to passes."""

    followed: frozenset[str]
    """Vocabulary names of the vehicles that are followed."""
    min_conf: float
    """Lowest score it makes use of."""

    def zone_at(self, index: int, scene: Scene) -> str | None:
        """Zone on whose ground a sighting is; None for none."""

    def vote(self, index: int, scene: Scene) -> Vote:
        """Say what a look shows of the vehicle in a sighting."""


class Passes:
    """The vehicles that pass under one rule, fed every look of the camera."""

    def __init__(self, names: Names, kind: PassKind, schedule: Schedule, interval_s: float) -> None:
        self._names = names
        self._kind = kind
        self._schedule = schedule
        self._keep_s = max(KEEP_S, KEEP_LOOKS * interval_s)
        self._passes: list[Passing] = []
        self._next_number = 1

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return self._kind.min_conf

    def step(self, scene: Scene, ledger: Ledger) -> None:
        """Take an observed look."""
        self._let_go(scene.instant, ledger)
        columns = self._columns(scene)
        owners = self._match(columns, scene)
        opened = 0
        for index in columns:
            zone_id = self._kind.zone_at(index, scene)
            passing = owners.get(index)
            if passing is None:
                if zone_id is None:
                    continue
                passing = self._appear(index, zone_id, scene)
            if zone_id is not None:
                if passing.record is None:
                    passing.zone_id = zone_id  # a case is told of where it began
                opened += self._look(passing, index, zone_id, scene, opened, ledger)
        self._ask(scene, ledger)

    def pass_over(self, instant: Instant, ledger: Ledger, *, carried: bool) -> None:  # noqa: ARG002
        """Take a look that is no observation: time goes on, nothing else."""
        self._let_go(instant, ledger)

    def _let_go(self, instant: Instant, ledger: Ledger) -> None:
        """End the passes of vehicles that have gone through."""
        kept = []
        for passing in self._passes:
            keep_s = max(self._keep_s, KEEP_CONFIRMED_S if passing.is_confirmed else 0.0)
            if instant.now_s - passing.last_s <= keep_s:
                kept.append(passing)
            else:
                self._end(passing, instant, ledger)
        self._passes = kept

    def _end(self, passing: Passing, instant: Instant, ledger: Ledger) -> None:
        record = passing.record
        if record is None or not record.announced or record.confirmed:
            return
        says = sum(vote.says for vote in passing.votes)
        short = len(passing.votes) < VOTES_LEAST or not _spread(passing)
        few = short and says >= SAYS_SHARE * len(passing.votes)
        ledger.pins.append(Pin(record.violation_id, instant.at_s, keep=False))
        reason = Reason.FEW_LOOKS if few else Reason.UNPROVEN
        record.say(Change.DISCARDED, self._told(passing, record, instant), ledger, reason)

    def _columns(self, scene: Scene) -> list[int]:
        """Indexes of the vehicles' sightings, once each, from left to right."""
        seen = scene.seen
        found = [
            index
            for index in np.flatnonzero(seen.leaders == np.arange(len(seen))).tolist()
            if seen.names[index] in self._kind.followed and seen.scores[index] >= self.min_conf
        ]
        return sorted(found, key=seen.box)

    def _match(self, columns: list[int], scene: Scene) -> dict[int, Passing]:
        """Give sightings to the passes they go on; by motion, not by a tracker's numbers."""
        owners: dict[int, Passing] = {}
        for far in (False, True):  # who stood may drive on, if nobody else is there
            taken = {passing.number for passing in owners.values()}
            free = [index for index in columns if index not in owners]
            rest = [
                passing
                for passing in self._passes
                if passing.number not in taken and (passing.may_start or not far)
            ]
            owners |= _pairs(rest, free, scene, far=far)
        for index, passing in owners.items():
            track_id = scene.tracks[index].track_id
            passing.see(scene.seen.box(index), track_id, scene.instant.now_s)
        return owners

    def _appear(self, index: int, zone_id: str, scene: Scene) -> Passing:
        box = scene.seen.box(index)
        passing = Passing(
            number=self._next_number,
            zone_id=zone_id,
            since=scene.instant,
            first_box=box,
            box=box,
            last_s=scene.instant.now_s,
            track_id=scene.tracks[index].track_id,
            asked_box=box,
        )
        self._next_number += 1
        self._passes = [*self._passes, passing][-MOST_PASSES:]
        return passing

    def _look(
        self,
        passing: Passing,
        index: int,
        zone_id: str,
        scene: Scene,
        opened: int,
        ledger: Ledger,
    ) -> bool:
        """Take what a look says of one in a zone; returns whether a violation was begun."""
        instant = scene.instant
        if passing.is_confirmed or not self._forbids(zone_id, instant):
            return False
        vote = self._kind.vote(index, scene)
        passing.vote(vote, VOTE_S)
        begun = vote.says and passing.record is None
        if begun:
            passing.record = self._record(passing, vote, instant, opened)
        record = passing.record
        if record is None:
            return False
        says = sum(one.says for one in passing.votes)
        if says >= OPENED_LOOKS and passing.moved() >= MOVED and not record.announced:
            record.announced = True
            ledger.pins.append(Pin(record.violation_id, record.opened_at_s))
            record.say(Change.OPENED, self._told(passing, record, instant), ledger)
        if vote.says and self._is_proven(passing):
            self._confirm(passing, record, vote, instant, ledger)
        return begun

    def _record(self, passing: Passing, vote: Vote, instant: Instant, ordinal: int) -> Record:
        names = self._names
        identity = violation_id(
            names.site_id,
            names.camera_id,
            passing.zone_id,
            names.rule.kind,
            instant.captured_at,
            ordinal,
        )
        return Record.begin(identity, instant, passing.box, vote.score, Absence.SINGLE_PASS)

    @staticmethod
    def _is_proven(passing: Passing) -> bool:
        """Whether enough looks, over time and way, show it."""
        votes = passing.votes
        says = sum(vote.says for vote in votes)
        enough = len(votes) >= VOTES_LEAST and says >= SAYS_SHARE * len(votes)
        return enough and _spread(passing) and passing.moved() >= MOVED

    def _confirm(
        self, passing: Passing, record: Record, vote: Vote, instant: Instant, ledger: Ledger
    ) -> None:
        record.confirmed = True
        record.note_absence(Role.MIDDLE, Absence.SINGLE_PASS)
        ledger.pins.append(record.note(Role.CONFIRMATION, instant, passing.box, vote.score))
        record.say(Change.CONFIRMED, self._told(passing, record, instant), ledger)

    def _ask(self, scene: Scene, ledger: Ledger) -> None:
        """Ask for close looks while one is in the zone that looks have not decided about."""
        now_s = scene.instant.now_s
        for passing in self._passes:
            if passing.last_s < now_s or passing.is_confirmed or self._is_decided(passing):
                continue
            if not self._forbids(passing.zone_id, scene.instant):
                continue
            passing.asked_s += min(scene.since_last_s or 0.0, CLOSE_S)
            if passing.asked_s <= CLOSE_MOST_S:
                ledger.close_s = max(ledger.close_s, CLOSE_S)

    def _forbids(self, zone_id: str, instant: Instant) -> bool:
        """Whether the rule holds in a zone now: a permit may be for one of them."""
        return self._schedule.in_zone(zone_id).forbids(instant.captured_at)

    @staticmethod
    def _is_decided(passing: Passing) -> bool:
        says = sum(vote.says for vote in passing.votes)
        return len(passing.votes) >= DECIDED_LOOKS and says <= DECIDED_SHARE * len(passing.votes)

    def _told(self, passing: Passing, record: Record, instant: Instant) -> Violation:
        shown = [vote.score for vote in passing.votes if vote.says]
        return Violation(
            violation_id=record.violation_id,
            camera_id=self._names.camera_id,
            zone_id=passing.zone_id,
            kind=self._names.rule.kind,
            rule_version=self._names.version,
            label=max(sorted(self._names.rule.effective_classes)),
            track_id=passing.track_id,
            opened_at=record.opened_at,
            opened_at_s=record.opened_at_s,
            last_at=instant.captured_at,
            last_at_s=instant.at_s,
            dwell_s=0.0,
            unseen_s=0.0,
            box=instant.pixels(passing.box),
            score=sum(shown) / len(shown) if shown else 0.0,
        )

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size."""
        passes = [passing.to_json() for passing in self._passes]
        return {"next_number": self._next_number, "passes": passes}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); passes through zones that are no more are dropped."""
        zones = {zone.zone_id for zone in self._names.rule.accused_zones}
        passes = [Passing.from_json(one) for one in data["passes"]]
        self._passes = [passing for passing in passes if passing.zone_id in zones]
        self._next_number = int(data["next_number"])


def _spread(passing: Passing) -> bool:
    votes = passing.votes
    return votes[-1].now_s - votes[0].now_s >= SPREAD_S if votes else False


def _pairs(
    passes: list[Passing], columns: list[int], scene: Scene, *, far: bool
) -> dict[int, Passing]:
    """Which sighting goes on which pass."""
    if not passes or not columns:
        return {}
    boxes, now_s = scene.seen.boxes[columns], scene.instant.now_s
    off = np.stack([reachable(passing, boxes, now_s, far=far) for passing in passes])
    allowed = np.isfinite(off)
    pairs = assign(np.where(allowed, off, 0.0), allowed)
    return {columns[column]: passes[row] for row, column in pairs}
