"""Illegal parking, from scripted looks to violations: what counts, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detectors import Change, PictureState, Rule, Zone
from tests.looks import (
    KERB,
    NOON,
    Car,
    Street,
    carried,
    confirmations,
    merged,
    replay,
    rule,
    spoiled,
    told,
    watch,
    window,
)

PLACE = (280.0, 230.0, 360.0, 280.0)
BUS = (180.0, 170.0, 460.0, 330.0)
"""In front of PLACE, and larger."""
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

painted = pytest.mark.parametrize("with_pictures", [False, True], ids=["boxes", "pictures"])


@painted
def test_a_parked_car_opens_is_confirmed_and_cleared_once(*, with_pictures: bool) -> None:
    """Opened at the second look, confirmed when 30 s are over, cleared after clear looks."""
    street = Street([Car(PLACE, start_s=4.0, end_s=60.0)], painted=with_pictures)
    events = told(watch(rule(30.0)), street.looks(120.0))
    assert events[:2] == [("opened", 6.0), ("confirmed", 34.0)]
    assert [change for change, _ in events] == ["opened", "confirmed", "cleared"]
    assert 60.0 + 3 * 2.0 <= events[2][1] <= 80.0


@painted
def test_a_drop_off_is_discarded(*, with_pictures: bool) -> None:
    """A car that stays 20 s of 30 opens a violation that comes to nothing."""
    street = Street([Car(PLACE, 4.0, 24.0)], painted=with_pictures)
    events = list(replay(watch(rule(30.0)), street.looks(120.0)))
    assert [event.change for _, event in events] == [Change.OPENED, Change.DISCARDED]
    assert events[-1][1].violation.dwell_s == pytest.approx(18.0)
    assert events[-1][1].reason == "left"


@pytest.mark.parametrize(
    "speed_px_s",
    [
        2.0,  # a queue that creeps: never out of its own shadow between two looks
        5.0,
        12.0,
        60.0,  # traffic: somewhere else at every look
        300.0,
    ],
)
@pytest.mark.parametrize("interval_s", [2.0, 0.2])
def test_what_moves_is_not_parked(speed_px_s: float, interval_s: float) -> None:
    """No confirmation for a car that rolls on, however slowly, however often it is looked at."""
    street = Street([Car((20.0, 230.0, 100.0, 280.0), speed_px_s=speed_px_s)])
    looks = street.looks(100.0, interval_s)
    assert not confirmations(watch(rule(30.0), interval_s=interval_s), looks)


def test_a_bus_at_its_stop_is_no_violation() -> None:
    """It may wait there; a car may not, and a bus elsewhere neither."""
    stop = Zone("stop", "bus_stop", ((0.2, 0.5), (0.8, 0.5), (0.8, 1.0), (0.2, 1.0)))
    for label, box, parked in (
        ("bus", BUS, False),
        ("car", PLACE, True),
        ("bus", (0.0, 200.0, 100.0, 300.0), True),
    ):
        one = watch(rule(30.0, context=(stop,)))
        found = confirmations(one, Street([Car(box, label=label)]).looks(60.0))
        assert bool(found) is parked, label


def test_a_bay_may_have_a_limit() -> None:
    """One may load for 60 s; the dwell begins after that, and the violation opens there."""
    bay = Zone("bay", "loading_bay", ((0.40, 0.0), (0.60, 0.0), (0.60, 1.0), (0.40, 1.0)), 60.0)
    one = watch(rule(30.0, zones=(Zone("z", "no_parking", WHOLE),), context=(bay,)))
    (event,) = confirmations(one, Street([Car(PLACE)]).looks(120.0))
    assert event.violation.opened_at_s == 60.0
    assert event.violation.last_at_s == 90.0
    assert event.violation.dwell_s == pytest.approx(30.0)
    short = watch(rule(30.0, zones=(Zone("z", "no_parking", WHOLE),), context=(bay,)))
    assert not told(short, Street([Car(PLACE, 0.0, 50.0)]).looks(120.0))


def test_another_car_in_the_place_of_a_confirmed_one_is_another_violation() -> None:
    """The first is cleared as replaced, the second confirmed after its own 30 s."""
    cars = [Car(PLACE, 0.0, 40.0, paint=1), Car(PLACE, 40.0, paint=2)]
    events = list(replay(watch(rule(30.0)), Street(cars, painted=True).looks(100.0)))
    by_change = [(event.change, event.violation.opened_at_s) for _, event in events]
    assert by_change.count((Change.CONFIRMED, 0.0)) == 1
    assert by_change.count((Change.CLEARED, 0.0)) == 1
    assert by_change.count((Change.CONFIRMED, 40.0)) == 1


@painted
def test_a_confirmed_car_is_not_confirmed_again_after_hours_unseen(*, with_pictures: bool) -> None:
    """An hour without looks neither clears nor repeats a confirmed violation."""
    street = Street([Car(PLACE)], painted=with_pictures)
    looks = [*street.looks(40.0), *(street.look(3600.0 + 2 * i, 100 + i) for i in range(40))]
    assert told(watch(rule(30.0)), looks) == [("opened", 2.0), ("confirmed", 30.0)]


LANE = Zone("lane-1", "lane", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))
BEHIND = (180.0, 228.0, 260.0, 278.0)
AHEAD = (390.0, 232.0, 470.0, 282.0)


def test_a_queue_in_a_lane_stops_the_clock() -> None:
    """Three cars stand 40 s at a light; the one that stays is timed from when they left."""
    cars = [Car(PLACE), Car(BEHIND, 0.0, 40.0), Car(AHEAD, 0.0, 40.0)]
    one = watch(rule(30.0, context=(LANE,)))
    found = confirmations(one, Street(cars).looks(120.0))
    assert [event.violation.last_at_s for event in found] == [70.0]
    assert found[0].violation.dwell_s == pytest.approx(30.0)


def test_a_queue_outside_lanes_is_parked() -> None:
    """Without a lane zone the same three cars are three violations."""
    cars = [Car(PLACE), Car(BEHIND), Car(AHEAD)]
    found = confirmations(watch(rule(30.0)), Street(cars).looks(60.0))
    assert [event.violation.last_at_s for event in found] == [30.0, 30.0, 30.0]
    assert len({event.violation.violation_id for event in found}) == 3


def test_one_car_that_stands_while_a_lane_flows_is_parked() -> None:
    """Traffic that passes in the lane makes no queue of the car that stands in it."""
    passing = [
        Car((0.0, 300.0, 80.0, 350.0), start_s=4.0 * i, end_s=4.0 * i + 4.0, speed_px_s=150.0)
        for i in range(20)
    ]
    one = watch(rule(30.0, context=(LANE,)))
    found = confirmations(one, Street([Car(PLACE), *passing]).looks(60.0))
    assert [event.violation.last_at_s for event in found] == [30.0]


def _half(zone_id: str, kind: str, left: float, right: float) -> Zone:
    return Zone(zone_id, kind, ((left, 0.0), (right, 0.0), (right, 1.0), (left, 1.0)))


@pytest.mark.parametrize(
    ("zones", "parked"),
    [
        # the box spans x 280..360 of 640; shares of its contact with the ground
        ([_half("z", "no_parking", 0.0, 0.47)], False),  # 26 % reach into the zone
        ([_half("z", "no_parking", 0.0, 0.52)], True),  # 66 % stand in it
        # a bay drawn beside the zone: the car hangs over by a third
        ([_half("z", "no_parking", 0.0, 0.48), _half("b", "loading_bay", 0.48, 1.0)], False),
        # a bay drawn inside a zone over everything
        ([Zone("z", "no_parking", WHOLE), _half("b", "loading_bay", 0.40, 0.52)], False),
        # most of it stands beside the bay
        ([Zone("z", "no_parking", WHOLE), _half("b", "loading_bay", 0.40, 0.47)], True),
        # only the roof is in the zone: a vehicle stands where it touches the ground
        ([Zone("z", "no_parking", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.70), (0.0, 0.70)))], False),
    ],
)
def test_ground_contact_decides(zones: list[Zone], *, parked: bool) -> None:
    """What counts is where the vehicle touches the ground, of the whole box."""
    one = watch(rule(30.0, zones=tuple(zones)))
    assert bool(confirmations(one, Street([Car(PLACE)]).looks(60.0))) is parked


def test_a_box_guessed_behind_another_car_gives_way_to_a_clear_one() -> None:
    """A car hangs over from its bay; the end that a second car hides is drawn too far at first."""
    before = Car((150.0, 192.0, 343.0, 305.0), 0.0, 16.0)
    guessed = Car((260.0, 156.0, 432.0, 229.0), 0.0, 16.0, score=0.5)
    clear = Car((303.0, 156.0, 432.0, 229.0), 16.0, score=0.7)
    looks = Street([before]).looks(60.0)
    behind = Street([guessed, clear]).looks(60.0)
    both = [merged(pair) for pair in zip(looks, behind, strict=True)]
    zones = (Zone("z", "no_parking", WHOLE),)
    bay = _half("b", "loading_bay", 378.0 / 640.0, 1.0)
    assert not confirmations(watch(rule(30.0, zones=zones, context=(bay,))), both)
    assert confirmations(watch(rule(30.0, zones=zones)), both)


def test_a_box_cut_by_a_zone_is_measured_whole() -> None:
    """The box 280..500 in a zone that ends at 300 stands at 390, outside, however it is cut."""
    zones = (_half("z", "no_parking", 0.0, 300.0 / 640.0),)
    street = Street([Car((280.0, 200.0, 500.0, 300.0))])
    assert not told(watch(rule(10.0, zones=zones)), street.looks(40.0))


def test_a_car_in_two_zones_is_one_violation() -> None:
    """Zones of a rule that overlap accuse a thing once, in the zone that holds most of it."""
    zones = (_half("left", "no_parking", 0.0, 0.52), _half("right", "no_parking", 0.45, 1.0))
    found = confirmations(watch(rule(30.0, zones=zones)), Street([Car(PLACE)]).looks(60.0))
    assert [event.violation.zone_id for event in found] == ["right"]


def test_defaults_of_the_kind_apply_by_zone() -> None:
    """Without a dwell in the rule: 300 s, in a fire lane 120 s."""
    fire = _half("fire", "fire_lane", 0.0, 0.4)
    plain = _half("plain", "no_parking", 0.4, 1.0)
    one = watch(Rule("illegal_parking", (fire, plain)))
    street = Street([Car((60.0, 230.0, 140.0, 280.0)), Car(PLACE)])
    found = [
        (e.violation.zone_id, e.violation.last_at_s)
        for e in confirmations(one, street.looks(320.0))
    ]
    assert found == [("fire", 120.0), ("plain", 300.0)]


@pytest.mark.parametrize("label", ["person", "two_wheeler"])
def test_other_classes_are_not_parked_cars(label: str) -> None:
    """A person who stands is no vehicle."""
    assert not told(watch(rule(10.0)), Street([Car(PLACE, label=label)]).looks(40.0))


def test_a_thing_detected_twice_is_one_violation() -> None:
    """A van boxed as car and as truck, and once more in part, is one van."""
    twice = [
        Car(PLACE, label="truck", score=0.8),
        Car((281.0, 231.0, 361.0, 281.0), label="car", score=0.6),
        Car((282.0, 238.0, 330.0, 279.0), label="car", score=0.5),
    ]
    streets = [Street([box]).looks(60.0) for box in twice]
    looks = [merged(parts) for parts in zip(*streets, strict=True)]
    found = confirmations(watch(rule(30.0)), looks)
    assert len(found) == 1
    assert found[0].violation.label == "truck"


def test_a_thing_that_comes_out_from_behind_another_stays_one() -> None:
    """Its first visible part and then two boxes of it make no second violation."""
    x0, y0, x1, y1 = PLACE
    whole = Street([Car(PLACE, 0.0, 40.0)])
    part = Street([Car((x0, y0, x0 + 50.0, y1), 40.0, 46.0)])
    as_car = Street([Car(PLACE, 46.0, score=0.6)])
    as_truck = Street([Car((x0, y0 + 1.0, x1 - 6.0, y1 + 2.0), 46.0, label="truck", score=0.7)])
    streets = [one.looks(140.0) for one in (whole, part, as_truck, as_car)]
    looks = [merged(parts) for parts in zip(*streets, strict=True)]
    assert told(watch(rule(30.0)), looks) == [("opened", 2.0), ("confirmed", 30.0)]


@pytest.mark.parametrize(
    ("scores", "confirmed"),
    [
        ([0.8], True),
        ([0.45, 0.15, 0.5, 0.2], True),  # falls below the rule's 0.3 in every second look
        ([0.29], False),  # never reaches it
        ([0.35, 0.13, 0.13], False),  # hardly ever reaches it
    ],
)
def test_scores_are_taken_up_high_and_followed_low(scores: list[float], *, confirmed: bool) -> None:
    """A thing is taken up at the rule's score, followed below it, and reaches it on average."""
    looks = [
        Street([Car(PLACE, score=scores[index % len(scores)])]).look(2.0 * index, index)
        for index in range(40)
    ]
    assert bool(confirmations(watch(rule(30.0, conf=0.3)), looks)) is confirmed


