"""Rules about stalls: a vendor who moves on every two minutes is one vendor.

Identity is the vendor, not the place: what counts is that any stall of the vendor's stood in the
rule's zones for the dwell within a sliding window. A stall that comes while another one is gone is
that vendor at the next place; stalls that are seen together, and not only while one of them is
pushed to the other's place, are several vendors.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from detectors.assignment import assign
from detectors.furniture import Furniture, proposal_of
from detectors.instant import Instant
from detectors.memory import Memory
from detectors.place import Area, Boxes, covered_share, ground_distances, in_place, overlaps
from detectors.presence import ENTER_LOOKS, ROUNDING_S, Presence, Timing
from detectors.record import Ledger
from detectors.scene import Scene
from detectors.schedule import Schedule
from detectors.sliding import Sliding
from detectors.standing import IN_SHARE, NEAR_SHARE
from detectors.states import Input, State
from detectors.story import Names, Reason, Story
from detectors.thing import Thing
from detectors.things import HIDDEN_MUCH, STAY, STAY_LEAST
from detectors.vendor import Vendor
from detectors.violation import Absence, Box

WINDOW_SHARE = 10.0 / 3.0
"""The dwell has to lie within so many dwells: 180 s within 600 s."""
MOVED_LOOKS = 4.0
"""Intervals for which a stall was not seen when another one may be the same vendor's."""
TOGETHER_LOOKS, TOGETHER_LEAST_S = 2.0, 4.0
"""Intervals, and the least seconds, for which one vendor may show two stalls: three looks. A cart
on its way is boxed at both of its places, or a second one is still being fetched."""
MOST_VENDORS = 48
"""Bounds memory whatever a model finds."""


