"""From presences to events: when a violation opens, is confirmed, updated, cleared, discarded."""

from dataclasses import dataclass
from enum import StrEnum

from detectors.instant import Instant
from detectors.memory import Cleared, Memory
from detectors.outcome import Pin
from detectors.presence import Timing
from detectors.record import Ledger, Record
from detectors.rule import Rule
from detectors.schedule import Schedule
from detectors.states import Input, State
from detectors.thing import Thing
from detectors.violation import Absence, Change, Role, Violation, violation_id

ROUNDING = 1e-6
"""Mean scores are sums of float32 scores."""


class Reason(StrEnum):
    """Why a violation was updated, cleared or discarded."""

    LEFT = "left"
    """Clear looks showed its place without it."""
    LAPSED = "lapsed"
    """It was not observed for longer than the grace."""
    REPLACED = "replaced"
    """Something else stands in its place."""
    MOVED = "moved"
    """It moved on a little, so the dwell starts again."""
    RETURNED = "returned"
    """It came back after it was cleared, and stayed."""
    EXCUSED = "excused"
    """What excuses it was there all along, and only now seen."""
    FURNITURE = "furniture"
    """It stands there by night as well: it belongs to the street."""
    FEW_LOOKS = "few_looks"
    """It went through in too few looks to tell."""
    UNPROVEN = "unproven"
    """It went through, and most looks did not show it."""
    LOST = "lost"
    """Too much to follow at once; whether it is still there, nobody looks any more."""


@dataclass(frozen=True, slots=True)
class Names:
    """What every violation of a rule carries."""

    site_id: str
    camera_id: str
    rule: Rule
    version: str