def _at(clock: str) -> datetime:
    """UTC of a time in Shanghai on Monday 5 January 2026."""
    return datetime.fromisoformat(f"2026-01-05T{clock}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "allow", "confirmed_at_s"),
    [
        # allowed for the first minute: counted from its end
        ("12:00:00", ("mon", "12:00", "12:01"), 90.0),
        # a night permit that began on Sunday ends half a minute in
        ("05:59:30", ("mon-sun", "22:00", "06:00"), 60.0),
        # the same, but Sunday is not named: forbidden from the start
        ("05:59:30", ("mon-sat", "22:00", "06:00"), 30.0),
        # 20 s before a permit and 10 s after it
        ("11:59:40", ("mon", "12:00", "12:02"), 150.0),
        # the dwell would be complete inside the permit: not before it ends
        ("11:59:30", ("mon", "12:00", "12:02"), 150.0),
        # another day's permit
        ("12:00:00", ("tue", "12:00", "13:00"), 30.0),
    ],
)
def test_only_forbidden_seconds_count(
    start: str, allow: tuple[str, str, str], confirmed_at_s: float
) -> None:
    """A permit stops the clock, and nothing is confirmed inside it."""
    one = watch(rule(30.0, allow=(window(*allow),)))
    looks = Street([Car(PLACE)]).looks(200.0, start=_at(start))
    assert [event.violation.last_at_s for event in confirmations(one, looks)] == [confirmed_at_s]


