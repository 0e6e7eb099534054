"""A camera's rules at work: looks in, outcomes out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from detectors.follower import Follower
from detectors.followers import follower_of
from detectors.instant import Instant
from detectors.look import Basis, Look, PictureState
from detectors.outcome import Attention, Level, Outcome
from detectors.place import UNITS
from detectors.record import Ledger
from detectors.rule import Rule
from detectors.scene import SURE, Scene, Sightings
from detectors.schedule import Schedule
from detectors.story import Names
from detectors.tracker import Tracker

SNAPSHOT_VERSION = 1
CLOCK_SLACK_S = 2.0
"""Difference of clocks after a restart under which the camera's timeline went on."""


class Watch:
    """All rules of one camera over time. Deterministic: the same looks give the same outcomes."""

    def __init__(
        self,
        site_id: str,
        camera_id: str,
        rules: Sequence[Rule],
        vocabulary: Sequence[str],
        timezone: ZoneInfo,
        interval_s: float,
    ) -> None:
        """interval_s is the usual time between looks; labels of looks index vocabulary.

        Raises ValueError for a rule of a kind that this version does not have.
        """
        self._vocabulary = tuple(vocabulary)
        self._tracker = Tracker(interval_s)
        self._rules: dict[str, Follower] = {}
        self._aliases: dict[str, Mapping[str, str]] = {}
        """What a rule takes things for, by the rule's key; mostly nothing."""
        for rule in rules:
            own = rule.beside(rules)
            names = Names(site_id, camera_id, own, rule.effective_version)
            schedule = Schedule(timezone, rule.allow, rule.hours)
            key = _key(rule, self._rules)
            self._rules[key] = follower_of(names, schedule, interval_s)
            self._aliases[key] = own.aliases
        self._offset_s = 0.0
        """Added to a look's at_s gives the watch's own timeline."""
        self._last: tuple[float, datetime] | None = None
        """The watch's time and captured_at of the last look."""
        self._last_observed_s: float | None = None
        self._restored = False

    @property
    def min_conf(self) -> float:
        """Lowest score the rules make use of: ask the models for boxes down to this."""
        return min([SURE, *(follower.min_conf for follower in self._rules.values())])

    def step(self, look: Look) -> Outcome:
        """Take the camera's next look, in order of at_s."""
        instant = self._instant(look)
        ledger = Ledger()
        if look.basis is Basis.OBSERVED and look.state is PictureState.OK:
            scene = self._scene(look, instant)
            for key, follower in self._rules.items():
                follower.step(scene.named_as(self._aliases[key]), ledger)
            self._last_observed_s = instant.now_s
        else:
            carried = look.basis is Basis.CARRIED and look.state is PictureState.OK
            for follower in self._rules.values():
                follower.pass_over(instant, ledger, carried=carried)
        return Outcome(
            tuple(ledger.events),
            _attention(ledger, look.at_s),
            tuple(ledger.pins),
            tuple(ledger.proposals),
        )

    def _scene(self, look: Look, instant: Instant) -> Scene:
        seen = Sightings.of(look, self._vocabulary, self.min_conf)
        since_s = None if self._last_observed_s is None else instant.now_s - self._last_observed_s
        return Scene(
            instant=instant,
            height=look.height / instant.unit_px,
            seen=seen,
            tracks=self._tracker.update(instant.now_s, seen),
            picture=look.picture,
            since_last_s=since_s,
        )

    def _instant(self, look: Look) -> Instant:
        """Place a look on the watch's own timeline.

        It is the camera's, as long as that goes on. Where that starts anew (a restart) or steps
        back, the wall clock says how much time has passed.
        """
        now_s = look.at_s + self._offset_s
        if self._last is not None:
            last_s, last_at = self._last
            passed_s = max(0.0, (look.captured_at - last_at).total_seconds())
            anew = self._restored and abs(now_s - last_s - passed_s) > CLOCK_SLACK_S
            if anew or now_s < last_s:
                now_s = last_s + passed_s
                self._offset_s = now_s - look.at_s
        self._restored = False
        self._last = (now_s, look.captured_at)
        return Instant(
            now_s,
            look.at_s,
            look.captured_at,
            look.session,
            look.width / UNITS,
            still=look.still,
            frozen=look.state is PictureState.FROZEN,
        )

    def snapshot(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size; restore() of it goes on as if never stopped."""
        last = None if self._last is None else [self._last[0], self._last[1].isoformat()]
        return {
            "version": SNAPSHOT_VERSION,
            "offset_s": self._offset_s,
            "last": last,
            "last_observed_s": self._last_observed_s,
            "tracker": self._tracker.to_json(),
            "rules": {key: follower.to_json() for key, follower in self._rules.items()},
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take up a snapshot of a watch with the same rules; rules no longer there are dropped.

        Raises ValueError for a snapshot of another version.
        """
        if snapshot.get("version") != SNAPSHOT_VERSION:
            raise ValueError(
                f"snapshot: expected version {SNAPSHOT_VERSION}, got {snapshot.get('version')!r}"
            )
        self._offset_s = float(snapshot["offset_s"])
        last = snapshot["last"]
        self._last = None if last is None else (last[0], datetime.fromisoformat(last[1]))
        self._last_observed_s = snapshot["last_observed_s"]
        self._tracker.take_up(snapshot["tracker"])
        for key, data in snapshot["rules"].items():
            if key in self._rules:
                self._rules[key].take_up_json(data)
        self._restored = True


def _attention(ledger: Ledger, at_s: float) -> Attention | None:
    """Return the closest attention that a rule asks for."""
    if ledger.close_s:
        return Attention(Level.CLOSE, at_s + ledger.close_s)
    if ledger.watching_s:
        return Attention(Level.WATCHING, at_s + ledger.watching_s)
    return None


def _key(rule: Rule, taken: Mapping[str, Any]) -> str:
    """Name a rule so that a snapshot finds it again when others come or go."""
    zones = ",".join(sorted(zone.zone_id for zone in rule.zones))
    key = f"{rule.kind}:{zones}"
    while key in taken:
        key += "'"
    return key
