"""Properties of whole sequences of looks: the truth is written first, the noise comes after."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import overlap
from detectors import Basis, Box, Change, Look, PictureState, Watch, Zone
from detectors.things import MOST_THINGS
from models import Detections
from tests.looks import (
    INTERVAL_S,
    NOON,
    VOCABULARY,
    WIDTH,
    Car,
    Noise,
    Street,
    replay,
    rule,
    watch,
    window,
)

DWELL_S = 30.0
PLACE = (280.0, 230.0, 360.0, 280.0)
FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
SEEDS = st.integers(0, 10_000)
NOISY = st.builds(Noise, seed=SEEDS, miss=st.just(0.2), jitter_px=st.just(3.0))


def _events(looks: Sequence[Look], one: Watch | None = None) -> list[tuple[str, str, float]]:
    """Change, violation and camera's time of every event."""
    one = watch(rule(DWELL_S)) if one is None else one
    return [
        (str(event.change), event.violation.violation_id, look.at_s)
        for look, event in replay(one, looks)
    ]


def _times(events: Sequence[tuple[str, str, float]], change: str) -> list[float]:
    return [at_s for name, _, at_s in events if name == change]


def _sightings(looks: Sequence[Look]) -> list[float]:
    return [look.at_s for look in looks if len(look.detections)]


def _confirmation(sightings: Sequence[float]) -> float:
    """First sighting at which a thing seen all along has been there for the dwell."""
    return next(at_s for at_s in sightings if at_s - sightings[0] >= DWELL_S)


def _largest_gap(times: Sequence[float]) -> float:
    return max(after - before for before, after in itertools.pairwise(times))


def _parked(noise: Noise, start_s: float = 6.0) -> list[Look]:
    return Street([Car(PLACE, start_s)], noise=noise).looks(120.0)


@FEW
@given(NOISY)
def test_a_parked_car_is_confirmed_at_its_dwell_despite_noise(noise: Noise) -> None:
    """One look in five missed, 3 px of jitter: confirmed once, at the first sighting after 30 s."""
    looks = _parked(noise)
    sightings = _sightings(looks)
    # what was seen once and then missed three times is forgotten, and taken up later
    assume(sightings[1] - sightings[0] <= 3 * INTERVAL_S)
    assume(_largest_gap(sightings[:25]) <= 5 * INTERVAL_S)
    # and it takes a thing that is seen in most looks
    within = [at_s for at_s in sightings if at_s <= _confirmation(sightings)]
    assume(len(within) >= 0.6 * (1 + (within[-1] - within[0]) / INTERVAL_S))
    assert _times(_events(looks), "confirmed") == [_confirmation(sightings)]


@FEW
@given(NOISY, st.integers(0, 1))
def test_every_second_look_gives_the_same_violations(noise: Noise, offset: int) -> None:
    """Half the looks: the same confirmation, within three of the sparser intervals."""
    looks = _parked(replace(noise, miss=0.0))
    full = _times(_events(looks), "confirmed")
    half = _times(_events(looks[offset::2]), "confirmed")
    assert len(full) == len(half) == 1
    assert abs(half[0] - full[0]) <= 3 * 2 * INTERVAL_S


@FEW
@given(NOISY, st.randoms(use_true_random=False))
def test_a_random_half_of_the_looks_gives_the_same_violations(noise: Noise, random: object) -> None:
    """Looks lost at random, no gap over the grace: confirmed at the first sighting after 30 s."""
    looks = _parked(replace(noise, miss=0.0))
    kept = [look for look in looks if random.random() < 0.5]  # type: ignore[attr-defined]  # Random
    sightings = _sightings(kept)
    assume(len(sightings) > 20 and _largest_gap(sightings) <= 8 * INTERVAL_S)
    assert _times(_events(kept), "confirmed") == [_confirmation(sightings)]


@FEW
@given(NOISY, st.lists(st.integers(1, 59), max_size=6))
def test_sessions_change_nothing_where_no_look_is_lost(noise: Noise, cuts: list[int]) -> None:
    """A stream that reconnects between two looks gives the same events."""
    looks = _parked(noise)
    split = [
        replace(look, session=sum(index >= cut for cut in cuts)) for index, look in enumerate(looks)
    ]
    assume(_largest_gap(_sightings(looks)[:25]) <= 2 * INTERVAL_S)
    assert _events(split) == _events(looks)


