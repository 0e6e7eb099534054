"""Zones as identities: from readings to events, whatever it is that is read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Change, Role, Rule, ViolationEvent, Zone
from detectors.instant import Instant
from detectors.reading import Level, Reading
from detectors.record import Ledger
from detectors.scene import Scene, Sightings
from detectors.schedule import Schedule
from detectors.story import Names
from detectors.zone_presences import ZonePresences
from tests.looks import NOON, SHANGHAI, Street, window

SQUARE = Zone("square", "gathering", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
DWELL_S = 30.0
BOX = (10.0, 20.0, 30.0, 40.0)
ENTER = Reading(Level.ENTER, BOX, 0.8, "person", 8, 1)
STAY = replace(ENTER, level=Level.STAY, count=6)
MISS = Reading.none()
GONE = Reading(Level.CLEAR, empty=True)
BLIND = Reading.none(blind=True)


@dataclass
class Scripted:
    """A measure that reads what is written down for each look."""

    readings: Sequence[Reading]
    index: int = -1

    @property
    def min_conf(self) -> float:
        """What it makes use of."""
        return 0.1

    def observe(self, scene: Scene) -> None:
        """Go to the next reading."""
        self.index = round(scene.instant.now_s / 2.0)

    def pass_over(self, instant: Instant) -> None:
        """Do nothing."""

    def read(self, zone_id: str, scene: Scene) -> Reading:
        """Give the reading of this look."""
        assert zone_id == SQUARE.zone_id
        assert scene.height > 0
        return self.readings[self.index]

    def to_json(self) -> dict[str, Any]:
        """Keep nothing."""
        return {}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Expect nothing."""
        assert not data


def _instant(at_s: float, session: int = 0) -> Instant:
    return Instant(at_s, at_s, NOON + timedelta(seconds=at_s), session, 1.0)


def _scene(index: int, session: int = 0) -> Scene:
    look = Street([]).look(2.0 * index, index)
    seen = Sightings.of(look, ("person",), 0.1)
    since_s = 2.0 if index else None
    return Scene(_instant(2.0 * index, session), 360.0, seen, (), None, since_s)


def _zones(readings: Sequence[Reading], **fields: Any) -> ZonePresences:
    rule = Rule("crowd_density", zones=(SQUARE,), dwell_s=DWELL_S, **fields)
    names = Names("site", "cam", rule, "v1")
    return ZonePresences(names, Scripted(readings), Schedule(SHANGHAI, rule.allow), 2.0)


def _run(readings: Sequence[Reading], **fields: Any) -> list[tuple[float, ViolationEvent]]:
    zones = _zones(readings, **fields)
    found = []
    for index in range(len(readings)):
        ledger = Ledger()
        zones.step(_scene(index), ledger)
        found += [(2.0 * index, event) for event in ledger.events]
    return found


def _told(readings: Sequence[Reading], **fields: Any) -> list[tuple[str, float]]:
    return [(str(event.change), at_s) for at_s, event in _run(readings, **fields)]


def test_a_zone_is_confirmed_at_its_dwell_and_cleared() -> None:
    """Believed at the second reading, confirmed at 30 s, cleared after four looks that are sure."""
    assert _told([ENTER] * 20 + [GONE] * 10) == [
        ("opened", 2.0),
        ("confirmed", 30.0),
        ("cleared", 46.0),
    ]


def test_a_count_that_flickers_is_one_violation() -> None:
    """One reading in five is too low; two in a row are between the thresholds."""
    readings = [
        MISS if index % 5 == 2 else STAY if index % 5 == 3 else ENTER for index in range(40)
    ]
    assert _told(readings) == [("opened", 2.0), ("confirmed", 30.0)]


def test_looks_that_miss_it_take_longer_to_clear_than_looks_that_show_it_empty() -> None:
    """A model's misses are believed after nine looks, an empty zone after four."""
    assert _told([ENTER] * 20 + [MISS] * 20)[-1] == ("cleared", 56.0)
    assert _told([ENTER] * 20 + [GONE] * 20)[-1] == ("cleared", 46.0)


def test_between_the_thresholds_nothing_begins() -> None:
    """What only ever stays has never entered."""
    assert _told([STAY] * 60) == []


def test_a_peak_alone_is_not_confirmed() -> None:
    """Two readings above the threshold, hours below it, another peak: it needs a third of them."""
    assert _told([ENTER] * 2 + [STAY] * 100 + [ENTER]) == [("opened", 2.0)]
    assert ("confirmed", 30.0) in _told([ENTER] * 5 + [STAY] * 10 + [ENTER])


def test_what_sinks_below_the_threshold_waits_for_it_to_rise_again() -> None:
    """The reading that confirms it shows as many as the rule asks for."""
    assert _told([ENTER] * 12 + [STAY] * 20) == [("opened", 2.0)]
    assert _told([ENTER] * 12 + [STAY] * 20 + [ENTER])[1:] == [("confirmed", 64.0)]


