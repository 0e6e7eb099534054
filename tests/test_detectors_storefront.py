"""Goods beyond a storefront, from scripted looks to violations: what counts, and what does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Change, Remark, Rule, ViolationEvent, Watch, Zone
from tests.gathered import (
    band,
    changes,
    events,
    half,
    in_sessions,
    mirrored,
    mirrored_zone,
    restarted,
    seen,
    things,
    times,
    told,
)
from tests.looks import Car, Noise, Street, merged, watch, window

SHOP = band("shop-7", "frontage", 0.6)
DWELL_S = 60.0
MORNING = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)  # Monday, 08:00 in Shanghai
FEW = settings(max_examples=12, deadline=None)
NOISY = st.builds(Noise, seed=st.integers(0, 10_000), miss=st.just(0.2), jitter_px=st.just(3.0))
RACK = Car((100.0, 250.0, 160.0, 300.0), 6.0, label="goods")


def _rule(dwell_s: float | None = DWELL_S, **fields: object) -> Rule:
    given_fields = {"zones": (SHOP,), "dwell_s": dwell_s, **fields}
    return Rule("beyond_storefront", **given_fields)  # type: ignore[arg-type]  # fields by name


def _day(
    one: Watch, cars: Sequence[Car], from_h: float, until_h: float, step_s: float = 20.0
) -> list[tuple[float, ViolationEvent]]:
    """Show hours (since MORNING) of a street; events with their hour."""
    found = []
    for index in range(int((until_h - from_h) * 3600.0 / step_s)):
        at_s = from_h * 3600.0 + index * step_s
        look = Street(cars).look(at_s, index, MORNING)
        found += [(at_s / 3600.0, event) for event in one.step(look).events]
    return found


def test_goods_that_stay_out_are_confirmed_once_and_cleared() -> None:
    """A rack for 100 s where 60 are asked for; the shop is accused, once."""
    found = seen(_rule(), [replace(RACK, end_s=106.0)], 180.0)
    assert changes(found) == ["opened", "confirmed", "cleared"]
    assert times(found, "confirmed") == [66.0]


def test_several_goods_are_one_shops_violation() -> None:
    """Four tables, put out and moved one after the other: one violation, at least four."""
    tables = [
        replace(table, start_s=6.0 + 8.0 * index, end_s=200.0 + 10.0 * index)
        for index, table in enumerate(things("goods", 4, size=(50.0, 40.0), apart=(70.0, 0.0)))
    ]
    found = events(_rule(), tables, 150.0)
    assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
    assert found[-1].violation.count == 4


def test_goods_behind_the_shop_line_are_inside() -> None:
    """What stands in the door and the window touches no ground of the frontage."""
    inside = Car((100.0, 150.0, 160.0, 214.0), label="goods")
    assert seen(_rule(), [inside], 120.0) == []


def test_an_awning_and_an_open_door_touch_no_ground() -> None:
    """Boxes over the frontage, as a model may take them for goods, end above it or at its edge."""
    awning = Car((60.0, 120.0, 400.0, 190.0), label="goods")
    door = Car((200.0, 130.0, 230.0, 222.0), label="goods")
    assert seen(_rule(), [awning, door], 120.0) == []


def test_customers_e_bikes_are_no_goods() -> None:
    """A row of e-bikes, one of which is boxed as goods as well, with a lower score."""
    bikes = things("two_wheeler", 5, corner=(80.0, 250.0))
    twice = replace(bikes[2], label="goods", score=0.5)
    looks = zip(Street(bikes).looks(120.0), Street([twice]).looks(120.0), strict=True)
    assert told(watch(_rule()), [merged(pair) for pair in looks]) == []


def test_unloading_stops_the_clock() -> None:
    """A truck stands before the shop for 100 s, boxes beside it: nothing, until it has left."""
    truck = Car((180.0, 200.0, 360.0, 300.0), 0.0, 100.0, "truck")
    boxes = [replace(RACK, end_s=110.0), Car((380.0, 250.0, 420.0, 290.0), 20.0, 110.0, "goods")]
    assert changes(seen(_rule(), [truck, *boxes], 200.0)) in (["opened", "discarded"], [])
    stays = seen(_rule(), [truck, RACK], 240.0)
    assert changes(stays) == ["opened", "confirmed"]
    assert times(stays, "confirmed")[0] >= 150.0


def test_a_truck_that_parks_there_for_an_hour_unloads_no_more() -> None:
    """After half an hour it is a parked truck, and the goods count."""
    truck = Car((180.0, 200.0, 360.0, 300.0), label="truck")
    found = seen(_rule(), [truck, RACK], 2100.0)
    assert changes(found) == ["opened", "confirmed"]
    assert 1800.0 <= times(found, "confirmed")[0] <= 1900.0


def test_somebody_who_carries_boxes_in_leaves_nothing_standing() -> None:
    """Boxes that move, put down for some seconds here and there."""
    boxes = [
        Car(
            (60.0 + 40.0 * k, 250.0, 90.0 + 40.0 * k, 280.0),
            10.0 * k,
            10.0 * k + 9.0,
            "goods",
            speed_px_s=5.0,
        )
        for k in range(12)
    ]
    assert "confirmed" not in changes(seen(_rule(), boxes, 160.0))


def test_without_closed_hours_the_violation_says_so() -> None:
    """No opening hours are known, so there is no second witness; the case is made all the same."""
    found = events(_rule(), [RACK], 80.0)
    assert {event.violation.remarks for event in found} == {(Remark.NO_REFERENCE,)}


OPEN = replace(SHOP, open=(window("mon-sun", "08:00", "22:00"),))


def test_what_stands_there_at_night_was_not_put_out() -> None:
    """A planter that a model takes for goods: learnt in the closed hours, no case the day after."""
    planter = replace(RACK, start_s=0.0)
    one = watch(_rule(zones=(OPEN,)), interval_s=20.0)
    night = _day(one, [planter], 14.5, 23.5)  # from 22:30 on
    assert [event.change for _, event in night if event.change is Change.CONFIRMED] in (
        [],
        [Change.CONFIRMED],
    )
    day = _day(one, [planter], 24.0, 34.0)
    assert not any(event.change in {Change.OPENED, Change.CONFIRMED} for _, event in day)
    tables = Car((300.0, 250.0, 360.0, 300.0), 0.0, label="goods")
    out = _day(one, [planter, tables], 34.0, 35.0)
    confirmed = [event for _, event in out if event.change is Change.CONFIRMED]
    assert [event.violation.count for event in confirmed] == [1]
    assert confirmed[0].violation.remarks == ()


def test_what_is_gone_at_night_is_put_out_again_the_next_day() -> None:
    """A place that was empty in closed hours is a second witness that the goods were put out."""
    one = watch(_rule(zones=(OPEN,)), interval_s=20.0)
    assert _day(one, [], 14.0, 24.0) == []
    found = _day(one, [replace(RACK, start_s=24.5 * 3600.0)], 24.0, 25.0)
    assert [event.change for _, event in found] == [Change.OPENED, Change.CONFIRMED]
    assert found[-1][1].violation.remarks == ()


def test_one_case_a_shop_a_day() -> None:
    """Out again in the afternoon updates the case; out again the next morning is another one."""
    one = watch(_rule(), interval_s=20.0)
    out = [
        replace(RACK, start_s=hour * 3600.0, end_s=(hour + 1) * 3600.0) for hour in (1, 6, 15, 24)
    ]
    found = [
        (str(event.change), event.violation.violation_id)
        for start in (0.5, 5.5, 14.5, 23.5)
        for _, event in _day(one, out, start, start + 2.0)
    ]
    first, second = found[0][1], found[-1][1]
    assert found == [
        *((change, first) for change in ("opened", "confirmed", "cleared")),
        *((change, first) for change in ("updated", "cleared") * 2),
        *((change, second) for change in ("opened", "confirmed", "cleared")),
    ]


def test_the_day_is_the_local_one() -> None:
    """Cleared at 23:40 and back at 00:10: the site's midnight has passed, the case is another."""
    one = watch(_rule(), interval_s=20.0)
    late = [
        replace(RACK, start_s=15.0 * 3600.0, end_s=15.6 * 3600.0),
        replace(RACK, start_s=16.2 * 3600.0),
    ]
    found = _day(one, late, 14.9, 17.0)
    assert [str(event.change) for _, event in found] == [
        *("opened", "confirmed", "cleared", "opened", "confirmed"),
    ]


