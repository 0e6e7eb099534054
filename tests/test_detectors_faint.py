"""What a model sees but faintly at first has stood there since then, and nothing else has."""

import json
from dataclasses import replace

import pytest

from detectors import Look, Rule, Zone
from detectors.faint import MOST_FAINT, FaintSightings
from detectors.violation import Box
from tests.looks import Car, Noise, Street, confirmations, watch

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
RULE = Rule("exposed_garbage", zones=(Zone("pavement", "pavement", WHOLE),), dwell_s=60.0)
BAG: Box = (300.0, 260.0, 340.0, 290.0)
ELSEWHERE: Box = (200.0, 260.0, 240.0, 290.0)
FAINT = 0.2


def _looks(*cars: Car, until_s: float = 160.0, noise: Noise | None = None) -> list[Look]:
    return Street(list(cars), noise=noise or Noise()).looks(until_s)


def _times(looks: list[Look]) -> list[tuple[float, float, float]]:
    return [
        (one.violation.opened_at_s, one.violation.last_at_s, one.violation.dwell_s)
        for one in confirmations(watch(RULE), looks)
    ]


def test_it_began_when_it_was_first_seen() -> None:
    """Faint for 16 s, then clear: opened at the first faint look, confirmed a dwell later."""
    bag = Car(BAG, 10.0, 26.0, "garbage", FAINT), Car(BAG, 26.0, label="garbage")
    assert _times(_looks(*bag)) == [(10.0, 70.0, 60.0)]


def test_with_misses_and_jitter_too() -> None:
    """A fifth of the looks does not show it, and boxes are 3 px off."""
    bag = Car(BAG, 10.0, 26.0, "garbage", FAINT), Car(BAG, 26.0, label="garbage")
    for seed in range(8):
        ((opened_s, last_s, _),) = _times(_looks(*bag, noise=Noise(seed, 0.2, 3.0)))
        assert opened_s <= 16.0
        assert 70.0 <= last_s <= 78.0


def test_what_stays_faint_is_nothing() -> None:
    """However long; and one clear look in it proves nothing either."""
    spike = Car(BAG, 60.0, 62.0, "garbage")
    faint = Car(BAG, 10.0, 60.0, "garbage", FAINT), Car(BAG, 62.0, 400.0, "garbage", FAINT)
    assert _times(_looks(*faint, spike, until_s=400.0)) == []


@pytest.mark.parametrize(
    "before",
    [
        Car(ELSEWHERE, 10.0, 26.0, "garbage", FAINT),
        Car(BAG, 4.0, 12.0, "garbage", FAINT),
        Car((300.0, 150.0, 340.0, 290.0), 10.0, 26.0, "garbage", FAINT),
        Car(BAG, 10.0, 26.0, "muck", FAINT),
    ],
    ids=["elsewhere", "long ago", "another shape", "another class"],
)
def test_what_was_something_else_does_not_count(before: Car) -> None:
    """The bag came at 26 s, whatever was seen before it."""
    assert _times(_looks(before, Car(BAG, 26.0, label="garbage"))) == [(26.0, 86.0, 60.0)]


def test_no_longer_back_than_its_picture_is_to_be_had() -> None:
    """Faint for a minute: of that at most 20 s count, which the evidence can show."""
    bag = Car(BAG, 10.0, 70.0, "garbage", FAINT), Car(BAG, 70.0, label="garbage")
    ((opened_s, last_s, _),) = _times(_looks(*bag))
    assert 50.0 <= opened_s <= 70.0
    assert last_s == opened_s + 60.0


@pytest.mark.parametrize("stop_s", [12.0, 20.0, 26.0, 30.0, 60.0])
def test_a_restart_changes_nothing(stop_s: float) -> None:
    """The state holds what was seen faintly."""
    looks = _looks(Car(BAG, 10.0, 26.0, "garbage", FAINT), Car(BAG, 26.0, label="garbage"))
    first, second = watch(RULE), watch(RULE)
    for look in looks:
        if look.at_s < stop_s:
            first.step(look)
    second.restore(json.loads(json.dumps(first.snapshot())))
    found = confirmations(second, [look for look in looks if look.at_s >= stop_s])
    assert [(one.violation.opened_at_s, one.violation.last_at_s) for one in found] == [(10.0, 70.0)]


def test_memory_is_bounded() -> None:
    """Whatever a model finds."""
    one = watch(replace(RULE, zones=(Zone("pavement", "pavement", WHOLE),)))
    bags = [
        Car(
            (20.0 * x, 40.0 + 12.0 * y, 20.0 * x + 12.0, 52.0 + 12.0 * y),
            label="garbage",
            score=FAINT,
        )
        for x in range(30)
        for y in range(20)
    ]
    for look in _looks(*bags, until_s=10.0):
        one.step(look)
    (state,) = one.snapshot()["rules"].values()
    assert 0 < len(state["faint"]) <= MOST_FAINT
    taken = FaintSightings(16.0)
    taken.take_up_json(json.loads(json.dumps(state["faint"])))
    assert taken.to_json() == state["faint"]
