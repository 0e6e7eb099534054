"""What a watch tells the pipeline: events with their moments, pins, attention, snapshots."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from detectors import (
    KINDS,
    ZONE_KINDS,
    Absence,
    Change,
    Level,
    Look,
    Role,
    Rule,
    Violation,
    Window,
    Zone,
    violation_id,
)
from detectors.followers import MAKERS
from tests.looks import KERB, NOON, Car, Noise, Street, confirmations, replay, rule, watch, window

PLACE = (280.0, 230.0, 360.0, 280.0)
OTHER = (60.0, 240.0, 150.0, 290.0)


def _violation(start_s: float = 4.0, dwell_s: float = 30.0) -> Violation:
    street = Street([Car(PLACE, start_s)])
    (event,) = confirmations(watch(rule(dwell_s)), street.looks(start_s + dwell_s + 20.0))
    return event.violation


def test_a_confirmed_violation_says_what_it_is() -> None:
    """Names, times and box of the accused thing."""
    found = _violation()
    assert (found.camera_id, found.zone_id, found.kind) == ("cam", "kerb", "illegal_parking")
    assert found.label == "car"
    assert found.opened_at == NOON + timedelta(seconds=4)
    assert (found.opened_at_s, found.last_at_s) == (4.0, 34.0)
    assert found.last_at == NOON + timedelta(seconds=34)
    assert found.dwell_s == pytest.approx(30.0)
    assert found.unseen_s == 0.0
    assert found.box == PLACE
    assert found.score == pytest.approx(0.8)
    assert found.rule_version == rule(30.0).effective_version
    assert found.violation_id == violation_id(
        "site", "cam", "kerb", "illegal_parking", found.opened_at
    )


def test_moments_are_entry_middle_and_confirmation() -> None:
    """First look with the car, about half of the dwell, and the look that completed it."""
    moments = _violation().moments
    assert [(one.role, one.at_s) for one in moments] == [
        (Role.ENTRY, 4.0),
        (Role.MIDDLE, 20.0),
        (Role.CONFIRMATION, 34.0),
    ]
    assert [one.absence for one in moments] == [None, None, None]
    assert all(one.box == PLACE for one in moments)
    assert moments[1].captured_at == NOON + timedelta(seconds=20)


def test_an_arrival_nobody_saw_is_marked() -> None:
    """There at the very first look: the entry's still is of that look, and says so."""
    entry = _violation(start_s=0.0).moments[0]
    assert (entry.at_s, entry.absence) == (0.0, Absence.PRESENT_AT_FIRST_LOOK)


def test_an_arrival_in_a_gap_is_marked() -> None:
    """It came while nobody looked."""
    street = Street([Car(PLACE, 20.0)])
    looks = [look for look in street.looks(120.0) if not 4.0 < look.at_s < 60.0]
    (event,) = confirmations(watch(rule(30.0)), looks)
    assert event.violation.moments[0].at_s == 60.0
    assert event.violation.moments[0].absence is Absence.GAP


def test_a_dwell_shorter_than_two_looks_has_no_middle() -> None:
    """Entry and confirmation are neighbours: the middle is absent, with its reason."""
    moments = _violation(dwell_s=2.0).moments
    assert [(one.role, one.at_s, one.absence) for one in moments] == [
        (Role.ENTRY, 4.0, None),
        (Role.MIDDLE, None, Absence.GAP),
        (Role.CONFIRMATION, 6.0, None),
    ]


def test_every_moment_is_pinned_when_it_happens() -> None:
    """Pins: the entry when it opens, the middle, the confirmation; never more than its moments."""
    one = watch(rule(30.0))
    pinned = []
    for look in Street([Car(PLACE, 4.0)]).looks(120.0):
        outcome = one.step(look)
        pinned += [(look.at_s, pin.at_s, pin.keep) for pin in outcome.pins]
    assert pinned == [(6.0, 4.0, True), (20.0, 20.0, True), (34.0, 34.0, True)]


def test_pins_of_what_came_to_nothing_are_dropped() -> None:
    """A discarded violation lets go of its pictures in the same outcome."""
    one = watch(rule(30.0))
    for look in Street([Car(PLACE, 4.0, 24.0)]).looks(120.0):
        outcome = one.step(look)
        dropped = {pin.violation_id for pin in outcome.pins if not pin.keep}
        discarded = {
            event.violation.violation_id
            for event in outcome.events
            if event.change is Change.DISCARDED
        }
        assert dropped == discarded


