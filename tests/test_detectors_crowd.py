"""Crowds, from scripted looks to violations: what counts, and what does not."""

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
    seen,
    things,
    times,
    told,
)
from tests.looks import Car, Noise, Street, watch

SQUARE = band("square", "gathering", 0.3)
N = 12
FEW = settings(max_examples=6, deadline=None)
NOISY = st.builds(Noise, seed=st.integers(0, 10_000), miss=st.just(0.2), jitter_px=st.just(3.0))


def _rule(**fields: object) -> Rule:
    given_fields = {"zones": (SQUARE,), "n": N, **fields}
    return Rule("crowd_density", **given_fields)  # type: ignore[arg-type]  # fields by name


def _people(count: int, start_s: float = 0.0, end_s: float = float("inf")) -> list[Car]:
    """Set up people who stand about."""
    return things(
        "person", count, start_s, end_s, size=(18.0, 46.0), corner=(70.0, 150.0), apart=(52.0, 60.0)
    )


CROWD = _people(16, 6.0)


def test_a_crowd_is_confirmed_after_two_minutes_and_cleared() -> None:
    """Sixteen where twelve are asked for: opened, confirmed at 120 s, cleared when they go."""
    found = seen(_rule(), _people(16, 6.0, 200.0), 260.0)
    assert changes(found) == ["opened", "confirmed", "cleared"]
    assert times(found, "confirmed") == [126.0]
    assert 206.0 <= times(found, "cleared")[0] <= 220.0


def test_the_violation_counts_at_least() -> None:
    """The number told is of those seen to be there."""
    (confirmed,) = [e for e in events(_rule(), CROWD, 140.0) if e.change is Change.CONFIRMED]
    assert (confirmed.violation.count, confirmed.violation.label) == (16, "person")
    assert confirmed.violation.share is None


def test_thirty_are_asked_for_where_the_rule_says_nothing() -> None:
    """The kind's own number."""
    assert seen(_rule(n=None), _people(24), 160.0) == []


def test_fewer_are_no_crowd_however_long() -> None:
    """Eleven for ten minutes, one look in five missed."""
    assert seen(_rule(), _people(11), 600.0, Noise(3, 0.2, 3.0)) == []


def test_one_red_phase_is_no_crowd() -> None:
    """Sixteen wait 90 s at a light and cross, three times over: nothing is confirmed."""
    cars = [
        person for cycle in range(4) for person in _people(16, cycle * 110.0, cycle * 110.0 + 90.0)
    ]
    found = seen(_rule(), cars, 440.0)
    assert set(changes(found)) == {"opened", "discarded"}


def test_a_bus_queue_boards_before_it_is_a_crowd() -> None:
    """Fourteen wait 100 s; the bus stands before them for 30 s and takes all but three."""
    queue = [*_people(3), *(replace(one, end_s=112.0) for one in _people(14)[3:])]
    bus = Car((30.0, 90.0, 620.0, 350.0), 100.0, 130.0, "bus")
    assert "confirmed" not in changes(seen(_rule(), [*queue, bus], 300.0))


@pytest.mark.parametrize("named", [False, True], ids=["context", "named by the rule"])
def test_who_waits_at_a_bus_stop_is_no_crowd(*, named: bool) -> None:
    """Sixteen queue for over two dwells, eleven stand beside them: counted are the eleven."""
    stop = Zone("stop", "bus_stop", ((0.0, 0.3), (1.0, 0.3), (1.0, 0.74), (0.0, 0.74)))
    zones: dict[str, object] = {"zones": (SQUARE, stop)} if named else {"context": (stop,)}
    queue, others = (
        _people(16),
        things(
            "person", 12, size=(18.0, 46.0), corner=(70.0, 290.0), apart=(48.0, 0.0), columns=12
        ),
    )
    cars = [*queue, *others[:11]]
    assert changes(seen(_rule(), cars, 140.0)) == ["opened", "confirmed"]
    assert seen(_rule(**zones), cars, 260.0, Noise(3, 0.2, 3.0)) == []
    (_, confirmed) = events(_rule(**zones), [*queue, *others], 140.0)
    assert (confirmed.change, confirmed.violation.count) == (Change.CONFIRMED, 12)


def _below(people: list[Car], score: float) -> list[Car]:
    """Set up boxes from the waist of each down to half a person below the feet."""
    return [
        replace(one, box=(x0, y0 + 26.0, x1, y1 + 23.0), score=score)
        for one in people
        for x0, y0, x1, y1 in [one.box]
    ]


