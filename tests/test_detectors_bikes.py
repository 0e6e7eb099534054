"""Bikes in disorder, from scripted looks to violations: what counts, and what does not."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Change, Rule, Watch, Zone
from tests.gathered import (
    band,
    changes,
    events,
    half,
    in_sessions,
    mirrored,
    mirrored_zone,
    restarted,
    riders,
    seen,
    things,
    times,
    told,
)
from tests.looks import Car, Noise, Street, watch

PAVEMENT = band("pavement", "pavement")
RACK = Zone("rack", "rack", ((0.05, 0.6), (0.9, 0.6), (0.9, 0.85), (0.05, 0.85)))
DWELL_S = 60.0
BIKES = things("two_wheeler", 7, 6.0)
FEW = settings(max_examples=12, deadline=None)
NOISY = st.builds(Noise, seed=st.integers(0, 10_000), miss=st.just(0.2), jitter_px=st.just(3.0))


def _rule(dwell_s: float | None = DWELL_S, **fields: object) -> Rule:
    given_fields = {"zones": (PAVEMENT,), "dwell_s": dwell_s, **fields}
    return Rule("bike_disorder", **given_fields)  # type: ignore[arg-type]  # fields by name


def test_bikes_outside_racks_are_confirmed_once_and_cleared() -> None:
    """Seven bikes, six of which stay: opened, confirmed when the dwell is over, cleared later."""
    bikes = [
        *things("two_wheeler", 6, 6.0, 100.0),
        *things("two_wheeler", 1, 6.0, 30.0, corner=(400.0, 300.0)),
    ]
    found = seen(_rule(), bikes, 160.0)
    assert changes(found) == ["opened", "confirmed", "cleared"]
    assert times(found, "opened") == [10.0]
    assert times(found, "confirmed") == [66.0]
    assert 110.0 <= times(found, "cleared")[0] <= 130.0


def test_the_violation_says_how_many_and_where() -> None:
    """At least seven, in the hull of all boxes; the entry is the look in which they came."""
    (confirmed,) = [e for e in events(_rule(), BIKES, 80.0) if e.change is Change.CONFIRMED]
    violation = confirmed.violation
    assert (violation.count, violation.zone_id, violation.label) == (7, "pavement", "two_wheeler")
    assert violation.box == pytest.approx((60.0, 240.0, 360.0, 280.0))
    assert violation.dwell_s == pytest.approx(DWELL_S)
    assert violation.opened_at_s == 6.0
    assert [moment.at_s for moment in violation.moments] == [6.0, 36.0, 66.0]


def test_it_begins_at_n_and_ends_at_two() -> None:
    """Four never begin it; once five have, three keep it, and confirm nothing; two end it."""
    assert seen(_rule(), things("two_wheeler", 4), 120.0) == []
    three = things("two_wheeler", 3)
    more = things("two_wheeler", 2, 0.0, 70.0, corner=(400.0, 240.0))
    assert changes(seen(_rule(), [*three, *more], 240.0)) == ["opened", "confirmed"]
    less = things("two_wheeler", 2, 0.0, 40.0, corner=(400.0, 240.0))
    assert changes(seen(_rule(), [*three, *less], 240.0)) == ["opened"]
    two, others = (
        things("two_wheeler", 2),
        things("two_wheeler", 3, 0.0, 40.0, corner=(400.0, 240.0)),
    )
    assert changes(seen(_rule(), [*two, *others], 120.0)) == ["opened", "discarded"]


def test_a_peak_alone_is_no_violation() -> None:
    """Three stay for hours, two more for 12 s: the threshold was hardly ever reached."""
    cars = [*things("two_wheeler", 3), *things("two_wheeler", 2, 0.0, 12.0, corner=(400.0, 240.0))]
    assert "confirmed" not in changes(seen(_rule(), cars, 300.0))


def test_riders_at_a_light_do_not_stand() -> None:
    """Eight riders wait for longer than the dwell: each has somebody on it."""
    bikes = things("two_wheeler", 8)
    assert seen(_rule(), [*bikes, *riders(bikes)], 200.0) == []


def test_riders_whom_the_model_does_not_see_are_gone_before_the_dwell() -> None:
    """Red for 90 s and green for 40 s, again and again, bikes without persons: discarded."""
    cars = [
        bike
        for cycle in range(8)
        for bike in things("two_wheeler", 8, cycle * 130.0, cycle * 130.0 + 90.0)
    ]
    found = seen(_rule(600.0), cars, 1040.0)
    assert "confirmed" not in changes(found)


def test_bikes_that_pass_do_not_stand() -> None:
    """Riders in every look, always others: nothing comes of it."""
    random = Random(5)
    passing = [
        replace(bike, speed_px_s=random.uniform(40.0, 60.0), start_s=start_s, end_s=start_s + 10.0)
        for start_s in (random.uniform(0.0, 120.0) for _ in range(25))
        for bike in things("two_wheeler", 4, apart=(35.0, 0.0))
    ]
    assert "confirmed" not in changes(seen(_rule(), passing, 120.0))


def test_people_who_walk_past_do_not_excuse() -> None:
    """Somebody passes behind and before parked bikes at every look: they are still parked."""
    walkers = [
        Car((40.0, 215.0, 58.0, 262.0), 8.0 * wave, 8.0 * wave + 20.0, "person", speed_px_s=18.0)
        for wave in range(12)
    ]
    assert changes(seen(_rule(), [*BIKES, *walkers], 90.0)) == ["opened", "confirmed"]


def test_a_school_gate_is_no_disorder() -> None:
    """Twenty e-bikes for eight minutes, as by default 600 s are asked for."""
    cars = things("two_wheeler", 20, 10.0, 490.0)
    assert changes(seen(_rule(None), cars, 560.0)) == ["opened", "discarded"]


def test_bikes_in_racks_are_in_order() -> None:
    """A row of ten in the rack, and two beside it."""
    row = things("two_wheeler", 10, corner=(60.0, 240.0))
    beside = things("two_wheeler", 2, corner=(300.0, 310.0))
    assert seen(_rule(context=(RACK,)), [*row, *beside], 120.0) == []


def test_a_tidy_row_outside_the_racks_counts() -> None:
    """Parking places are set aside: a row beside them is not in one of them."""
    row = things("two_wheeler", 6, corner=(60.0, 310.0))
    found = seen(_rule(context=(RACK,)), row, 120.0)
    assert changes(found) == ["opened", "confirmed"]


def test_a_pile_counts_by_its_share_of_the_zone() -> None:
    """Boxes merge to two large ones that cover most of the zone; the same share is `share`."""
    small = Zone("pavement", "pavement", ((0.1, 0.6), (0.4, 0.6), (0.4, 0.9), (0.1, 0.9)))
    pile = [
        Car((66.0, 222.0, 160.0, 322.0), label="two_wheeler"),
        Car((160.0, 226.0, 250.0, 318.0), label="two_wheeler"),
    ]
    found = events(_rule(zones=(small,)), pile, 120.0)
    assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
    assert found[-1].violation.count == 2
    assert found[-1].violation.share == pytest.approx(0.87, abs=0.05)
    assert seen(_rule(zones=(small,), share=0.95), pile, 120.0) == []


def test_a_bus_in_front_makes_them_unseen_and_not_gone() -> None:
    """30 s behind a bus are bridged, no dwell, and no second violation."""
    bus = Car((20.0, 150.0, 620.0, 350.0), 40.0, 70.0, "bus")
    found = events(_rule(), [*BIKES, bus], 140.0)
    assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
    violation = found[-1].violation
    assert violation.dwell_s == pytest.approx(DWELL_S)
    assert violation.unseen_s == pytest.approx(32.0)
    assert violation.last_at_s == 98.0


def test_a_return_belongs_to_the_old_case() -> None:
    """Cleared, and back after a minute: the old case is updated, none is added."""
    cars = [*things("two_wheeler", 6, 0.0, 80.0), *things("two_wheeler", 6, 160.0)]
    found = seen(_rule(), cars, 300.0)
    assert changes(found) == ["opened", "confirmed", "cleared", "updated"]
    assert len({name for _, name, _ in found}) == 1


def _make() -> Watch:
    return watch(_rule())


@FEW
@given(NOISY)
def test_noise_delays_by_looks_only(noise: Noise) -> None:
    """One look in five missed, 3 px of jitter: once, at most five looks late."""
    found = seen(_rule(), BIKES, 120.0, noise)
    assert changes(found) == ["opened", "confirmed"]
    assert 66.0 <= times(found, "confirmed")[0] <= 76.0


@FEW
@given(NOISY, st.integers(0, 1))
def test_every_second_look_gives_the_same_violation(noise: Noise, offset: int) -> None:
    """Half the looks: the same confirmation, within three of the sparser intervals."""
    looks = Street(BIKES, noise=replace(noise, miss=0.0)).looks(120.0)
    found = told(_make(), looks[offset::2])
    assert changes(found) == ["opened", "confirmed"]
    assert abs(times(found, "confirmed")[0] - 66.0) <= 12.0


@FEW
@given(NOISY, st.integers(0, 10_000))
def test_a_random_half_of_the_looks_gives_the_same_violation(noise: Noise, seed: int) -> None:
    """Looks lost at random, no gap over the step: the same confirmation, a gap late at most."""
    looks = Street(BIKES, noise=replace(noise, miss=0.0)).looks(120.0)
    found = told(_make(), half(looks, Random(seed), 10.0))
    assert changes(found) == ["opened", "confirmed"]
    assert 64.0 <= times(found, "confirmed")[0] <= 88.0


@FEW
@given(NOISY, st.lists(st.integers(1, 59), max_size=5))
def test_sessions_change_nothing(noise: Noise, cuts: list[int]) -> None:
    """A stream that reconnects between two looks gives the same events."""
    looks = Street(BIKES, noise=replace(noise, miss=0.05)).looks(120.0)
    assert told(_make(), in_sessions(looks, cuts)) == told(_make(), looks)


@FEW
@given(NOISY, st.integers(1, 59))
def test_a_restart_changes_nothing(noise: Noise, cut: int) -> None:
    """A snapshot through JSON and a new watch: the same events."""
    looks = Street(BIKES, noise=noise).looks(120.0)
    assert restarted(_make, looks, cut) == told(_make(), looks)


@FEW
@given(NOISY)
def test_a_mirrored_street_has_the_same_violation(noise: Noise) -> None:
    """Picture and zones mirrored: the same changes at the same times."""
    zone = Zone("pavement", "pavement", ((0.05, 0.5), (0.7, 0.5), (0.8, 1.0), (0.0, 1.0)))
    looks = Street(BIKES, noise=noise).looks(120.0)
    there = told(watch(_rule(zones=(zone,))), looks)
    back = told(watch(_rule(zones=(mirrored_zone(zone),))), map(mirrored, looks))
    assert there == back


def test_what_is_forgotten_one_after_the_other_does_not_come_back() -> None:
    """Of five, three ride off, one of which was seen less well: nobody is there for the dwell."""
    stay = things("two_wheeler", 2)
    leave = things("two_wheeler", 2, 0.0, 40.0, corner=(300.0, 240.0))
    fleeting = Car((450.0, 240.0, 510.0, 280.0), 0.0, 40.0, "two_wheeler")
    looks = []
    for index in range(50):
        shown = [*stay, *leave, *([] if index % 5 == 4 else [fleeting])]
        looks.append(Street(shown).look(2.0 * index, index))
    assert changes(told(watch(_rule(dwell_s=44.0)), looks)) == ["opened", "discarded"]