def test_a_violation_opens_when_the_permit_ends() -> None:
    """Its opening is the first forbidden look, not the car's arrival under permit."""
    one = watch(rule(30.0, allow=(window("mon", "12:00", "12:01"),)))
    found = confirmations(one, Street([Car(PLACE)]).looks(200.0))
    assert found[0].violation.opened_at == NOON + timedelta(seconds=60)
    assert found[0].violation.moments[0].at_s == 60.0


def test_outside_its_hours_a_rule_sees_nothing() -> None:
    """hours: switched on at 12:01."""
    one = watch(rule(30.0, hours=(window("mon-fri", "12:01", "18:00"),)))
    found = confirmations(one, Street([Car(PLACE)]).looks(200.0))
    assert [event.violation.last_at_s for event in found] == [90.0]


def test_carried_looks_keep_a_presence_and_prove_nothing() -> None:
    """30 s of carried looks: still there, but not a second of it is dwell."""
    looks = Street([Car(PLACE)]).looks(100.0)
    mixed = [carried(look) if 10.0 < look.at_s < 42.0 else look for look in looks]
    found = confirmations(watch(rule(30.0)), mixed)
    assert [event.violation.last_at_s for event in found] == [62.0]
    assert found[0].violation.dwell_s == pytest.approx(30.0)
    assert found[0].violation.unseen_s == pytest.approx(32.0)
    assert found[0].violation.opened_at_s == 0.0