def test_clearing_is_a_moment_too() -> None:
    """The look that showed the place clear again is pinned and told."""
    events = list(replay(watch(rule(30.0)), Street([Car(PLACE, 4.0, 60.0)]).looks(120.0)))
    look, cleared = events[-1]
    assert cleared.change is Change.CLEARED
    last = cleared.violation.moments[-1]
    assert (last.role, last.at_s, last.box) == (Role.CLEARANCE, look.at_s, PLACE)


def test_attention_is_asked_for_while_something_dwells() -> None:
    """Nothing before, watching while the clock runs, nothing once confirmed."""
    one = watch(rule(30.0))
    asked = {}
    for look in Street([Car(PLACE, 4.0)]).looks(60.0):
        attention = one.step(look).attention
        asked[look.at_s] = attention
        if attention is not None:
            assert attention.level is Level.WATCHING
            assert attention.until_s > look.at_s
    assert [at_s for at_s, attention in asked.items() if attention] == [
        6.0 + 2 * i for i in range(14)
    ]


def test_things_of_one_moment_have_names_of_their_own() -> None:
    """Two cars that are there at the first look are two violations, numbered from left to right."""
    found = confirmations(watch(rule(30.0)), Street([Car(PLACE), Car(OTHER)]).looks(60.0))
    names = {event.violation.box: event.violation.violation_id for event in found}
    assert names == {
        OTHER: violation_id("site", "cam", "kerb", "illegal_parking", NOON),
        PLACE: violation_id("site", "cam", "kerb", "illegal_parking", NOON, 1),
    }