def test_again_after_s_of_the_rule_goes_before_the_day() -> None:
    """A rule that says an hour means an hour."""
    one = watch(_rule(again_after_s=3600.0), interval_s=20.0)
    out = [replace(RACK, start_s=hour * 3600.0, end_s=(hour + 0.5) * 3600.0) for hour in (1, 4)]
    found = _day(one, out, 0.5, 5.0)
    assert [str(event.change) for _, event in found] == ["opened", "confirmed", "cleared"] * 2


STALLS = [RACK, Car((300.0, 250.0, 350.0, 290.0), 6.0, label="goods")]


def _make() -> Watch:
    return watch(_rule(zones=(OPEN,)))


@FEW
@given(NOISY)
def test_noise_delays_by_looks_only(noise: Noise) -> None:
    """One look in five missed, 3 px of jitter: once, at most four looks late."""
    found = seen(_rule(), STALLS, 120.0, noise)
    assert changes(found) == ["opened", "confirmed"]
    assert 66.0 <= times(found, "confirmed")[0] <= 74.0


@FEW
@given(NOISY, st.integers(0, 1))
def test_every_second_look_gives_the_same_violation(noise: Noise, offset: int) -> None:
    """Half the looks: the same confirmation, within three of the sparser intervals."""
    looks = Street(STALLS, noise=replace(noise, miss=0.0)).looks(120.0)
    found = told(_make(), looks[offset::2])
    assert changes(found) == ["opened", "confirmed"]
    assert abs(times(found, "confirmed")[0] - 66.0) <= 12.0


