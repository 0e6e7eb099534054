"""Parked behind a rail: where a car stands whose wheels no look shows."""

import pytest

from detectors import Rule, Zone
from tests.looks import Car, Noise, Street, confirmations, rule, told, watch

PLACE = (280.0, 230.0, 360.0, 280.0)
CUT = (280.0, 230.0, 360.0, 270.0)
"""The same car without its lowest fifth."""
RAIL = 0.2


def _strip(
    top: float, height: float = 32.0, rail: float = 0.0, kind: str = "no_parking", name: str = "z"
) -> Zone:
    """Draw a strip over the whole width; top and height in units of 360."""
    low, high = top / 360.0, (top + height) / 360.0
    return Zone(name, kind, ((0.0, low), (1.0, low), (1.0, high), (0.0, high)), rail=rail)


def _rule(*zones: Zone, **fields: object) -> Rule:
    return rule(30.0, zones=zones, **fields)


@pytest.mark.parametrize("every", [1, 3], ids=["always", "in two looks of three"])
def test_wheels_hidden_by_a_rail_change_nothing(every: int) -> None:
    """A rail hides the lowest fifth of a car, always or at times: it stands where it stands."""
    looks = [
        Street([Car(PLACE if every > 1 and index % every == 0 else CUT)]).look(2.0 * index, index)
        for index in range(60)
    ]
    (event,) = confirmations(watch(rule(30.0)), looks)
    assert event.violation.last_at_s == 30.0
    assert event.violation.box == pytest.approx(CUT if every == 1 else PLACE, abs=10.0)


@pytest.mark.parametrize("rail", [0.0, RAIL])
def test_a_narrow_strip_has_the_cars_whose_wheels_its_rail_hides(rail: float) -> None:
    """Cut by a fifth a car ends above a strip of 32 units: found where the zone says so only."""
    one = watch(_rule(_strip(271.0, rail=rail)))
    found = confirmations(one, Street([Car(CUT)]).looks(60.0))
    assert [event.violation.last_at_s for event in found] == ([30.0] if rail else [])


def test_a_car_that_is_seen_whole_still_stands_in_the_strip() -> None:
    """A model guesses the wheels in some looks, or in all: the same case, noise and all."""
    one = _rule(_strip(262.0, rail=RAIL))  # at the lower edge: lengthened, PLACE is outside
    assert len(confirmations(watch(one), Street([Car(PLACE)]).looks(60.0))) == 1
    for seed in range(5):
        streets = [Street([Car(box)], noise=Noise(seed, 0.2, 3.0)) for box in (PLACE, CUT)]
        looks = [streets[index % 2].look(2.0 * index, index) for index in range(40)]
        assert len(confirmations(watch(one), looks)) == 1


@pytest.mark.parametrize(
    ("bottom", "accused"),
    [
        # of a car of 50, of which a fifth may be hidden: 12.5 below what is seen
        (279.0, True),  # stands in the strip, seen whole
        (271.0, True),
        (266.0, True),  # its contact reaches the strip by half when lengthened
        (260.0, False),  # beyond it, whatever is hidden of it
        (240.0, False),
        (310.0, False),  # in front of the rail, which hides nothing of it
    ],
)
def test_who_stands_beyond_the_strip_is_not_accused(bottom: float, *, accused: bool) -> None:
    """Only who ends above the strip by less than the rail hides may stand in it."""
    car = Car((280.0, bottom - 50.0, 360.0, bottom))
    one = watch(_rule(_strip(271.0, rail=RAIL)))
    assert bool(told(one, Street([car]).looks(60.0))) is accused


def test_a_bay_behind_the_same_rail_excuses() -> None:
    """A bay, or a bus stop, is measured like the zone: the wheels of who loads are hidden, too."""
    zone = _strip(271.0, rail=RAIL)
    for kind, label in (("loading_bay", "truck"), ("bus_stop", "bus")):
        place = _strip(271.0, kind=kind, name="excuse")
        street = Street([Car(CUT, label=label)])
        assert not told(watch(_rule(zone, context=(place,))), street.looks(60.0)), kind
        assert confirmations(watch(_rule(zone)), street.looks(60.0)), kind


def test_a_queue_behind_the_same_rail_is_a_queue() -> None:
    """A lane with a rail of its own: the wheels of who waits are hidden there, too."""
    waiting = [Car((x, CUT[1], x + 80.0, CUT[3])) for x in (100.0, 280.0, 460.0)]
    zone, lane = _strip(271.0, rail=RAIL), _strip(271.0, rail=RAIL, kind="lane", name="lane")
    looks = Street(waiting).looks(60.0)
    assert not told(watch(_rule(zone, context=(lane,))), looks)
    assert len(confirmations(watch(_rule(zone)), looks)) == 3


def test_a_lane_before_the_rail_excuses_nobody_behind_it() -> None:
    """Parked side by side behind the rail, at the edge of the lane: no queue."""
    parked = [Car((x, PLACE[1], x + 80.0, PLACE[3])) for x in (100.0, 280.0, 460.0)]
    zone, lane = _strip(255.0, rail=RAIL), _strip(287.0, kind="lane", name="lane")
    looks = Street(parked).looks(60.0)
    assert len(confirmations(watch(_rule(zone, context=(lane,))), looks)) == 3


def test_a_rail_is_part_of_what_a_rule_is() -> None:
    """Rules that differ in it have other versions; one that would hide everything is refused."""
    plain, hidden = (_rule(_strip(271.0, rail=rail)) for rail in (0.0, RAIL))
    assert plain.effective_version != hidden.effective_version
    with pytest.raises(ValueError, match=r"a rail hides 0 to 1, got 1\.0"):
        _strip(271.0, rail=1.0)