def test_a_gap_over_the_grace_starts_the_dwell_again() -> None:
    """The same 32 s without any look: nobody can say that it stood there."""
    looks = [look for look in Street([Car(PLACE)]).looks(120.0) if not 10.0 < look.at_s < 42.0]
    events = told(watch(rule(30.0)), looks)
    assert events == [("opened", 2.0), ("discarded", 42.0), ("opened", 44.0), ("confirmed", 72.0)]


@pytest.mark.parametrize("state", [state for state in PictureState if state is not PictureState.OK])
def test_a_bad_picture_is_neither_gone_nor_there(state: PictureState) -> None:
    """20 s of bad pictures in which nothing is found: bridged, and not counted."""
    looks = Street([Car(PLACE)]).looks(100.0)
    mixed = [spoiled(look, state) if 10.0 < look.at_s < 30.0 else look for look in looks]
    found = confirmations(watch(rule(30.0)), mixed)
    assert [event.violation.last_at_s for event in found] == [50.0]
    assert found[0].violation.unseen_s == pytest.approx(20.0)


def test_clearing_needs_clear_looks() -> None:
    """A confirmed car is not cleared by bad pictures or by a gap, only by looks without it."""
    street = Street([Car(PLACE, 0.0, 40.0)])
    looks = [
        spoiled(look, PictureState.DARK) if 40.0 <= look.at_s < 200.0 else look
        for look in street.looks(300.0)
    ]
    events = told(watch(rule(30.0)), looks)
    assert [change for change, _ in events] == ["opened", "confirmed", "cleared"]
    assert events[-1][1] >= 200.0


