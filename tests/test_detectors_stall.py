"""Street stalls: vendors who stand, move on, are hidden; and what only looks like one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detectors import Change, Look, Outcome, Rule, Watch, Zone
from tests.looks import (
    Car,
    Noise,
    Street,
    carried,
    confirmations,
    replay,
    told,
    watch,
    window,
)

A = (80.0, 230.0, 160.0, 300.0)
B = (300.0, 235.0, 380.0, 305.0)
C = (500.0, 225.0, 580.0, 295.0)
PAVEMENT = Zone("pavement", "pavement", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))


def _rule(**fields: object) -> Rule:
    given = {"zones": (PAVEMENT,), **fields}
    return Rule("street_stall", **given)  # type: ignore[arg-type]  # fields of Rule by name


def _stall(box: tuple[float, ...] = A, start_s: float = 4.0, end_s: float = float("inf")) -> Car:
    return Car(box, start_s, end_s, "stall")  # type: ignore[arg-type]  # a Box


def _customers(box: tuple[float, ...], start_s: float, end_s: float) -> list[Car]:
    """Five people in a row before a stall, each of whom hides a fifth of it."""
    x0, y0, x1, y1 = box
    wide = (x1 - x0) / 5
    return [
        Car((x0 + wide * i, y0 - 10, x0 + wide * (i + 1), y1 + 8), start_s, end_s, "person")
        for i in range(5)
    ]


def test_a_stall_that_stands_is_confirmed_after_its_dwell() -> None:
    """180 s by default; cleared when it has gone."""
    events = told(watch(_rule()), Street([_stall(end_s=300.0)]).looks(400.0))
    assert events[:2] == [("opened", 6.0), ("confirmed", 184.0)]
    assert [change for change, _ in events] == ["opened", "confirmed", "cleared"]


def test_a_vendor_who_moves_every_two_minutes_is_one_violation() -> None:
    """120 s at one place and 60 s at the next make the dwell; moving on makes no second case."""
    places = [A, B, C, A, B]
    stalls = [_stall(box, 120.0 * i, 120.0 * i + 116.0) for i, box in enumerate(places)]
    events = list(replay(watch(_rule()), Street(stalls).looks(596.0)))
    found = [(event.change, event.violation.violation_id) for _, event in events]
    assert [change for change, _ in found] == [Change.OPENED, Change.CONFIRMED]
    confirmed = events[1][1].violation
    # 114 s seen at the first place, from 120 s on at the second
    assert 184.0 <= confirmed.last_at_s <= 190.0
    assert confirmed.opened_at_s == 0.0
    assert confirmed.dwell_s >= 180.0


@pytest.mark.parametrize(
    ("together_s", "found"),
    [
        # A's last look is at 118 s; from both places come no more than the seconds of one
        (2.0, [(0.0, 180.0)]),
        (6.0, [(0.0, 180.0)]),  # three looks show both: 114, 116 and 118 s
        (8.0, [(112.0, 292.0)]),  # four: another vendor, and A has gone
    ],
)
def test_a_move_may_show_both_places(together_s: float, found: list[tuple[float, float]]) -> None:
    """A cart boxed at its old and its new place for three looks is one vendor, no longer."""
    street = Street([_stall(A, 0.0, 120.0), _stall(B, 120.0 - together_s)])
    told_of = confirmations(watch(_rule()), street.looks(400.0))
    assert [(e.violation.opened_at_s, e.violation.last_at_s) for e in told_of] == found


KERBSIDE = tuple(
    Zone(name, kind, ((0.0, y), (1.0, y), (1.0, y + 0.25), (0.0, y + 0.25)))
    for name, kind, y in (("pavement", "pavement", 0.5), ("road", "carriageway", 0.75))
)
ON_ROAD = (300.0, 285.0, 380.0, 355.0)
ON_PAVEMENT = (80.0, 180.0, 160.0, 250.0)


def test_a_vendor_goes_on_in_the_rules_other_zone() -> None:
    """From the pavement to the road, back, and once more: one case, of where it began."""
    stalls = [
        _stall(ON_PAVEMENT, 0.0, 116.0),
        _stall(ON_ROAD, 120.0, 236.0),
        _stall(ON_PAVEMENT, 234.0, 300.0),
        _stall(ON_ROAD, 420.0),
    ]
    events = list(replay(watch(_rule(zones=KERBSIDE)), Street(stalls).looks(640.0)))
    changes = [event.change for _, event in events]
    assert changes == [Change.OPENED, Change.CONFIRMED, Change.CLEARED, Change.UPDATED]
    assert len({event.violation.violation_id for _, event in events}) == 1
    assert {event.violation.zone_id for _, event in events} == {"pavement"}
    confirmed = events[1][1].violation
    assert confirmed.opened_at_s == 0.0
    assert confirmed.box == pytest.approx(ON_ROAD)
    assert 184.0 <= confirmed.last_at_s <= 190.0


def test_a_vendor_who_is_pushed_over_the_edge_of_a_zone_goes_on() -> None:
    """Slowly from the left zone into the right one, over the edge: once, through a restart."""
    zones = tuple(
        Zone(name, "pavement", ((x, 0.5), (x + 0.5, 0.5), (x + 0.5, 1.0), (x, 1.0)))
        for name, x in (("left", 0.0), ("right", 0.5))
    )
    slow = Car((200.0, 230.0, 280.0, 300.0), 0.0, label="stall", speed_px_s=1.0)
    looks = Street([slow]).looks(300.0)
    first, second = watch(_rule(zones=zones)), watch(_rule(zones=zones))
    assert not confirmations(first, looks[:70])  # at 340 of 320
    second.restore(json.loads(json.dumps(first.snapshot())))
    found = confirmations(second, looks[70:])
    assert [event.violation.zone_id for event in found] == ["left"]
    assert [event.violation.last_at_s for event in found] == [pytest.approx(180.0, abs=4.0)]


def test_a_permit_ends_where_a_vendor_moves_out_of_its_zone() -> None:
    """Five minutes where it is permitted, then in the other zone: a case of that one alone."""
    permit = replace(window("mon-sun", "11:00", "14:00"), zones=frozenset({"pavement"}))
    rule = _rule(zones=KERBSIDE, allow=(permit,))
    street = Street([_stall(ON_PAVEMENT, 0.0, 300.0), _stall(ON_ROAD, 304.0)])
    (event,) = confirmations(watch(rule), street.looks(600.0))
    assert event.violation.zone_id == "road"
    assert (event.violation.opened_at_s, event.violation.last_at_s) == (304.0, 484.0)
    back = Street([_stall(ON_ROAD, 0.0, 100.0), _stall(ON_PAVEMENT, 104.0)])
    assert not confirmations(watch(rule), back.looks(600.0))


def test_seconds_count_within_the_window_only() -> None:
    """60 s every six minutes: never 180 s within 600 s, however long it goes on."""
    stalls = [_stall(A, 360.0 * i, 360.0 * i + 60.0) for i in range(8)]
    assert not confirmations(watch(_rule()), Street(stalls).looks(2900.0))


def test_three_visits_within_the_window_count() -> None:
    """Three times 70 s in eight minutes do, with times of absence in between."""
    stalls = [_stall(A, 200.0 * i, 200.0 * i + 70.0) for i in range(3)]
    found = confirmations(watch(_rule()), Street(stalls).looks(700.0))
    assert [event.violation.last_at_s for event in found] == [pytest.approx(444.0, abs=4.0)]


def test_vendors_who_are_seen_together_are_several() -> None:
    """Two stalls side by side are two violations, each timed from its own start."""
    street = Street([_stall(A, 0.0), _stall(B, 60.0)])
    found = confirmations(watch(_rule()), street.looks(400.0))
    assert [event.violation.last_at_s for event in found] == [180.0, 240.0]
    assert len({event.violation.violation_id for event in found}) == 2


def test_a_cart_that_is_pushed_through_the_zone_counts_as_long_as_it_is_there() -> None:
    """Slowly along the pavement: a moving vendor is one too; one who passes is none."""
    slow = Car((0.0, 230.0, 80.0, 300.0), 0.0, 300.0, "stall", speed_px_s=2.0)
    assert len(confirmations(watch(_rule()), Street([slow]).looks(300.0))) == 1
    quick = Car((0.0, 230.0, 80.0, 300.0), 0.0, label="stall", speed_px_s=15.0)
    assert not confirmations(watch(_rule()), Street([quick]).looks(300.0))


def test_a_stall_hidden_by_its_customers_is_unseen_and_not_gone() -> None:
    """No single one hides it; together they do. Neither cleared nor a new violation."""
    street = Street([_stall(A, 0.0, 60.0), _stall(A, 180.0), *_customers(A, 60.0, 180.0)])
    events = told(watch(_rule()), street.looks(400.0))
    assert [change for change, _ in events] == ["opened", "confirmed"]
    # 58 s before, then the rest, as far as it lies within 600 s
    assert events[1][1] == pytest.approx(302.0, abs=4.0)


def test_a_confirmed_stall_behind_customers_is_not_cleared() -> None:
    """Hidden for five minutes after confirmation: nobody says that it has gone."""
    street = Street([_stall(A, 0.0, 200.0), *_customers(A, 200.0, 500.0)])
    events = told(watch(_rule()), street.looks(500.0))
    assert [change for change, _ in events] == ["opened", "confirmed"]


def test_a_return_updates_the_old_case() -> None:
    """Cleared, back at another place within again_after_s and for the dwell: the same case."""
    street = Street([_stall(A, 0.0, 200.0), _stall(C, 400.0)])
    events = list(replay(watch(_rule()), street.looks(700.0)))
    changes = [event.change for _, event in events]
    assert changes == [Change.OPENED, Change.CONFIRMED, Change.CLEARED, Change.UPDATED]
    assert len({event.violation.violation_id for _, event in events}) == 1


@pytest.mark.parametrize(
    ("things", "why"),
    [
        ([_stall((80.0, 60.0, 160.0, 130.0))], "not in the zone"),
        ([_stall(A, 0.0, 120.0)], "unloads and leaves"),
        ([Car(A, label="two_wheeler")], "a tricycle"),
        ([Car(A, label="goods")], "goods before a shop"),
        ([Car(A, label="person")], "somebody who waits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_stall(things: list[Car], why: str) -> None:
    """Each of these is a false friend."""
    del why
    assert not confirmations(watch(_rule()), Street(things).looks(400.0))


def test_a_kiosk_is_drawn_as_furniture() -> None:
    """What stands in a zone of kind furniture is none."""
    mask = Zone("kiosk", "furniture", ((0.1, 0.5), (0.27, 0.5), (0.27, 0.9), (0.1, 0.9)))
    assert not told(watch(_rule(context=(mask,))), Street([_stall(A)]).looks(400.0))
    assert confirmations(watch(_rule(context=(mask,))), Street([_stall(C)]).looks(400.0))


# Furniture ----------------------------------------------------------------------------------


def _night(day: int, car: Car | None, clock: str = "03:10", minutes: int = 40) -> list[Look]:
    """Look once a minute from this time of day 5 January + day on."""
    at = datetime.fromisoformat(f"2026-01-05T{clock}+08:00").astimezone(UTC) + timedelta(days=day)
    base_s = day * 86_400.0
    looks = []
    for minute in range(minutes):
        shown = Street([] if car is None else [replace(car, start_s=0.0)])
        look = shown.look(0.0, minute)
        passed = timedelta(minutes=minute)
        looks.append(replace(look, at_s=base_s + 60.0 * minute, captured_at=at + passed))
    return looks


def _fed(one: Watch, looks: Sequence[Look]) -> list[Outcome]:
    return [one.step(look) for look in looks]


def test_what_stands_there_by_night_on_three_days_is_furniture() -> None:
    """A kiosk: confirmed on its first day, let go and proposed as a mask in its third night."""
    one = watch(_rule())
    outcomes = _fed(one, Street([_stall(A)]).looks(200.0))
    for day in range(1, 4):
        assert not any(outcome.proposals for outcome in outcomes)
        outcomes = _fed(one, _night(day, _stall(A)))
    proposals = [each for outcome in outcomes for each in outcome.proposals]
    assert [(each.kind, each.zone_id) for each in proposals] == [("street_stall", "pavement")]
    (x0, y0), (x1, _), (_, y1), _ = proposals[0].polygon
    assert (x0 * 640 < A[0], x1 * 640 > A[2], y0 * 360 < A[1], y1 * 360 > A[3]) == (True,) * 4
    cleared = [event for outcome in outcomes for event in outcome.events]
    assert [(event.change, event.reason) for event in cleared] == [(Change.CLEARED, "furniture")]
    day_after = Street([_stall(A), _stall(C)]).looks(300.0, start=datetime(2026, 1, 10, tzinfo=UTC))
    later = [replace(look, at_s=look.at_s + 4.5 * 86_400.0) for look in day_after]
    found = confirmations(one, later)
    assert [event.violation.box[0] for event in found] == [pytest.approx(C[0], abs=1.0)]


def test_a_vendor_of_every_evening_is_no_furniture() -> None:
    """Seven evenings at one place, and gone each night."""
    one = watch(_rule())
    for day in range(7):
        outcomes = _fed(one, _night(day, _stall(A), "20:00") + _night(day, None, "23:30"))
        assert not any(outcome.proposals for outcome in outcomes)
    assert not any(o.proposals for o in _fed(one, _night(8, None)))


def test_three_nights_survive_a_restart() -> None:
    """What was learned is part of the snapshot."""
    first = watch(_rule())
    _fed(first, _night(0, _stall(A)))
    _fed(first, _night(1, _stall(A)))
    second = watch(_rule())
    second.restore(json.loads(json.dumps(first.snapshot())))
    assert [len(outcome.proposals) for outcome in _fed(second, _night(2, _stall(A)))].count(1) == 1


# Permits ------------------------------------------------------------------------------------


def test_a_permit_holds_at_its_place_only() -> None:
    """Vendors may stand on one pavement from noon on, and not on the other."""
    left = Zone("left", "pavement", ((0.0, 0.5), (0.4, 0.5), (0.4, 1.0), (0.0, 1.0)))
    right = Zone("right", "pavement", ((0.6, 0.5), (1.0, 0.5), (1.0, 1.0), (0.6, 1.0)))
    permit = replace(window("mon-sun", "12:00", "14:00"), zones=frozenset({"left"}))
    one = watch(_rule(zones=(left, right), allow=(permit,)))
    found = confirmations(one, Street([_stall(A), _stall(C)]).looks(300.0))
    assert [event.violation.zone_id for event in found] == ["right"]


@pytest.mark.parametrize(
    ("fields", "permitted"),
    [
        ({}, True),
        ({"first_day": "2026-01-05", "last_day": "2026-01-05"}, True),
        ({"first_day": "2026-01-06"}, False),  # not yet
        ({"last_day": "2026-01-04"}, False),  # expired
        ({"season": ((12, 1), (2, 28))}, True),  # over New Year
        ({"season": ((6, 1), (9, 30))}, False),  # melons, in summer
    ],
)
def test_permits_have_days_and_seasons(fields: dict[str, object], *, permitted: bool) -> None:
    """On Monday, 5 January 2026."""
    days = {
        key: datetime.fromisoformat(value).date() if isinstance(value, str) else value
        for key, value in fields.items()
    }
    permit = replace(window("mon", "11:00", "14:00"), **days)  # type: ignore[arg-type]  # by name
    found = confirmations(watch(_rule(allow=(permit,))), Street([_stall(A)]).looks(300.0))
    assert bool(found) is not permitted


def test_carried_looks_prove_nothing() -> None:
    """A stall carried by the motion gate for its whole dwell is not confirmed."""
    looks = Street([_stall(A, 0.0)]).looks(220.0)
    mixed = [carried(look) if look.at_s > 10.0 else look for look in looks]
    assert not confirmations(watch(_rule()), mixed)


def test_a_noisy_vendor_is_one_vendor() -> None:
    """One look in five missed, 3 px of jitter, four places: once."""
    stalls = [_stall(box, 90.0 * i, 90.0 * i + 80.0) for i, box in enumerate([A, B, C, B])]
    for seed in range(10):
        street = Street(stalls, noise=Noise(seed, 0.2, 3.0))
        assert len(confirmations(watch(_rule()), street.looks(400.0))) == 1