def test_a_hidden_zone_is_neither_empty_nor_full() -> None:
    """20 s blind within the grace are bridged as unseen; a minute and more is a new dwell."""
    found = _run([ENTER] * 5 + [BLIND] * 10 + [ENTER] * 20)
    ((_, confirmed),) = [pair for pair in found if pair[1].change is Change.CONFIRMED]
    assert confirmed.violation.dwell_s == pytest.approx(30.0)
    assert confirmed.violation.unseen_s == pytest.approx(22.0)
    assert [change for change, _ in _told([ENTER] * 5 + [BLIND] * 40 + [ENTER] * 5)] == [
        "opened",
        "discarded",
        "opened",
    ]


def test_a_confirmed_zone_outlives_hours_without_a_clear_look() -> None:
    """Whether it is cleared needs clear looks."""
    assert _told([ENTER] * 20 + [BLIND] * 500 + [ENTER] * 5)[2:] == []


def test_a_presence_may_begin_with_an_earlier_look() -> None:
    """Three looks to know that it stood there: opened as of the first of them, and timed so."""
    late = replace(ENTER, since=_instant(4.0))
    found = _run([MISS] * 4 + [late] * 20)
    assert [(str(event.change), at_s) for at_s, event in found] == [
        ("opened", 8.0),
        ("confirmed", 34.0),
    ]
    violation = found[-1][1].violation
    assert violation.opened_at_s == 4.0
    assert violation.score == pytest.approx(0.8)
    entry = next(moment for moment in violation.moments if moment.role is Role.ENTRY)
    assert entry.at_s == 4.0


def test_a_beginning_lies_after_the_end_before_it_and_not_long_ago() -> None:
    """What was known before the zone was left, or long before, begins with this look."""
    old = replace(ENTER, since=_instant(0.0))
    found = _run([ENTER] * 4 + [GONE] * 6 + [old] * 20)
    opened = [event.violation for _, event in found if event.change is Change.OPENED]
    assert [one.opened_at_s for one in opened] == [0.0, 20.0]
    assert len({one.violation_id for one in opened}) == 2


def test_a_stopped_clock_counts_nothing() -> None:
    """Paused readings keep it alive; the seconds come from the others."""
    paused = replace(ENTER, paused=True)
    assert ("confirmed", 72.0) in _told([ENTER] + [paused] * 20 + [ENTER] * 20)


def test_nothing_is_confirmed_inside_a_permit() -> None:
    """Allowed until 12:01: the violation opens then, as of its first forbidden look."""
    found = _run([ENTER] * 60, allow=(window("mon-sun", "11:00", "12:01"),))
    assert [(str(event.change), at_s) for at_s, event in found] == [
        ("opened", 60.0),
        ("confirmed", 90.0),
    ]


def test_a_return_updates_the_old_case_once_it_has_dwelt() -> None:
    """Cleared and back for the dwell: one violation, never confirmed twice."""
    found = _run(([ENTER] * 20 + [GONE] * 10) * 3)
    assert [str(event.change) for _, event in found] == [
        "opened",
        "confirmed",
        *("cleared", "updated") * 2,
        "cleared",
    ]
    assert len({event.violation.violation_id for _, event in found}) == 1


def test_a_return_that_does_not_stay_says_nothing() -> None:
    """Back for 10 s only: no update, and still the old case when it comes again."""
    found = _told([ENTER] * 20 + [GONE] * 10 + [ENTER] * 5 + [GONE] * 10 + [ENTER] * 20)
    assert [change for change, _ in found] == ["opened", "confirmed", "cleared", "updated"]


READINGS = st.sampled_from([ENTER, STAY, MISS, GONE, BLIND, replace(ENTER, paused=True)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(READINGS, st.integers(1, 12)), max_size=25), st.integers(0, 60))
def test_no_sequence_of_readings_breaks_a_life(runs: list[tuple[Reading, int]], cut: int) -> None:
    """Nothing raises, each violation lives in order and is confirmed once, restarts included."""
    readings = [reading for reading, times in runs for _ in range(times)]
    zones = _zones(readings)
    lives: dict[str, list[Change]] = {}
    plain = _told(readings)
    found = []
    for index in range(len(readings)):
        if index == cut:
            kept = json.loads(json.dumps(zones.to_json()))
            zones = _zones(readings)
            zones.take_up_json(kept)
        ledger = Ledger()
        zones.step(_scene(index), ledger)
        for event in ledger.events:
            lives.setdefault(event.violation.violation_id, []).append(event.change)
            found.append((str(event.change), 2.0 * index))
    assert found == plain
    for changes in lives.values():
        assert changes[0] is Change.OPENED
        assert changes.count(Change.OPENED) == 1
        assert changes.count(Change.CONFIRMED) <= 1
        assert not {Change.CONFIRMED, Change.DISCARDED} <= set(changes)


def test_zones_that_are_no_more_are_dropped() -> None:
    """A snapshot of a rule that had another zone: its state is forgotten, nothing raises."""
    zones = _zones([ENTER] * 4)
    for index in range(4):
        zones.step(_scene(index), Ledger())
    kept = json.loads(json.dumps(zones.to_json()))
    kept["things"][0]["zone_id"] = "elsewhere"
    kept["ended_s"] = {"elsewhere": 3.0}
    other = _zones([ENTER] * 4)
    other.take_up_json(kept)
    assert other.to_json()["things"] == []
    assert other.to_json()["ended_s"] == {}
    assert np.isfinite(other.min_conf)