class Story:
    """Tells the life of one rule's violations."""

    def __init__(self, names: Names, schedule: Schedule, memory: Memory) -> None:
        self._names = names
        self._schedule = schedule
        self._memory = memory
        self._opened_now: dict[str, int] = {}

    def turn(self) -> None:
        """Begin a look."""
        self._opened_now.clear()

    def sighted(self, thing: Thing, timing: Timing, instant: Instant, ledger: Ledger) -> None:
        """Begin the record of a thing that is seen while it is forbidden."""
        if thing.presence.paused:
            self.excused(thing, timing, instant, ledger)
            return
        if thing.record is not None:
            return
        if not self._schedule.in_zone(thing.where).forbids(instant.captured_at):
            return
        ordinal = self._opened_now.get(thing.zone_id, 0)
        self._opened_now[thing.zone_id] = ordinal + 1
        names = self._names
        identity = violation_id(
            names.site_id,
            names.camera_id,
            thing.zone_id,
            names.rule.kind,
            instant.captured_at,
            ordinal,
        )
        thing.record = Record.begin(identity, instant, thing.box, thing.score, thing.arrival)

    def excused(self, thing: Thing, timing: Timing, instant: Instant, ledger: Ledger) -> None:
        """Take back what lies before an excuse that was only now seen.

        A queue, an owner, a wet road is known after a few looks: who is excused within the first
        eight intervals was so from the beginning.
        """
        record, presence = thing.record, thing.presence
        early = presence.dwell_s <= timing.step_s
        if record is None or record.confirmed or not (early and presence.is_known_excuse):
            return
        if record.announced:
            self.ended(thing, instant, Reason.EXCUSED, ledger)
        thing.record = None
        presence.restart()

    @staticmethod
    def entered(thing: Thing, cleared: Cleared | None) -> None:
        """Give a thing that returns its old record back; cleared: what it returns to, if any."""
        if cleared is not None:
            cleared.record.returning = True
            thing.record = cleared.record

    def dwells(
        self, thing: Thing, timing: Timing, instant: Instant, ledger: Ledger, *, proven: bool = True
    ) -> None:
        """Announce, note the middle, and confirm, as far as a thing just seen has come.

        proven: whether what its kind asks for beside the dwell is fulfilled.
        Confirmation asks for the rule's score on average: single looks may fall below it, but what
        hardly ever reaches it is mostly a part of something, or a shape in the background.
        """
        record, presence = thing.record, thing.presence
        if record is None or presence.state not in {State.DWELLING, State.CONFIRMED}:
            return
        if record.confirmed and not record.returning:
            if presence.state is State.DWELLING:
                presence.feed(Input.COMPLETED)
            return
        if presence.is_excused(timing):
            return
        if not (record.announced or record.returning):
            record.announced = True
            ledger.pins.append(Pin(record.violation_id, record.opened_at_s))
            record.say(Change.OPENED, self._told(thing, record, instant), ledger)
        half_over = timing.dwell_s / 2 <= presence.dwell_s < timing.dwell_s
        if half_over and not record.has(Role.MIDDLE):
            ledger.pins.append(record.note(Role.MIDDLE, instant, thing.box, thing.score))
        sure = thing.score >= self._names.rule.effective_conf - ROUNDING
        forbidden = self._schedule.in_zone(thing.where).forbids(instant.captured_at)
        if sure and proven and forbidden and presence.is_complete(timing):
            presence.feed(Input.COMPLETED)
            self._complete(thing, record, instant, ledger)

    def _complete(self, thing: Thing, record: Record, instant: Instant, ledger: Ledger) -> None:
        if record.returning:
            record.returning = False
            told = self._told(thing, record, instant)
            record.say(Change.UPDATED, told, ledger, Reason.RETURNED)
            return
        record.confirmed = True
        if not record.has(Role.MIDDLE):
            record.note_absence(Role.MIDDLE, Absence.GAP)
        ledger.pins.append(record.note(Role.CONFIRMATION, instant, thing.box, thing.score))
        record.say(Change.CONFIRMED, self._told(thing, record, instant), ledger)

    def ended(self, thing: Thing, instant: Instant, reason: Reason, ledger: Ledger) -> None:
        """Say what becomes of the violation of a thing whose presence has ended."""
        record = thing.record
        if record is None or not (record.announced or record.returning):
            return
        if not record.confirmed:
            ledger.pins.append(Pin(record.violation_id, instant.at_s, keep=False))
            told = self._told(thing, record, instant)
            record.say(Change.DISCARDED, told, ledger, reason)
            return
        if record.returning:
            record.returning = False
        elif reason is Reason.LOST:
            told = self._told(thing, record, instant)
            record.say(Change.UPDATED, told, ledger, reason)
            return
        else:
            ledger.pins.append(record.note(Role.CLEARANCE, instant, thing.box, None))
            record.until_s = instant.now_s + self._again_after_s(record, instant)
            told = self._told(thing, record, instant)
            record.say(Change.CLEARED, told, ledger, reason)
        self._memory.keep(Cleared(record, thing.zone_id, thing.box, thing.signature))

    def _again_after_s(self, record: Record, cleared: Instant) -> float:
        """Seconds in which a return belongs to the old case.

        For kinds of which there is one case a day: what is left of the local day on which it was
        confirmed, unless the rule says something else.
        """
        rule = self._names.rule
        confirmed_at = record.at(Role.CONFIRMATION)
        if not rule.spec.once_a_day or rule.again_after_s is not None or confirmed_at is None:
            return rule.effective_again_after_s
        left_s = (self._schedule.day_end(confirmed_at) - cleared.captured_at).total_seconds()
        return max(0.0, left_s)

    def _told(self, thing: Thing, record: Record, instant: Instant) -> Violation:
        return Violation(
            violation_id=record.violation_id,
            camera_id=self._names.camera_id,
            zone_id=thing.zone_id,
            kind=self._names.rule.kind,
            rule_version=self._names.version,
            label=thing.label,
            track_id=thing.track_id,
            opened_at=record.opened_at,
            opened_at_s=record.opened_at_s,
            last_at=instant.captured_at,
            last_at_s=instant.at_s,
            dwell_s=thing.presence.dwell_s,
            unseen_s=thing.presence.unseen_s,
            box=instant.pixels(thing.box),
            score=thing.score,
            count=thing.count,
            passing=thing.passing,
            share=thing.share,
            remarks=thing.remarks,
        )
