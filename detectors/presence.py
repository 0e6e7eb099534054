"""The presence of one identity over time: what was observed, and the seconds that count."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from detectors.schedule import Schedule
from detectors.states import Input, State, advance

ENTER_LOOKS = 2
"""Sightings that make a thing believed: one model error is not repeated at the same place."""
ENTER_S = 1.5
"""Seconds between the first and the last of them: a passing car stays in place for less."""
SHORT_LOOKS = 2.5
"""Sightings this many intervals apart are one observation: a single look may be lost."""
STEP_LOOKS = 8.0
"""Unless something spoke against it, sightings up to this many intervals apart are too."""
LONGEST_GRACE_S = 60.0
"""About a bus at its stop; what is hidden longer has to be seen dwelling again ..."""
GRACE_SHARE = 0.05
"""... unless that is less than this share of the dwell: an hour is not lost to a minute."""
CHANGED_LOOKS = 4
"""Misses after which a thing is gone whose place looks different without it."""
ARRIVING_LOOKS = 3
"""Misses after which a thing that was hardly seen is forgotten."""
EXIT_RISK = 1e-5
"""Chance of the misses, if it were still there, at which a thing is believed to be gone."""
MISS_FLOOR = 0.25
"""Nothing is taken to be seen more reliably than this chance of a miss."""
MISS_LOOKS_MOST = 20
SEEN_SHARE = 0.55
"""Share of clear looks in which a thing has to be seen, those left out in which its place was
unchanged: traffic that happens to pass one place at many looks is seen there in fewer."""
FOUND_SHARE = 0.34
"""The same with those: a model that finds it more rarely than that sees a shape."""
EXCUSE_LEAST, EXCUSE_MOST = 2, 8
"""Looks by which those that show an excuse have to outnumber those that do not before it is
believed through looks without it; more of them than the second number prove nothing further."""
LATEST_S = 20.0
"""How long ago the look may be that a presence begins with: its picture is to be had still."""
ROUNDING_S = 1e-3
"""Durations are sums of differences of floats; times of streams are not finer than this."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The durations of a rule, in seconds on the camera's timeline."""

    dwell_s: float
    enter_s: float
    exit_s: float
    """No thing leaves before this long after it was last seen."""
    short_s: float
    step_s: float
    grace_s: float
    """A dwell that was not observed for longer starts again."""
    seen_share: float = SEEN_SHARE
    """Share of the clear looks of a dwell in which it has to be seen."""

    @classmethod
    def for_dwell(cls, dwell_s: float, interval_s: float) -> "Timing":
        """Derive all durations from the dwell and the usual time between looks."""
        step_s = max(STEP_LOOKS * interval_s, 5.0)
        return cls(
            dwell_s=dwell_s,
            enter_s=ENTER_S,
            exit_s=max(2 * interval_s, 3.0),
            short_s=max(SHORT_LOOKS * interval_s, 1.5),
            step_s=step_s,
            grace_s=max(step_s, 15.0, min(dwell_s, LONGEST_GRACE_S), GRACE_SHARE * dwell_s),
        )

    @property
    def reach_s(self) -> float:
        """How long ago the look may be that a presence begins with."""
        return max(LATEST_S, self.step_s)

    @property
    def unbroken(self) -> "Timing":
        """For sightings between which looks have shown the thing as well: all of it counts."""
        return replace(self, short_s=math.inf)


class Counted(NamedTuple):
    """What was counted at a sighting; see Presence."""

    last_seen_s: float
    dwell_s: float
    unseen_s: float
    held_s: float
    held_unseen_s: float


