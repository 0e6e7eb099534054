"""Uncovered muck trucks, from scripted looks to violations: one pass, one case."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Absence, Change, Level, Look, Role, Rule, ViolationEvent, Watch, Zone
from detectors.passes import CLOSE_MOST_S, MOST_PASSES
from tests.gathered import changes, half, in_sessions, mirrored, mirrored_zone, restarted, told
from tests.looks import Car, Noise, Street, merged, replay, watch, window

ROAD = Zone("road", "carriageway", ((0.0, 0.4), (1.0, 0.4), (1.0, 1.0), (0.0, 1.0)), sees_load=True)
CLOSE_S = 0.2
"""Time between close looks."""
FEW = settings(max_examples=10, deadline=None)
NOISY = st.builds(Noise, seed=st.integers(0, 10_000), miss=st.just(0.2), jitter_px=st.just(3.0))
OPEN = Car((-120.0, 200.0, 20.0, 290.0), 4.0, label="muck_truck_open", speed_px_s=100.0)
CLOSED = replace(OPEN, label="muck_truck")


def _rule(**fields: object) -> Rule:
    given_fields = {"zones": (ROAD,), **fields}
    return Rule("uncovered_muck_truck", **given_fields)  # type: ignore[arg-type]  # by name


def _close(cars: Iterable[Car], until_s: float = 16.0, noise: Noise | None = None) -> list[Look]:
    """Look closely all the time."""
    return Street(list(cars), noise=noise or Noise()).looks(until_s, CLOSE_S)


def _events(one: Watch, looks: Iterable[Look]) -> list[ViolationEvent]:
    return [event for _, event in replay(one, looks)]


def _changing(says: Callable[[int], str | None], until_s: float = 16.0) -> list[Look]:
    """One truck whose label is another in each look; None: not seen."""
    looks = []
    for index in range(int(until_s / CLOSE_S)):
        label = says(index)
        cars = [] if label is None else [replace(OPEN, label=label)]
        looks.append(Street(cars).look(index * CLOSE_S, index))
    return looks


def test_an_open_truck_that_passes_is_one_case() -> None:
    """Opened and confirmed once, within a second or two of coming into view."""
    found = _events(watch(_rule()), _close([OPEN]))
    assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
    violation = found[-1].violation
    assert (violation.label, violation.zone_id) == ("muck_truck_open", "road")
    assert violation.dwell_s == violation.unseen_s == 0.0
    assert violation.last_at_s <= 7.0


def test_its_moments_say_single_pass() -> None:
    """The entry is the first look that shows the load; a middle does not exist."""
    violation = _events(watch(_rule()), _close([OPEN]))[-1].violation
    moments = {moment.role: moment for moment in violation.moments}
    assert set(moments) == {Role.ENTRY, Role.MIDDLE, Role.CONFIRMATION}
    assert moments[Role.ENTRY].absence is Absence.SINGLE_PASS
    assert moments[Role.ENTRY].at_s == pytest.approx(violation.opened_at_s)
    assert (moments[Role.MIDDLE].absence, moments[Role.MIDDLE].at_s) == (Absence.SINGLE_PASS, None)
    assert moments[Role.CONFIRMATION].at_s == pytest.approx(violation.last_at_s)


def test_covered_empty_and_flat_lidded_trucks_are_in_order() -> None:
    """A model that tells the load calls them muck_truck; some looks in five say otherwise."""
    assert _events(watch(_rule()), _close([CLOSED])) == []
    flicker = _changing(lambda index: "muck_truck_open" if index % 5 == 0 else "muck_truck")
    assert "confirmed" not in changes(told(watch(_rule()), flicker))


def test_a_lorry_that_is_no_muck_truck_is_in_order() -> None:
    """A truck, and one that is called so in half of the looks."""
    assert _events(watch(_rule()), _close([replace(OPEN, label="truck")])) == []
    half_and_half = _changing(lambda index: "muck_truck_open" if index % 2 else "truck")
    assert "confirmed" not in changes(told(watch(_rule()), half_and_half))


def test_a_look_that_says_both_says_nothing() -> None:
    """One truck boxed as open and as covered, about as sure: it is not confirmed."""
    both = [
        merged(pair)
        for pair in zip(_close([OPEN]), _close([replace(CLOSED, score=0.75)]), strict=True)
    ]
    assert _events(watch(_rule()), both) == []


def test_a_raised_tipper_that_stands_is_not_on_its_way() -> None:
    """It stands and tips for two minutes: nothing, and no close looks for all that time."""
    tipper = Car((200.0, 200.0, 340.0, 300.0), 2.0, label="muck_truck_open")
    one = watch(_rule(), interval_s=2.0)
    asked = 0.0
    for look in Street([tipper]).looks(120.0):
        outcome = one.step(look)
        assert outcome.events == ()
        asked += 2.0 if outcome.attention else 0.0
    assert 0.0 < asked <= CLOSE_MOST_S + 4.0


def test_one_that_waits_at_the_light_is_a_case_when_it_goes_on() -> None:
    """It stands in the view for 20 s, then drives on: confirmed on the way, once."""
    stands = Car((200.0, 200.0, 340.0, 300.0), 0.0, 20.0, "muck_truck_open")
    goes = replace(stands, start_s=20.0, end_s=60.0, speed_px_s=60.0)
    assert changes(told(watch(_rule()), _close([stands, goes], 30.0))) == ["opened", "confirmed"]


def test_two_trucks_one_after_the_other_are_two_cases() -> None:
    """A convoy, bumper to bumper, and one that is covered in between."""
    convoy = [OPEN, replace(CLOSED, start_s=6.0), replace(OPEN, start_s=8.0)]
    found = told(watch(_rule()), _close(convoy, 24.0))
    assert changes(found).count("confirmed") == 2
    assert len({name for change, name, _ in found if change == "confirmed"}) == 2


def test_one_that_a_bus_hides_for_a_moment_is_one_case() -> None:
    """Seen, behind a bus for 2 s, and seen again: the same pass."""
    bus = Car((200.0, 120.0, 460.0, 345.0), label="bus")
    found = told(watch(_rule()), _close([replace(OPEN, speed_px_s=70.0), bus], 20.0))
    assert changes(found) == ["opened", "confirmed"]


def test_close_looks_are_asked_for_when_a_truck_appears() -> None:
    """From the first look with any truck in the zone, for some seconds; not for cars."""
    one = watch(_rule())
    outcome = one.step(Street([replace(OPEN, label="truck")]).look(5.0, 0))
    assert outcome.attention is not None
    assert outcome.attention.level is Level.CLOSE
    assert 5.0 < outcome.attention.until_s <= 15.0
    calm = watch(_rule()).step(Street([replace(OPEN, label="car")]).look(5.0, 0))
    assert calm.attention is None


def test_close_looks_end_where_the_truck_is_plainly_covered() -> None:
    """Six looks that say "covered" are enough."""
    one = watch(_rule())
    asking = [one.step(look).attention is not None for look in _close([CLOSED], 12.0)]
    assert sum(asking) <= 6


def test_without_close_looks_a_slow_truck_is_a_case_and_a_fast_one_says_why_not() -> None:
    """At one look every 2 s: four looks of one that creeps; of a fast one there are two."""
    slow = replace(OPEN, speed_px_s=35.0)
    looks = Street([slow]).looks(40.0)
    assert changes(told(watch(_rule()), looks)) == ["opened", "confirmed"]
    fast = replace(OPEN, end_s=9.0, speed_px_s=160.0)
    found = _events(watch(_rule()), Street([fast]).looks(40.0))
    assert "confirmed" not in [event.change for event in found]
    assert [event.reason for event in found if event.change is Change.DISCARDED] == ["few_looks"]


def test_a_few_looks_at_once_are_one_flicker() -> None:
    """Four looks within 0.4 s are not enough time to believe."""
    looks = [look for look in Street([OPEN]).looks(6.0, 0.05) if 5.0 <= look.at_s <= 5.4]
    assert "confirmed" not in changes(told(watch(_rule()), looks))


def test_outside_its_hours_nothing_is_found_nor_asked() -> None:
    """Noon is allowed: no event, no attention."""
    one = watch(_rule(allow=(window("mon-sun", "11:00", "13:00"),)))
    outcomes = [one.step(look) for look in _close([OPEN])]
    assert not any(outcome.events or outcome.attention for outcome in outcomes)


def test_a_permit_for_one_zone_leaves_the_other() -> None:
    """A quarry's permit for the left half: no case and no close looks there, a case in the right.

    One that goes through both is a case of the right half, from its first look there on.
    """
    left, right = (
        Zone(name, "carriageway", ((x, 0.4), (x + 0.5, 0.4), (x + 0.5, 1.0), (x, 1.0)))
        for name, x in (("left", 0.0), ("right", 0.5))
    )
    permit = replace(window("mon-sun", "11:00", "13:00"), zones=frozenset({"left"}))
    rule = _rule(zones=(left, right), allow=(permit,))
    here = replace(OPEN, end_s=7.0)  # its middle comes to 250 of 320
    one = watch(rule)
    outcomes = [one.step(look) for look in _close([here])]
    assert not any(outcome.events or outcome.attention for outcome in outcomes)
    there = replace(OPEN, box=(330.0, 200.0, 470.0, 290.0), end_s=7.0)
    for truck in (there, OPEN):
        found = _events(watch(rule), _close([truck]))
        assert [event.change for event in found] == [Change.OPENED, Change.CONFIRMED]
        assert {event.violation.zone_id for event in found} == {"right"}
        assert found[0].violation.opened_at_s >= (4.0 if truck is there else 7.6)


def test_memory_is_bounded_whatever_passes() -> None:
    """150 trucks at once: what is kept stays within its bound."""
    one = watch(_rule())
    for index in range(5):
        cars = [
            Car((random.uniform(0, 600), y, 0.0, y + 30.0), label="muck_truck")
            for random in [Random(index)]
            for y in (random.uniform(150, 320) for _ in range(150))
        ]
        cars = [
            replace(car, box=(car.box[0], car.box[1], car.box[0] + 40, car.box[3])) for car in cars
        ]
        one.step(Street(cars).look(float(index), index))
    (kept,) = one.snapshot()["rules"].values()
    assert len(kept["passes"]) <= MOST_PASSES
    assert len(json.dumps(one.snapshot())) < 300_000


def _make() -> Watch:
    return watch(_rule())


@FEW
@given(NOISY)
def test_noise_changes_nothing(noise: Noise) -> None:
    """One look in five missed, 3 px of jitter: the same case, once."""
    assert changes(told(_make(), _close([OPEN], 14.0, noise))) == ["opened", "confirmed"]


@FEW
@given(NOISY, st.integers(0, 1))
def test_every_second_look_gives_the_same_case(noise: Noise, offset: int) -> None:
    """Half the close looks: the same case."""
    looks = _close([OPEN], 14.0, replace(noise, miss=0.0))
    assert changes(told(_make(), looks[offset::2])) == ["opened", "confirmed"]


@FEW
@given(NOISY, st.integers(0, 10_000))
def test_a_random_half_of_the_looks_gives_the_same_case(noise: Noise, seed: int) -> None:
    """Close looks lost at random, no gap over 1 s: the same case."""
    looks = _close([OPEN], 14.0, replace(noise, miss=0.0))
    assert changes(told(_make(), half(looks, Random(seed), 1.0))) == ["opened", "confirmed"]


@FEW
@given(NOISY, st.lists(st.integers(1, 69), max_size=5))
def test_sessions_change_nothing(noise: Noise, cuts: list[int]) -> None:
    """A stream that reconnects between two looks gives the same events."""
    looks = _close([OPEN], 14.0, noise)
    assert told(_make(), in_sessions(looks, cuts)) == told(_make(), looks)


@FEW
@given(NOISY, st.integers(1, 69))
def test_a_restart_changes_nothing(noise: Noise, cut: int) -> None:
    """A snapshot through JSON and a new watch: the same events."""
    looks = _close([OPEN, replace(CLOSED, start_s=7.0)], 14.0, noise)
    assert restarted(_make, looks, cut) == told(_make(), looks)


@FEW
@given(NOISY)
def test_a_mirrored_road_has_the_same_case(noise: Noise) -> None:
    """Picture and zones mirrored: the same changes at the same times."""
    zone = replace(ROAD, polygon=((0.1, 0.4), (0.95, 0.45), (0.98, 1.0), (0.0, 1.0)))
    looks = _close([OPEN], 14.0, noise)
    there = told(watch(_rule(zones=(zone,))), looks)
    back = told(watch(_rule(zones=(mirrored_zone(zone),))), map(mirrored, looks))
    assert there == back