def test_a_dropped_stream_within_the_grace_is_bridged() -> None:
    """A new session 20 s later: the same car goes on, the gap is unseen."""
    looks = Street([Car(PLACE)], painted=True).looks(100.0)
    mixed = [
        replace(look, session=int(look.at_s >= 30.0))
        for look in looks
        if not 10.0 < look.at_s < 30.0
    ]
    found = confirmations(watch(rule(30.0)), mixed)
    assert [event.violation.last_at_s for event in found] == [50.0]
    assert found[0].violation.unseen_s == pytest.approx(20.0)


def test_another_car_after_a_dropped_stream_starts_again() -> None:
    """What stands there after the gap looks different: its own dwell."""
    cars = [Car(PLACE, 0.0, 20.0, paint=1), Car(PLACE, 20.0, paint=2)]
    looks = [
        look for look in Street(cars, painted=True).looks(100.0) if not 10.0 < look.at_s < 30.0
    ]
    found = confirmations(watch(rule(30.0)), looks)
    assert [(e.violation.opened_at_s, e.violation.last_at_s) for e in found] == [(30.0, 60.0)]


@pytest.mark.parametrize("light", [0.6, 1.5])
def test_a_change_of_light_is_no_change_of_car(light: float) -> None:
    """A cloud or the sun during a gap: still the same car."""
    bright, other = (
        Street([Car(PLACE)], painted=True),
        Street([Car(PLACE)], painted=True, light=light),
    )
    looks = [*bright.looks(10.0), *(other.look(26.0 + 2 * i, 50 + i) for i in range(30))]
    found = confirmations(watch(rule(30.0)), looks)
    assert [event.violation.opened_at_s for event in found] == [0.0]


@painted
def test_a_return_updates_the_old_case(*, with_pictures: bool) -> None:
    """Cleared, back within again_after_s and long enough: the old violation, updated, once."""
    cars = [Car(PLACE, 0.0, 40.0), Car(PLACE, 100.0)]
    one = watch(rule(30.0, again_after_s=600.0))
    events = list(replay(one, Street(cars, painted=with_pictures).looks(200.0)))
    changes = [event.change for _, event in events]
    assert changes == [Change.OPENED, Change.CONFIRMED, Change.CLEARED, Change.UPDATED]
    assert len({event.violation.violation_id for _, event in events}) == 1
    assert events[-1][0].at_s == 130.0
    assert events[-1][1].reason == "returned"


def test_a_return_after_again_after_s_is_a_new_violation() -> None:
    """The same place an hour later is a new case."""
    cars = [Car(PLACE, 0.0, 40.0), Car(PLACE, 300.0)]
    found = confirmations(watch(rule(30.0, again_after_s=60.0)), Street(cars).looks(400.0))
    assert [event.violation.opened_at_s for event in found] == [0.0, 300.0]


def test_another_car_in_the_old_place_is_a_new_violation() -> None:
    """Within again_after_s, but it looks different."""
    cars = [Car(PLACE, 0.0, 40.0, paint=1), Car(PLACE, 100.0, paint=2)]
    one = watch(rule(30.0, again_after_s=600.0))
    found = confirmations(one, Street(cars, painted=True).looks(200.0))
    assert [event.violation.opened_at_s for event in found] == [0.0, 100.0]


def test_a_short_return_says_nothing() -> None:
    """Back for 10 s of 30: the case stays cleared, and a later return still belongs to it."""
    cars = [Car(PLACE, 0.0, 40.0), Car(PLACE, 100.0, 110.0), Car(PLACE, 200.0)]
    one = watch(rule(30.0, again_after_s=600.0))
    changes = [event.change for _, event in replay(one, Street(cars).looks(300.0))]
    assert changes == [Change.OPENED, Change.CONFIRMED, Change.CLEARED, Change.UPDATED]


def test_a_confirmed_car_that_moves_up_a_little_is_the_same_violation() -> None:
    """Half a metre forward after confirmation: not a second case."""
    x0, y0, x1, y1 = PLACE
    cars = [Car(PLACE, 0.0, 40.0, paint=1), Car((x0 + 16, y0, x1 + 16, y1), 40.0, paint=1)]
    events = told(watch(rule(30.0)), Street(cars, painted=True).looks(120.0))
    assert events == [("opened", 2.0), ("confirmed", 30.0)]


def test_the_zone_named_by_the_rule_is_the_one_that_counts() -> None:
    """A car in the upper half breaks no rule of the lower half."""
    street = Street([Car((280.0, 60.0, 360.0, 110.0))])
    assert not told(watch(rule(10.0, zones=(KERB,))), street.looks(40.0))
    assert confirmations(watch(rule(10.0, zones=())), street.looks(40.0))
