"""Exposed garbage: what lies about, and what only looks like it."""

import pytest

from detectors import Rule, Zone
from tests.looks import Car, Street, confirmations, told, watch, window

BAG = (300.0, 260.0, 340.0, 290.0)
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
PAVEMENT = Zone("pavement", "pavement", WHOLE)
POINT = Zone("bins", "collection_point", ((0.4, 0.6), (0.6, 0.6), (0.6, 0.9), (0.4, 0.9)))


def _rule(**fields: object) -> Rule:
    given = {"zones": (PAVEMENT,), "dwell_s": 60.0, **fields}
    return Rule("exposed_garbage", **given)  # type: ignore[arg-type]  # fields of Rule by name


def _bag(start_s: float = 4.0, end_s: float = float("inf"), box: object = BAG) -> Car:
    return Car(box, start_s, end_s, "garbage")  # type: ignore[arg-type]  # a Box


def test_a_bag_that_stays_is_confirmed_after_its_dwell() -> None:
    """Seen from 4 s on, confirmed at 64 s; cleared when it has been taken away."""
    events = told(watch(_rule()), Street([_bag(end_s=100.0)]).looks(140.0))
    assert events[:2] == [("opened", 6.0), ("confirmed", 64.0)]
    assert [change for change, _ in events] == ["opened", "confirmed", "cleared"]


def test_the_default_is_a_quarter_of_an_hour() -> None:
    """Without a dwell in the rule: 900 s."""
    found = confirmations(watch(_rule(dwell_s=None)), Street([_bag()]).looks(920.0))
    assert [event.violation.last_at_s for event in found] == [904.0]


def test_a_bag_with_its_owner_is_no_garbage() -> None:
    """Parcels beside a courier who sorts them: the clock stands as long as somebody stays."""
    courier = Car((345.0, 200.0, 385.0, 295.0), 0.0, 100.0, "person")
    found = confirmations(watch(_rule()), Street([_bag(), courier]).looks(200.0))
    assert [event.violation.last_at_s for event in found] == [160.0]


def test_passers_by_do_not_stay_with_a_bag() -> None:
    """People who walk past at every look change nothing."""
    walkers = [
        Car((240.0, 200.0, 270.0, 295.0), 4.0 * i, 4.0 * i + 4.0, "person", speed_px_s=28.0)
        for i in range(30)
    ]
    found = confirmations(watch(_rule()), Street([_bag(), *walkers]).looks(110.0))
    assert len(found) == 1
    assert found[0].violation.last_at_s <= 80.0


@pytest.mark.parametrize("every", [1, 2], ids=["always boxed", "boxed in every second look"])
def test_a_person_lying_down_is_no_garbage(every: int) -> None:
    """A box that overlaps a person's is that person, though the model finds them only at times."""
    box = (280.0, 255.0, 360.0, 290.0)
    with_person = Street([_bag(box=(282.0, 256.0, 350.0, 290.0)), Car(box, label="person")])
    without = Street([_bag(box=(282.0, 256.0, 350.0, 290.0))])
    looks = [
        (with_person if index % every == 0 else without).look(2.0 * index, index)
        for index in range(200)
    ]
    assert not confirmations(watch(_rule()), looks)


def test_a_faint_box_of_who_put_a_bag_down_is_nobody() -> None:
    """Who carried it has gone; a model sees a little of a person in the bag at every look."""
    x0, y0, x1, y1 = BAG
    carrier = Car((x0 - 40.0, y0 - 60.0, x0 + 16.0, y1), 0.0, 20.0, label="person")
    trace = Car((x0 - 14.0, y0 - 10.0, x1 + 14.0, y1), 20.0, label="person", score=0.15)
    found = confirmations(watch(_rule()), Street([carrier, trace, _bag(20.0)]).looks(140.0))
    assert [event.violation.last_at_s for event in found] == [82.0]


def test_bags_wait_at_a_collection_point_in_its_hours() -> None:
    """Within the hours of collection nothing counts; what is left when they are over does."""
    one = watch(_rule(zones=(POINT,), allow=(window("mon-sun", "11:00", "12:02"),)))
    found = confirmations(one, Street([_bag()]).looks(240.0))
    assert [event.violation.last_at_s for event in found] == [180.0]
    assert found[0].violation.zone_id == "bins"


def test_a_collection_point_that_no_rule_names_excuses() -> None:
    """Bags in it wait for collection; a rule for the whole pavement leaves them alone."""
    assert not told(watch(_rule(context=(POINT,))), Street([_bag()]).looks(200.0))
    outside = _bag(box=(100.0, 260.0, 140.0, 290.0))
    assert confirmations(watch(_rule(context=(POINT,))), Street([outside]).looks(200.0))


def test_a_bag_at_a_collection_point_is_accused_there() -> None:
    """Where a rule names both, the bin's zone goes before the pavement that it stands on."""
    found = confirmations(watch(_rule(zones=(PAVEMENT, POINT))), Street([_bag()]).looks(100.0))
    assert [event.violation.zone_id for event in found] == ["bins"]


def test_what_is_fetched_in_time_is_no_violation() -> None:
    """Parcels set down for 40 s of 60 come to nothing."""
    events = told(watch(_rule()), Street([_bag(end_s=44.0)]).looks(200.0))
    assert [change for change, _ in events] == ["opened", "discarded"]


def test_furniture_is_no_garbage() -> None:
    """A grit bin that the model takes for garbage is drawn as furniture."""
    bin_zone = Zone("grit", "furniture", ((0.4, 0.6), (0.6, 0.6), (0.6, 0.9), (0.4, 0.9)))
    assert not told(watch(_rule(context=(bin_zone,))), Street([_bag()]).looks(200.0))