@FEW
@given(NOISY, st.integers(0, 10_000))
def test_a_random_half_of_the_looks_gives_the_same_violation(noise: Noise, seed: int) -> None:
    """Looks lost at random, no gap over the step: the same confirmation, a gap late at most."""
    looks = Street(STALLS, noise=replace(noise, miss=0.0)).looks(120.0)
    found = told(_make(), half(looks, Random(seed), 10.0))
    assert changes(found) == ["opened", "confirmed"]
    assert 64.0 <= times(found, "confirmed")[0] <= 88.0


@FEW
@given(NOISY, st.lists(st.integers(1, 59), max_size=5))
def test_sessions_change_nothing(noise: Noise, cuts: list[int]) -> None:
    """A stream that reconnects between two looks gives the same events."""
    looks = Street(STALLS, noise=replace(noise, miss=0.05)).looks(120.0)
    assert told(_make(), in_sessions(looks, cuts)) == told(_make(), looks)


@FEW
@given(NOISY, st.integers(1, 59))
def test_a_restart_changes_nothing(noise: Noise, cut: int) -> None:
    """A snapshot through JSON and a new watch: the same events."""
    looks = Street(STALLS, noise=noise).looks(120.0)
    assert restarted(_make, looks, cut) == told(_make(), looks)


def test_a_restart_at_night_keeps_what_the_night_has_shown() -> None:
    """The reference of the closed hours is in the snapshot."""
    planter = replace(RACK, start_s=0.0)
    first = watch(_rule(zones=(OPEN,)), interval_s=20.0)
    _day(first, [planter], 14.5, 20.0)
    second = watch(_rule(zones=(OPEN,)), interval_s=20.0)
    second.restore(first.snapshot())
    day = _day(second, [planter], 24.0, 26.0)
    assert not any(event.change is Change.CONFIRMED for _, event in day)


@FEW
@given(NOISY)
def test_a_mirrored_street_has_the_same_violation(noise: Noise) -> None:
    """Picture and zones mirrored: the same changes at the same times."""
    zone = Zone("shop", "frontage", ((0.05, 0.6), (0.7, 0.6), (0.8, 1.0), (0.0, 1.0)))
    looks = Street(STALLS, noise=noise).looks(120.0)
    there = told(watch(_rule(zones=(zone,))), looks)
    back = told(watch(_rule(zones=(mirrored_zone(zone),))), map(mirrored, looks))
    assert there == back


def test_more_is_asked_for_where_the_rule_says_so() -> None:
    """`n: 3` forgives two pieces."""
    assert seen(_rule(n=3), STALLS, 120.0) == []
    assert pytest.approx(3) == _rule(n=3).effective_n


def test_goods_whose_box_is_now_right_and_now_too_long_are_found() -> None:
    """On a wet pavement a model boxes tables with their reflection at every second look."""
    right = Car((100.0, 255.0, 160.0, 300.0), 6.0, label="goods", score=0.5)
    long = replace(right, box=(100.0, 255.0, 160.0, 322.0))
    looks = []
    for index in range(60):
        scores = (0.5, 0.4) if index % 2 else (0.4, 0.5)
        pair = [replace(one, score=s) for one, s in zip((right, long), scores, strict=True)]
        looks.append(merged([Street([one]).look(2.0 * index, index) for one in pair]))
    shop = Zone("shop-7", "frontage", ((0.0, 0.6), (1.0, 0.6), (1.0, 0.84), (0.0, 0.84)))
    assert changes(told(watch(_rule(zones=(shop,))), looks)) == ["opened", "confirmed"]