@dataclass(slots=True)
class Presence:
    """State of one identity, fed one input a look. Times are on the watch's own timeline."""

    first_s: float
    last_seen_s: float
    last_seen_at: datetime
    """captured_at of the last sighting: schedules are about the clock on the wall."""
    last_kept_s: float
    """Last time nothing spoke against its being there: seen, or its place unchanged."""
    session: int
    state: State = State.ABSENT
    seen: int = 0
    strong: int = 0
    """Sightings with a score that would do for taking it up."""
    missed: int = 0
    """Clear looks in which it was not observed."""
    blinked: int = 0
    """Those of them in which its place was unchanged."""
    missing: int = 0
    """Clear looks without it since the last sighting, unchanged places left out; of a thing that
    is arriving, blind looks too."""
    changed: int = 0
    """Those of them in which its place looked different."""
    contested: bool = False
    """Whether some look since the last sighting could not show that it was still there ..."""
    disputed: bool = False
    """... or showed something else in its place."""
    paused: bool = False
    """Whether the clock was stopped at the last sighting, or in a look since."""
    excused_s: float | None = None
    """Last look in which the clock was stopped."""
    excuse: int = 0
    """How well the excuse is known: up by one with every look that shows it, down with others."""
    dwell_s: float = 0.0
    """Forbidden seconds observed."""
    unseen_s: float = 0.0
    """Forbidden seconds bridged without an observation."""
    held_s: float = 0.0
    """Seconds for dwell_s since an excuse was last seen, while it may only have been missed ..."""
    held_unseen_s: float = 0.0
    """... and those for unseen_s."""
    still: Counted | None = None
    """What was counted when the picture last changed; None where it did at the last sighting."""

    @classmethod
    def begin(
        cls, now_s: float, at: datetime, session: int, *, paused: bool, strong: bool = True
    ) -> "Presence":
        """Start at a first sighting; strong: with a score that would do for taking it up."""
        presence = cls(now_s, now_s, at, now_s, session, seen=1, strong=int(strong))
        if paused:
            presence.pause(now_s)
        presence.feed(Input.SEEN)
        return presence

    def feed(self, signal: Input) -> None:
        """Go to the next state."""
        self.state = advance(self.state, signal)

    def see(
        self,
        now_s: float,
        at: datetime,
        session: int,
        schedule: Schedule,
        timing: Timing,
        *,
        strong: bool,
        paused: bool,
        verified: bool = False,
        still: bool = False,
    ) -> None:
        """Take a sighting: count the forbidden seconds since the one before, as seen or unseen.

        verified: its place was compared and looks as it did at the sighting before.
        still: the whole picture does, and may turn out to be frozen.
        """
        self._note_still(still=still)
        passed_s = now_s - self.last_seen_s
        if not (paused or self.paused):
            forbidden_s = passed_s * schedule.forbidden_share(self.last_seen_at, at)
            if self._bridged(passed_s, session, timing, verified=verified):
                self.held_s += forbidden_s
            else:
                self.held_unseen_s += forbidden_s
        self._count(now_s, timing, paused=paused)
        self.feed(Input.SEEN)
        self.last_seen_s = self.last_kept_s = now_s
        self.last_seen_at = at
        self.session = session
        self.paused = paused
        self.seen += 1
        self.strong += strong
        self.missing = self.changed = 0
        self.contested = self.disputed = False

    def note_excuse(self, now_s: float) -> None:
        """Take a look that sees the excuse alone: it stops the clock once it is well known."""
        was_paused = self.paused
        self.pause(now_s)
        self.paused = was_paused or self.is_known_excuse

    def pause(self, now_s: float) -> None:
        """Stop the clock at a sighting with an excuse."""
        self.paused, self.excused_s = True, now_s
        self.excuse = min(self.excuse + 1, EXCUSE_MOST)
        if self.is_known_excuse:
            self.held_s = self.held_unseen_s = 0.0

    @property
    def is_known_excuse(self) -> bool:
        """Whether the excuse was seen more often than a passer-by is who seems to stay."""
        return self.excuse >= EXCUSE_LEAST

    def is_excused(self, timing: Timing) -> bool:
        """Whether the clock is stopped, or was a moment ago: an excuse is missed at times, too."""
        return self.paused or self._may_hold(self.last_seen_s, timing)

    def _may_hold(self, now_s: float, timing: Timing) -> bool:
        return (
            self.excused_s is not None
            and self.is_known_excuse
            and now_s - self.excused_s <= timing.step_s + ROUNDING_S
        )

    def restart(self) -> None:
        """Count from here on: what was counted was excused, as is known by now."""
        self.dwell_s = self.unseen_s = self.held_s = self.held_unseen_s = 0.0

    def _note_still(self, *, still: bool) -> None:
        if not still:
            self.still = None
        elif self.still is None:
            self.still = Counted(
                self.last_seen_s, self.dwell_s, self.unseen_s, self.held_s, self.held_unseen_s
            )

    def freeze(self) -> None:
        """Take back what was counted since the picture last changed: it was frozen, and unseen."""
        if self.still is None:
            return
        until_s, dwell_s, unseen_s, held_s, held_unseen_s = self.still
        self.last_seen_at -= timedelta(seconds=self.last_seen_s - until_s)
        self.last_seen_s = until_s
        # What was taken back meanwhile, for an excuse, stays so.
        self.dwell_s, self.unseen_s = min(self.dwell_s, dwell_s), min(self.unseen_s, unseen_s)
        self.held_s = min(self.held_s, held_s)
        self.held_unseen_s = min(self.held_unseen_s, held_unseen_s)
        self.still = None

    def _count(self, now_s: float, timing: Timing, *, paused: bool) -> None:
        """Add the seconds held, once it is clear whether an excuse was there during them."""
        if paused:
            self.pause(now_s)
            return
        self.excuse = max(self.excuse - 1, 0)
        if not self._may_hold(now_s, timing):
            self.dwell_s += self.held_s
            self.unseen_s += self.held_unseen_s
            self.held_s = self.held_unseen_s = 0.0
            self.excuse = 0

    def _bridged(self, passed_s: float, session: int, timing: Timing, *, verified: bool) -> bool:
        """Whether the time between two sightings counts as observed.

        What was hidden for a few looks and then looks the same, where nothing else was seen in
        its place, has stood there: else traffic would stretch every dwell.
        """
        if passed_s <= timing.short_s:
            return True
        if passed_s > timing.step_s or session != self.session or self.is_known_excuse:
            return False
        return not self.contested or (verified and not self.disputed)

    def miss(self, *, changed: bool, against: bool = False) -> None:
        """Take a clear look without it; changed: its place was seen to look different.

        against: it is no single thing that a model misses at times: what lies between two sightings
        with such a look in between was not observed.
        """
        self.missed += 1
        self.missing += 1
        self.changed += changed
        self.contested = self.contested or changed or against
        self.disputed = self.disputed or changed
        self.feed(Input.MISSED)

    def blind(self, *, disputed: bool = False) -> None:
        """Take a look that cannot tell; disputed: because something else is in its place.

        It counts against what was hardly seen: passing traffic hides passing traffic.
        """
        self.contested = True
        self.disputed = self.disputed or disputed
        self.missing += self.state is State.ARRIVING
        self.feed(Input.BLIND)

    def unchanged(self, now_s: float, *, observed: bool) -> None:
        """Take a look that saw no change at its place; observed: a model looked and blinked."""
        self.missed += observed
        self.blinked += observed
        self.last_kept_s = now_s
        self.feed(Input.UNCHANGED)

    def has_entered(self, timing: Timing) -> bool:
        """Whether it was seen often and long enough to be believed."""
        return (
            self.strong >= ENTER_LOOKS
            and self.last_seen_s - self.first_s >= timing.enter_s - ROUNDING_S
        )

    def is_complete(self, timing: Timing) -> bool:
        """Whether the forbidden seconds have reached the dwell, observed well enough."""
        clear = self.seen + self.missed
        return (
            self.dwell_s >= timing.dwell_s - ROUNDING_S
            and self.seen >= (clear - self.blinked) * timing.seen_share
            and self.is_found()
        )

    def is_found(self) -> bool:
        """Whether the model finds it often enough for a miss to be a blink."""
        return self.seen >= (self.seen + self.missed) * FOUND_SHARE

    def has_left(self, now_s: float, timing: Timing) -> bool:
        """Whether it was missed often and long enough to be believed.

        How often depends on how reliably it was seen before: EXIT_RISK bounds the chance that a
        thing that is still there is missed so many times in a row.
        """
        if self.state is State.ARRIVING:
            return self.missing >= ARRIVING_LOOKS
        if now_s - self.last_seen_s < timing.exit_s - ROUNDING_S:
            return False
        return self.changed >= CHANGED_LOOKS or self.missing >= self._misses_to_leave()

    def _misses_to_leave(self) -> int:
        before = self.missed - self.missing
        chance = max(MISS_FLOOR, (before + 1) / (self.seen + before + 2))
        return min(MISS_LOOKS_MOST, math.ceil(math.log(EXIT_RISK) / math.log(chance)))

    def has_lapsed(self, now_s: float, timing: Timing) -> bool:
        """Whether it was not observed for longer than the grace."""
        return now_s - self.last_kept_s > timing.grace_s + ROUNDING_S

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "state": str(self.state),
            "first_s": self.first_s,
            "last_seen_s": self.last_seen_s,
            "last_seen_at": self.last_seen_at.isoformat(),
            "last_kept_s": self.last_kept_s,
            "session": self.session,
            "seen": self.seen,
            "strong": self.strong,
            "missed": self.missed,
            "blinked": self.blinked,
            "missing": self.missing,
            "changed": self.changed,
            "contested": self.contested,
            "disputed": self.disputed,
            "paused": self.paused,
            "excused_s": self.excused_s,
            "excuse": self.excuse,
            "held_s": self.held_s,
            "held_unseen_s": self.held_unseen_s,
            "still": None if self.still is None else list(self.still),
            "dwell_s": self.dwell_s,
            "unseen_s": self.unseen_s,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Presence":
        """Undo to_json()."""
        fields = dict(data)
        fields["state"] = State(fields["state"])
        fields["last_seen_at"] = datetime.fromisoformat(fields["last_seen_at"])
        still = fields.get("still")
        fields["still"] = None if still is None else Counted(*still)
        return cls(**fields)