@pytest.mark.parametrize(("score", "counted"), [(0.5, 8), (0.8, 16)])
def test_an_image_in_a_wet_road_is_nobody(score: float, counted: int) -> None:
    """Eight whose images are boxed, fainter, are eight; who stands in front is as clear."""
    people = things("person", 8, 6.0, size=(18.0, 46.0), corner=(70.0, 190.0), apart=(52.0, 60.0))
    found = events(_rule(n=8), [*people, *_below(people, score)], 140.0)
    (confirmed,) = [e for e in found if e.change is Change.CONFIRMED]
    assert confirmed.violation.count == counted


def test_a_bus_in_front_makes_them_unseen() -> None:
    """A crowd that still stands there when the bus is gone is timed on; the bus is no dwell."""
    bus = Car((30.0, 90.0, 620.0, 350.0), 60.0, 90.0, "bus")
    (confirmed,) = [
        e for e in events(_rule(), [*CROWD, bus], 200.0) if e.change is Change.CONFIRMED
    ]
    assert confirmed.violation.unseen_s == pytest.approx(32.0)
    assert confirmed.violation.last_at_s == 158.0


def test_people_who_pass_are_counted_where_they_are_seen_only() -> None:
    """Seven people in each look, never the same: not twelve, whatever was seen before."""
    random = Random(3)
    passing = [
        Car(
            (-20.0, y, -2.0, y + 46.0),
            start_s,
            start_s + 16.0,
            "person",
            speed_px_s=random.uniform(35.0, 55.0),
        )
        for start_s in (random.uniform(-16.0, 300.0) for _ in range(130))
        for y in (random.uniform(120.0, 290.0),)
    ]
    assert "confirmed" not in changes(seen(_rule(), passing, 300.0))


def test_only_feet_in_the_zone_count() -> None:
    """People who stand behind the zone reach into it with nothing: their feet are outside."""
    behind = [replace(one, box=(*one.box[:1], 60.0, *one.box[2:3], 106.0)) for one in _people(9)]
    assert seen(_rule(), [*behind, *_people(8)], 160.0) == []


def _make() -> Watch:
    return watch(_rule())


@FEW
@given(NOISY)
def test_noise_delays_by_looks_only(noise: Noise) -> None:
    """One look in five missed, 3 px of jitter: once, at most five looks late."""
    found = seen(_rule(), CROWD, 180.0, noise)
    assert changes(found) == ["opened", "confirmed"]
    assert 126.0 <= times(found, "confirmed")[0] <= 136.0


@FEW
@given(NOISY, st.integers(0, 1))
def test_every_second_look_gives_the_same_violation(noise: Noise, offset: int) -> None:
    """Half the looks: the same confirmation, within three of the sparser intervals."""
    looks = Street(CROWD, noise=replace(noise, miss=0.0)).looks(180.0)
    found = told(_make(), looks[offset::2])
    assert changes(found) == ["opened", "confirmed"]
    assert abs(times(found, "confirmed")[0] - 126.0) <= 12.0


@FEW
@given(NOISY, st.integers(0, 10_000))
def test_a_random_half_of_the_looks_gives_the_same_violation(noise: Noise, seed: int) -> None:
    """Looks lost at random, no gap over the step: the same confirmation, a gap late at most."""
    looks = Street(CROWD, noise=replace(noise, miss=0.0)).looks(200.0)
    found = told(_make(), half(looks, Random(seed), 10.0))
    assert changes(found) == ["opened", "confirmed"]
    assert 124.0 <= times(found, "confirmed")[0] <= 148.0


@FEW
@given(NOISY, st.lists(st.integers(1, 89), max_size=5))
def test_sessions_change_nothing(noise: Noise, cuts: list[int]) -> None:
    """A stream that reconnects between two looks gives the same events."""
    looks = Street(CROWD, noise=replace(noise, miss=0.05)).looks(180.0)
    assert told(_make(), in_sessions(looks, cuts)) == told(_make(), looks)


@FEW
@given(NOISY, st.integers(1, 89))
def test_a_restart_changes_nothing(noise: Noise, cut: int) -> None:
    """A snapshot through JSON and a new watch: the same events."""
    looks = Street(CROWD, noise=noise).looks(180.0)
    assert restarted(_make, looks, cut) == told(_make(), looks)


@FEW
@given(NOISY)
def test_a_mirrored_street_has_the_same_violation(noise: Noise) -> None:
    """Picture and zones mirrored: the same changes at the same times."""
    zone = Zone("square", "gathering", ((0.05, 0.3), (0.95, 0.35), (0.98, 1.0), (0.0, 1.0)))
    looks = Street(CROWD, noise=noise).looks(180.0)
    there = told(watch(_rule(zones=(zone,))), looks)
    back = told(watch(_rule(zones=(mirrored_zone(zone),))), map(mirrored, looks))
    assert there == back