def test_a_replay_gives_the_same_names() -> None:
    """The same footage over the same site has the same violations."""
    looks = Street([Car(PLACE), Car(OTHER, 12.0)], noise=Noise(3, 0.2, 3.0)).looks(80.0)
    runs = [
        [e.violation.violation_id for e in confirmations(watch(rule(30.0)), looks)] for _ in "ab"
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


def test_rules_do_not_disturb_each_other() -> None:
    """Two rules over one place: each with its own dwell and its own violation."""
    fire = Zone("fire", "fire_lane", KERB.polygon)
    one = watch(rule(30.0), rule(10.0, zones=(fire,)))
    found = confirmations(one, Street([Car(PLACE)]).looks(60.0))
    assert [(e.violation.zone_id, e.violation.last_at_s) for e in found] == [
        ("fire", 10.0),
        ("kerb", 30.0),
    ]


def test_a_confirmed_violation_survives_a_restart_unrepeated() -> None:
    """Through JSON, an hour's outage and a new timeline: not confirmed again, cleared when gone."""
    street = Street([Car(PLACE, 0.0, 3700.0)], painted=True)
    first = watch(rule(30.0))
    for look in street.looks(40.0):
        first.step(look)
    second = watch(rule(30.0))
    second.restore(json.loads(json.dumps(first.snapshot())))
    later = [street.look(3640.0 + 2 * index, index) for index in range(60)]
    later = [replace(look, at_s=look.at_s - 3640.0, session=0) for look in later]
    events = [event for _, event in replay(second, later)]
    assert [event.change for event in events] == [Change.CLEARED]
    assert events[0].violation.opened_at == NOON


def test_a_dwell_does_not_outlive_a_restart_over_the_grace() -> None:
    """Five minutes of outage in mid dwell: it starts again, the old one is discarded."""
    street = Street([Car(PLACE)])
    first = watch(rule(30.0))
    for look in street.looks(20.0):
        first.step(look)
    second = watch(rule(30.0))
    second.restore(json.loads(json.dumps(first.snapshot())))
    later = [street.look(320.0 + 2 * index, index) for index in range(30)]
    later = [replace(look, at_s=look.at_s - 320.0) for look in later]
    events = [(event.change, event.reason) for _, event in replay(second, later)]
    assert events == [
        (Change.DISCARDED, "lapsed"),
        (Change.OPENED, ""),
        (Change.CONFIRMED, ""),
    ]


def test_a_snapshot_without_a_rule_that_is_gone() -> None:
    """A rule taken out of the site file takes its presences with it; the others go on."""
    fire = Zone("fire", "fire_lane", KERB.polygon)
    looks = Street([Car(PLACE)]).looks(60.0)
    first = watch(rule(30.0), rule(40.0, zones=(fire,)))
    for look in looks[:8]:
        first.step(look)
    second = watch(rule(30.0))
    second.restore(json.loads(json.dumps(first.snapshot())))
    assert [e.violation.last_at_s for e in confirmations(second, looks[8:])] == [30.0]


def test_a_snapshot_of_another_version_is_refused() -> None:
    """What cannot be read is said, not guessed."""
    with pytest.raises(ValueError, match="expected version 1, got 99"):
        watch(rule()).restore({**watch(rule()).snapshot(), "version": 99})


def test_the_floor_of_scores_is_that_of_the_least_rule() -> None:
    """Models are asked for boxes down to where the rules still follow a thing."""
    assert watch().min_conf == 0.25
    assert watch(rule(conf=0.5)).min_conf == pytest.approx(0.2)
    assert watch(rule(conf=0.5), rule(conf=0.3)).min_conf == pytest.approx(0.12)
    assert watch(rule(conf=0.05)).min_conf == pytest.approx(0.05)


def test_kinds_that_are_not_built_are_refused() -> None:
    """A rule of a kind that this version names but lacks raises, and the table says so."""
    for kind, spec in KINDS.items():
        if spec.built:
            watch(Rule(kind))
        else:
            with pytest.raises(ValueError, match=f"{kind} is not available"):
                watch(Rule(kind))


def test_the_table_of_kinds_is_whole() -> None:
    """Twelve kinds; zones and classes that exist; the built ones are those of this version."""
    assert len(KINDS) == 12
    for kind, spec in KINDS.items():
        assert spec.kind == kind
        assert spec.zone_kinds | spec.context_kinds <= ZONE_KINDS
        assert spec.classes
    assert {kind for kind, spec in KINDS.items() if spec.built} == set(MAKERS)
    assert KINDS["illegal_parking"].dwell_s("fire_lane") == 120.0
    assert KINDS["illegal_parking"].dwell_s("no_parking") == 300.0
    assert KINDS["muck_pile"].accepts("pavement")
    assert not KINDS["illegal_parking"].accepts("water")


def test_rules_refuse_what_makes_no_sense() -> None:
    """Unknown kinds and negative times."""
    with pytest.raises(ValueError, match="unknown kind 'parking'"):
        Rule("parking")
    with pytest.raises(ValueError, match="dwell_s must not be negative"):
        Rule("illegal_parking", dwell_s=-1.0)
    with pytest.raises(ValueError, match="three corners"):
        Zone("z", "no_parking", ((0.0, 0.0), (1.0, 1.0)))
    with pytest.raises(ValueError, match="unknown kind 'car_park'"):
        Zone("z", "car_park", KERB.polygon)


def test_a_rules_version_follows_what_was_configured() -> None:
    """Any change of a rule changes its version; writing the same again does not."""
    base = rule(30.0, allow=(window("mon-fri", "22:00", "06:00"),))
    same = rule(30.0, allow=(Window.parse("mon,tue,wed,thu,fri", "22:00", "06:00"),))
    assert base.effective_version == same.effective_version
    others = [
        rule(31.0, allow=base.allow),
        rule(30.0),
        rule(30.0, allow=base.allow, conf=0.5),
        rule(30.0, allow=base.allow, zones=(replace(KERB, zone_id="kerb-2"),)),
        rule(30.0, allow=base.allow, classes=frozenset({"bus"})),
    ]
    versions = {one.effective_version for one in (base, *others)}
    assert len(versions) == 6
    assert rule(30.0, version="v1").effective_version == "v1"


def test_a_change_of_resolution_changes_nothing_but_pixels() -> None:
    """A camera that falls back to a smaller stream in mid dwell: one violation, boxes as seen."""
    looks = Street([Car(PLACE)], painted=True).looks(60.0)
    mixed = [_enlarged(look, 3.0) if look.at_s < 16.0 else look for look in looks]
    (event,) = confirmations(watch(rule(30.0)), mixed)
    assert event.violation.last_at_s == 30.0
    assert event.violation.box == pytest.approx(PLACE)
    entry, middle, confirmation = event.violation.moments
    assert entry.box == pytest.approx([3.0 * side for side in PLACE])
    assert middle.box == pytest.approx(PLACE)
    assert confirmation.box == pytest.approx(PLACE)


def _enlarged(look: Look, factor: float) -> Look:
    """Take the same look with a camera of more pixels; its picture for comparing stays small."""
    size = (round(look.width * factor), round(look.height * factor))
    detections = look.detections.scaled(factor, factor)
    return replace(look, width=size[0], height=size[1], detections=detections)
