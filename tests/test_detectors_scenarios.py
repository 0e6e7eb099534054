"""Every kind over whole stories with their truth, and what looks may do without changing it."""

import math
from itertools import zip_longest
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import SCENARIOS, Noise, Scenario, Script, confirmed, watch_of
from detectors import KINDS
from tests.stories import (
    confirmations,
    drawn,
    half,
    judged,
    mirrored,
    seen_in,
    shifted,
    split,
    story,
)

FEW = settings(max_examples=3, deadline=None)
MOST_LOOKS = 420
"""Longer stories are the benchmark's."""
PLAIN = {
    "beyond_storefront": "put_out",
    "bike_disorder": "strewn",
    "crowd_density": "gathered",
    "damaged_sign": "breaks",
    "exposed_garbage": "left_behind",
    "floating_debris": "lying_still",
    "illegal_banner": "hung_up",
    "illegal_parking": "parked",
    "muck_pile": "dumped",
    "muck_spill": "lost_by_a_lorry",
    "street_stall": "stands_there",
    "uncovered_muck_truck": "slowly",
}
"""The plainest violation of each kind."""
every_kind = pytest.mark.parametrize("kind", sorted(PLAIN))
SEEDS = st.integers(0, 50)


def _stories() -> list[Scenario]:
    return [one for stories in SCENARIOS.values() for one in stories]


def test_every_kind_has_its_stories() -> None:
    """At least two violations and two false friends of each of the twelve; the truth agrees."""
    assert set(SCENARIOS) == set(KINDS) == set(PLAIN)
    for kind, stories in SCENARIOS.items():
        innocent = [one.innocent for one in stories]
        assert innocent.count(True) >= 2, kind
        assert innocent.count(False) >= 2, kind
        for one in stories:
            assert (drawn(one, 0).expected == ()) is one.innocent, one.name
            assert one.make.__doc__


@pytest.mark.parametrize("one", _stories(), ids=lambda one: f"{one.kind}-{one.name}")
def test_a_story_is_told_as_it_was(one: Scenario) -> None:
    """What is there is confirmed once, in time, and nothing else, through all the noise."""
    if drawn(one, 0).until_s / drawn(one, 0).interval_s > MOST_LOOKS:
        pytest.skip("long: played by `python -m benchmarks.violations`")
    for seed in (2, 3):
        assert judged(one, seed, Noise()).wrong == []


def _tolerance_s(kind: str, interval_s: float) -> float:
    """Three looks; signs are read once in 450 s."""
    return 3 * 450.0 if kind == "damaged_sign" else 3 * interval_s


@every_kind
@FEW
@given(SEEDS, st.integers(0, 1))
def test_every_second_look_is_enough(kind: str, seed: int, offset: int) -> None:
    """The same violations, within three of the sparser looks."""
    script = drawn(story(kind, PLAIN[kind]), seed)
    looks = seen_in(script)
    full, sparse = confirmations(script, looks), confirmations(script, looks[offset::2])
    _agree(full, sparse, _tolerance_s(kind, 2 * script.interval_s * script.idle_every))


@every_kind
@FEW
@given(SEEDS, st.randoms(use_true_random=False))
def test_a_random_half_of_the_looks_is_enough(kind: str, seed: int, random: Random) -> None:
    """No gap over the grace: the same violations, within four looks."""
    script = drawn(story(kind, PLAIN[kind]), seed)
    looks = seen_in(script)
    sparse = confirmations(script, half(looks, random, longest=3))
    late_s = 4 / 3 * _tolerance_s(kind, 2 * script.interval_s * script.idle_every)
    _agree(confirmations(script, looks), sparse, late_s)


def _agree(
    one: list[tuple[str, str, float]], other: list[tuple[str, str, float]], within_s: float
) -> None:
    assert one, "nothing was found at all"
    assert [each[:2] for each in one] == [each[:2] for each in other]
    for before, after in zip(one, other, strict=True):
        assert math.isclose(before[2], after[2], abs_tol=within_s)


@every_kind
@FEW
@given(SEEDS, st.lists(st.integers(1, 200), max_size=5))
def test_sessions_change_nothing(kind: str, seed: int, cuts: list[int]) -> None:
    """A stream that reconnects between two looks, without losing one: the same violations."""
    script = drawn(story(kind, PLAIN[kind]), seed)
    looks = seen_in(script)
    assert confirmations(script, split(looks, cuts)) == confirmations(script, looks)


@every_kind
@FEW
@given(SEEDS, st.integers(-1800, 1800))
def test_a_wrong_clock_changes_nothing(kind: str, seed: int, seconds: int) -> None:
    """Half an hour's error that crosses no permit's edge and no midnight."""
    script = drawn(story(kind, PLAIN[kind]), seed)
    looks = seen_in(script)
    plain = [(*each[:2], each[2] + seconds) for each in confirmations(script, looks)]
    assert confirmations(script, shifted(looks, seconds)) == plain


@every_kind
@FEW
@given(SEEDS)
def test_a_mirrored_street_has_the_same_violations(kind: str, seed: int) -> None:
    """Boxes, pictures and zones mirrored: the same violations at the same times."""
    script = drawn(story(kind, PLAIN[kind]), seed)
    looks = seen_in(script)
    other, reflected = mirrored(script, looks)
    step_s = script.interval_s * script.idle_every
    _agree(confirmations(script, looks), confirmations(other, reflected), step_s)


@every_kind
def test_another_camera_changes_nothing(kind: str) -> None:
    """Two watches that are fed in turn know nothing of each other."""
    first, second = (drawn(story(kind, PLAIN[kind]), seed) for seed in (1, 2))
    alone = [*_fed(first), *_fed(second)]
    assert alone[0], "nothing was found at all"
    assert _fed(first, second) == alone


def _fed(*cameras: Script) -> list[list[str]]:
    """Feed cameras in turn, one look of each at a time; the violations of each."""
    watches = [watch_of(script) for script in cameras]
    found: list[list[str]] = [[] for _ in cameras]
    for looks in zip_longest(*(seen_in(script) for script in cameras)):
        for number, look in enumerate(looks):
            if look is not None:
                events = watches[number].step(look).events
                found[number] += [str(event) for event in confirmed(events)]
    return found