class Stalls:
    """The vendors of one rule, fed every look of the camera."""

    def __init__(self, names: Names, schedule: Schedule, interval_s: float) -> None:
        rule = names.rule
        self._schedule = schedule
        self._kind = rule.kind
        self._classes = rule.effective_classes
        self._areas = {zone.zone_id: Area.of(zone) for zone in rule.accused_zones}
        self._masks = [Area.of(zone) for zone in rule.context_zones if zone.kind == "furniture"]
        self._timing = {
            zone.zone_id: Timing.for_dwell(rule.effective_dwell_s(zone), interval_s)
            for zone in rule.accused_zones
        }
        self._take_score = rule.effective_conf
        self._stay_score = min(self._take_score, max(STAY * self._take_score, STAY_LEAST))
        self._moved_s = max(MOVED_LOOKS * interval_s, 6.0)
        self._together_s = max(TOGETHER_LOOKS * interval_s, TOGETHER_LEAST_S) + ROUNDING_S
        self._memory = Memory()
        self._story = Story(names, schedule, self._memory)
        self._furniture = Furniture()
        self._vendors: list[Vendor] = []
        self._next_number = 1

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return self._stay_score

    def step(self, scene: Scene, ledger: Ledger) -> None:
        """Take an observed look."""
        self._begin(scene.instant, ledger)
        columns = self._stalls_in(scene, ledger)
        seen = self._match(columns, scene)
        for vendor in self._present():
            if vendor.thing.number not in seen:
                self._overlook(vendor, scene, ledger)
        for vendor in list(self._vendors):
            if vendor.thing.number in seen and vendor in self._vendors:
                self._settle(vendor, scene, ledger)
        self._end(scene.instant, ledger)

    def pass_over(self, instant: Instant, ledger: Ledger, *, carried: bool) -> None:
        """Take a look that is no observation: carried detections, or a picture not to trust."""
        self._begin(instant, ledger)
        for vendor in self._present():
            if carried:
                vendor.thing.presence.unchanged(instant.now_s, observed=False)
            else:
                if instant.frozen:
                    vendor.freeze(instant.now_s)
                vendor.thing.presence.blind()
        self._end(instant, ledger)

    def _present(self) -> list[Vendor]:
        return [vendor for vendor in self._vendors if not vendor.is_away]

    def _window_s(self, zone_id: str) -> float:
        timing = self._timing[zone_id]
        return max(WINDOW_SHARE * timing.dwell_s, timing.grace_s)

    def _begin(self, instant: Instant, ledger: Ledger) -> None:
        """Let go of what none of the window's seconds is left of."""
        self._story.turn()
        self._memory.forget(instant.now_s)
        self._furniture.forget(instant.captured_at.astimezone(self._schedule.timezone))
        for vendor in list(self._vendors):
            unseen_s = instant.now_s - vendor.thing.presence.last_kept_s
            if vendor.is_confirmed or unseen_s <= self._window_s(vendor.thing.zone_id):
                continue
            reason = Reason.LEFT if vendor.is_away else Reason.LAPSED
            if not vendor.is_away:
                vendor.thing.presence.feed(Input.LAPSED)
            self._drop(vendor, instant, reason, ledger)

    def _end(self, instant: Instant, ledger: Ledger) -> None:
        """Keep to the bound, and ask for attention while something dwells."""
        if len(self._vendors) > MOST_VENDORS:
            by_worth = sorted(self._vendors, key=_worth)
            for vendor in by_worth[: len(self._vendors) - MOST_VENDORS]:
                self._drop(vendor, instant, Reason.LOST, ledger)
        for vendor in self._vendors:
            if vendor.thing.presence.state in {State.DWELLING, State.CLEARING, State.UNSEEN}:
                grace_s = self._timing[vendor.thing.zone_id].grace_s
                ledger.watching_s = max(ledger.watching_s, grace_s)

    def _drop(self, vendor: Vendor, instant: Instant, reason: Reason, ledger: Ledger) -> None:
        self._story.ended(vendor.thing, instant, reason, ledger)
        self._vendors.remove(vendor)

    def _stalls_in(self, scene: Scene, ledger: Ledger) -> list[int]:
        """Find the stalls of a look in the zones, from left to right, without the furniture."""
        seen, instant = scene.seen, scene.instant
        local = instant.captured_at.astimezone(self._schedule.timezone)
        columns = []
        for index in np.flatnonzero(seen.leaders == np.arange(len(seen))).tolist():
            if seen.names[index] not in self._classes or seen.scores[index] < self._stay_score:
                continue
            box = seen.box(index)
            zone_id = self._zone_of(box, scene, NEAR_SHARE)
            if zone_id is None or any(
                mask.ground_share(box, scene.height) >= IN_SHARE for mask in self._masks
            ):
                continue
            if self._furniture.see(box, zone_id, instant.now_s, local):
                ledger.proposals.append(proposal_of(box, zone_id, self._kind, scene.height))
                self._give_up(box, instant, ledger)
            if not self._furniture.holds(box):
                columns.append(index)
        return sorted(columns, key=lambda index: tuple(seen.boxes[index].tolist()))

    def _give_up(self, box: tuple[float, ...], instant: Instant, ledger: Ledger) -> None:
        """Let go of the vendor that turned out to be furniture."""
        for vendor in list(self._vendors):
            if in_place(np.asarray([vendor.last_box]), np.asarray([box]))[0, 0]:
                self._drop(vendor, instant, Reason.FURNITURE, ledger)

    def _zone_of(self, box: Box, scene: Scene, least: float) -> str | None:
        """Zone that holds most of what a box has of the ground; None where that is less."""
        shares = {
            zone_id: area.ground_share(box, scene.height) for zone_id, area in self._areas.items()
        }
        best = max(shares, key=lambda zone_id: shares[zone_id])
        return best if shares[best] >= least else None

    def _match(self, columns: list[int], scene: Scene) -> set[int]:
        """Give each stall to the vendor who stood there or pushed it there, or to a new one.

        Vendors that are believed choose first: a second box beside a stall, twice, is no vendor.
        """
        numbers: set[int] = set()
        left = columns
        for arriving in (False, True):
            present = [
                one
                for one in self._present()
                if (one.thing.presence.state is State.ARRIVING) is arriving
            ]
            pairs = self._pairs(present, left, scene)
            for vendor, index in pairs:
                self._see(vendor, index, scene)
                numbers.add(vendor.thing.number)
            taken = {index for _, index in pairs}
            left = [index for index in left if index not in taken]
        for index in left:
            if scene.seen.scores[index] >= self._take_score:
                numbers.add(self._begin_vendor(index, scene))
        return numbers

    def _see(self, vendor: Vendor, index: int, scene: Scene) -> None:
        strong = bool(scene.seen.scores[index] >= self._take_score)
        schedule = self._schedule.in_zone(vendor.thing.where)
        timing = self._timing[vendor.thing.zone_id]
        vendor.see(index, scene, schedule, timing, strong=strong)

    def _pairs(
        self, present: list[Vendor], columns: list[int], scene: Scene
    ) -> list[tuple[Vendor, int]]:
        """Say which of these vendors has which of these stalls."""
        if not (present and columns):
            return []
        boxes: Boxes = scene.seen.boxes[columns]
        last = np.asarray([one.last_box for one in present], np.float64).reshape(-1, 4)
        place = np.asarray([one.thing.box for one in present], np.float64).reshape(-1, 4)
        there = in_place(last, boxes) | in_place(place, boxes)
        tracks = np.asarray([scene.tracks[index].track_id for index in columns], np.int64)
        own = np.asarray([one.thing.track_id for one in present], np.int64)
        allowed = there | (own[:, None] == tracks[None, :])
        cost = 2.0 - overlaps(last, boxes) - there + 1e-3 * ground_distances(last, boxes)
        return [(present[row], columns[column]) for row, column in assign(cost, allowed)]

    def _begin_vendor(self, index: int, scene: Scene) -> int:
        zone_id = self._zone_of(scene.seen.box(index), scene, NEAR_SHARE) or ""
        instant = scene.instant
        presence = Presence.begin(instant.now_s, instant.captured_at, instant.session, paused=False)
        thing = Thing.begin(self._next_number, zone_id, scene, index, presence)
        if thing.arrival is None and (scene.since_last_s or 0.0) > self._timing[zone_id].step_s:
            thing.arrival = Absence.GAP
        self._next_number += 1
        sliding = Sliding(self._window_s(zone_id))
        self._vendors.append(Vendor(thing, sliding, scene.seen.box(index)))
        return thing.number

    def _overlook(self, vendor: Vendor, scene: Scene, ledger: Ledger) -> None:
        """Say what it means that a stall was not seen: customers hide it, or it has gone."""
        presence = vendor.thing.presence
        others = scene.seen.boxes[
            [name not in self._classes for name in scene.seen.names]  # a stall hides no stall
        ]
        if covered_share(vendor.last_box, others) >= HIDDEN_MUCH:
            presence.blind()
        else:
            presence.miss(changed=False)
        timing = self._timing[vendor.thing.zone_id]
        if presence.state not in {State.ARRIVING, State.CLEARING}:
            return
        if not presence.has_left(scene.instant.now_s, timing):
            return
        arriving = presence.state is State.ARRIVING
        vendor.leave()
        if arriving or vendor.is_confirmed:
            self._drop(vendor, scene.instant, Reason.LEFT, ledger)

    def _settle(self, vendor: Vendor, scene: Scene, ledger: Ledger) -> None:
        """Draw the conclusions of a sighting."""
        timing = self._timing[vendor.thing.zone_id]
        stands = self._stands(vendor.thing, scene)
        self._story.sighted(vendor.thing, timing, scene.instant, ledger)
        if not stands:
            return
        if vendor.thing.presence.state is State.ARRIVING:
            # Boxes here and there are errors of a model, or a cart that only passes.
            if len(vendor.thing.boxes) < ENTER_LOOKS:
                return
            if not vendor.thing.presence.has_entered(timing):
                return
            older, wait = self._before(vendor, scene.instant.now_s)
            if wait:
                return
            if older is not None:
                older.go_on_as(vendor, scene.instant.now_s)
                self._vendors.remove(vendor)
                vendor = older
            else:
                self._enter(vendor.thing)
        self._story.dwells(vendor.thing, timing, scene.instant, ledger)

    def _stands(self, thing: Thing, scene: Scene) -> bool:
        """Whether a stall stands in a zone of the rule; its vendor may have moved on to another."""
        here = self._areas.get(thing.where)
        if here is not None and here.ground_share(thing.box, scene.height) >= IN_SHARE:
            return True
        zone_id = self._zone_of(thing.box, scene, IN_SHARE)
        if zone_id is None:
            return False
        fresh = thing.record is not None and not thing.record.announced
        if fresh and not self._schedule.in_zone(zone_id).forbids(scene.instant.captured_at):
            thing.record = None  # it began with a box over the edge of where it is permitted
        thing.move_into(zone_id)
        return True

    def _enter(self, thing: Thing) -> None:
        """Believe in a vendor, who may be one that was cleared in this zone, or in another."""
        thing.presence.feed(Input.ENTERED)
        where = thing.where
        cleared = self._memory.recall_zone(where) or self._memory.recall_last()
        self._story.entered(thing, cleared)
        if cleared is not None:
            thing.zone_id = cleared.zone_id
            thing.move_into(where)

    def _before(self, new: Vendor, now_s: float) -> tuple[Vendor | None, bool]:
        """Find the vendor that a newcomer was before; or whether it is too early to say."""
        first_s, wait = new.thing.presence.first_s, False
        gone: list[Vendor] = []
        for old in self._vendors:
            presence = old.thing.presence
            if presence.state is State.ARRIVING or presence.first_s >= first_s:
                continue
            if presence.last_seen_s - first_s > self._together_s:
                continue  # both were there at once
            if old.is_away or now_s - presence.last_seen_s >= self._moved_s:
                gone.append(old)
            else:
                wait = True
        if gone:
            return max(gone, key=lambda one: one.thing.presence.last_seen_s), False
        return None, wait

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "next_number": self._next_number,
            "vendors": [vendor.to_json() for vendor in self._vendors],
            "memory": self._memory.to_json(),
            "furniture": self._furniture.to_json(),
        }

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); vendors of zones that are no more are dropped."""
        self._next_number = int(data["next_number"])
        self._vendors = [
            Vendor.from_json(one, self._window_s(one["thing"]["zone_id"]))
            for one in data["vendors"]
            if one["thing"]["zone_id"] in self._timing
        ]
        self._memory.take_up(data["memory"])
        self._furniture.take_up(data["furniture"])


def _worth(vendor: Vendor) -> tuple[bool, bool, float, int]:
    """Order in which vendors are given up: arriving ones first, then the longest unseen."""
    presence = vendor.thing.presence
    arriving = presence.state is State.ARRIVING
    return (vendor.is_confirmed, not arriving, presence.last_seen_s, vendor.thing.number)