@FEW
@given(NOISY)
def test_a_mirrored_street_has_the_same_violations(noise: Noise) -> None:
    """Picture and zones mirrored: the same changes at the same times, in mirrored boxes."""
    left = Zone("kerb", "no_parking", ((0.0, 0.5), (0.5, 0.5), (0.6, 1.0), (0.0, 1.0)))
    right = Zone("kerb", "no_parking", ((1.0, 0.5), (0.5, 0.5), (0.4, 1.0), (1.0, 1.0)))
    cars = [Car((40.0, 230.0, 120.0, 280.0), 4.0), Car((150.0, 250.0, 240.0, 310.0), 10.0, 90.0)]
    looks = Street(cars, noise=noise).looks(120.0)
    there = [
        (look.at_s, str(event.change), event.violation.box)
        for look, event in replay(watch(rule(DWELL_S, zones=(left,))), looks)
    ]
    back = [
        (look.at_s, str(event.change), _mirrored_box(event.violation.box))
        for look, event in replay(watch(rule(DWELL_S, zones=(right,))), map(_mirrored, looks))
    ]
    assert len(there) == len(back)
    for one, other in zip(sorted(there), sorted(back), strict=True):
        assert one[:2] == other[:2]
        assert np.allclose(one[2], other[2], atol=1e-3)


def _mirrored_box(box: Box) -> Box:
    x0, y0, x1, y1 = box
    return (WIDTH - x1, y0, WIDTH - x0, y1)


def _mirrored(look: Look) -> Look:
    found = look.detections
    boxes = found.xyxy.copy()
    boxes[:, [0, 2]] = WIDTH - found.xyxy[:, [2, 0]]
    return replace(look, detections=Detections(boxes, found.score, found.label))


@FEW
@given(NOISY, st.integers(-3500, 3000))
def test_the_clock_may_be_off_within_a_window(noise: Noise, shift_s: int) -> None:
    """An hour's error of the clock that crosses no permit's edge changes no time of any event."""
    allow = (window("mon-sun", "14:00", "16:00"),)
    looks = _parked(noise)
    shifted = [
        replace(look, captured_at=look.captured_at + timedelta(seconds=shift_s)) for look in looks
    ]
    plain = _events(looks, watch(rule(DWELL_S, allow=allow)))
    moved = _events(shifted, watch(rule(DWELL_S, allow=allow)))
    assert [(change, at_s) for change, _, at_s in plain] == [
        (change, at_s) for change, _, at_s in moved
    ]


@FEW
@given(NOISY, st.integers(1, 59), st.booleans())
def test_a_restart_goes_on_where_it_stopped(noise: Noise, cut: int, anew: bool) -> None:
    """A snapshot through JSON and a new watch: the same events, even if at_s starts at 0 again."""
    cars = [Car(PLACE, 6.0, 80.0), Car((60.0, 240.0, 150.0, 290.0), 20.0)]
    looks = Street(cars, noise=noise).looks(120.0)
    plain = _events(looks)
    first = watch(rule(DWELL_S))
    before = _events(looks[:cut], first)
    kept = json.dumps(first.snapshot())
    second = watch(rule(DWELL_S))
    second.restore(json.loads(kept))
    base_s = looks[cut].at_s if anew else 0.0
    after = _events([replace(look, at_s=look.at_s - base_s) for look in looks[cut:]], second)
    assert before + [(change, name, at_s + base_s) for change, name, at_s in after] == plain


@FEW
@given(NOISY)
def test_the_same_looks_give_the_same_outcomes(noise: Noise) -> None:
    """Two watches that see the same say the same, to the last digit."""
    cars = [
        Car(PLACE),
        Car((60.0, 240.0, 150.0, 290.0), 10.0, 70.0),
        Car((0.0, 300.0, 90.0, 350.0), speed_px_s=40.0),
    ]
    looks = Street(cars, noise=noise).looks(60.0)
    one, other = watch(rule(DWELL_S)), watch(rule(DWELL_S))
    assert [one.step(look) for look in looks] == [other.step(look) for look in looks]
    assert one.snapshot() == other.snapshot()


NUMBERS = st.floats(-100.0, 800.0, width=32)
BOXES = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
ANYTHING = st.lists(
    st.tuples(BOXES, st.floats(0.0, 1.0, width=32), st.integers(0, len(VOCABULARY) - 1)),
    max_size=12,
)
TIMES = st.floats(-5.0, 40.0)
STANDS = (233.0, 217.0, 299.0, 263.0)
"""Where one car stands, is away now and then, and comes back within half an hour."""
CAR: tuple[tuple[float, ...], float, int] = (STANDS, 0.9, VOCABULARY.index("car"))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            TIMES,
            ANYTHING,
            st.sampled_from(Basis),
            st.sampled_from([PictureState.OK, PictureState.OK, PictureState.MOVED]),
            st.integers(0, 2),
        ),
        min_size=12,
        max_size=40,
    )
)
def test_no_sequence_of_looks_breaks_the_rules(
    steps: list[tuple[float, list[tuple[tuple[float, ...], float, int]], Basis, PictureState, int]],
) -> None:
    """Whatever comes, nothing raises; each violation lives once, in order; what stands has one."""
    one = watch(rule(10.0, zones=()))
    at_s = 0.0
    lives: dict[str, list[Change]] = {}
    accused = 0
    for passed_s, found, basis, state, session in steps:
        at_s += passed_s  # clocks of cameras step back, too
        shown = [*found, CAR] if session < 2 else found
        for event in one.step(_look(at_s, shown, basis, state, session)).events:
            # whatever its name is: it is named after the time at which it was opened
            there = event.change is Change.CONFIRMED and overlap(event.violation.box, STANDS) > 0.8
            accused += there
            lives.setdefault(event.violation.violation_id, []).append(event.change)
            assert event.violation.dwell_s >= 0.0
            assert event.violation.unseen_s >= 0.0
    assert accused <= 1
    for changes in lives.values():
        assert changes[0] is Change.OPENED
        assert changes.count(Change.OPENED) == 1
        assert changes.count(Change.CONFIRMED) <= 1
        assert changes.count(Change.DISCARDED) <= 1
        assert not {Change.CONFIRMED, Change.DISCARDED} <= set(changes)
        if Change.CLEARED in changes:
            assert changes.index(Change.CONFIRMED) < changes.index(Change.CLEARED)


def _look(
    at_s: float,
    found: list[tuple[tuple[float, ...], float, int]],
    basis: Basis,
    state: PictureState,
    session: int,
) -> Look:
    detections = Detections(
        np.asarray([box for box, _, _ in found], np.float32).reshape(-1, 4),
        np.asarray([score for _, score, _ in found], np.float32),
        np.asarray([label for _, _, label in found], np.int32),
    )
    captured_at = NOON + timedelta(seconds=at_s)
    return Look("cam", "default", session, at_s, captured_at, WIDTH, 360, detections, basis, state)


def test_memory_is_bounded_whatever_is_seen() -> None:
    """10 looks of 300 cars each, all elsewhere: what is kept stays within its bound."""
    random = np.random.default_rng(3)
    one = watch(rule(10.0, zones=()))
    sizes = []
    for index in range(10):
        left, top = random.uniform(0, 600, 300), random.uniform(0, 320, 300)
        boxes = np.stack([left, top, left + 30, top + 30], axis=1).astype(np.float32)
        found = Detections(boxes, np.full(300, 0.9, np.float32), np.ones(300, np.int32))
        at = NOON + timedelta(seconds=2 * index)
        one.step(Look("cam", "default", 0, 2.0 * index, at, WIDTH, 360, found))
        snapshot = one.snapshot()
        (kept,) = snapshot["rules"].values()
        assert len(kept["things"]) <= MOST_THINGS
        sizes.append(len(json.dumps(snapshot)))
    assert sizes[-1] < 600_000
