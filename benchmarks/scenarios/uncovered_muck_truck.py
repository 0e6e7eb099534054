"""Tippers that pass with an open load, and those that are covered, empty, or do not pass."""

from benchmarks.scenarios.script import (
    Actor,
    Expected,
    Interval,
    Random,
    Script,
    Stay,
    box_at,
    passing,
    rule_of,
    whole,
)
from detectors import Rule, Window, Zone

KIND = "uncovered_muck_truck"
BELOW = Zone(
    "below", "carriageway", ((0.0, 0.45), (1.0, 0.45), (1.0, 1.0), (0.0, 1.0)), sees_load=True
)
STEP_S = 0.25
"""Between looks while a camera looks closely ..."""
IDLE_EVERY = 8
"""... and every so many of them when it does not."""
SIZE = (150.0, 95.0)
SEEN_SHARE = 0.75
"""Middle share of a pass in which no outage may fall: a truck that nobody sees is no case."""


def _rule(**fields: object) -> Rule:
    return rule_of(KIND, BELOW, **fields)


def _script(
    actors: tuple[Actor, ...], until_s: float, *expected: Expected, **fields: object
) -> Script:
    return Script(
        rules=(_rule(**fields),),
        actors=actors,
        until_s=until_s,
        expected=expected,
        interval_s=STEP_S,
        idle_every=IDLE_EVERY,
        stray=("car", "muck_truck"),
        decisive=tuple(_middle(one.window) for one in expected if one.window is not None),
    )


def _middle(window: Interval) -> Interval:
    start_s, end_s = window
    edge_s = (1.0 - SEEN_SHARE) / 2 * (end_s - start_s)
    return start_s + edge_s, end_s - edge_s


def _pass(
    label: str, start_s: float, speed: float, low: float = 300.0, paint: int = 3
) -> tuple[Actor, float]:
    """Drive from left to right; returns when it has gone as well."""
    end_s = start_s + (640.0 + SIZE[0]) / speed
    stay = Stay(box_at(-SIZE[0] / 2, low, *SIZE), start_s, end_s, (speed, 0.0))
    return Actor(label, (stay,), paint), end_s


def _expected(start_s: float, end_s: float) -> Expected:
    return Expected(KIND, "below", (), 0.0, window=(start_s, end_s))


def loaded(random: Random) -> Script:
    """A tipper with an open load drives through, cars before and after it."""
    truck, end_s = _pass("muck_truck_open", whole(random, 5, 20), random.uniform(45.0, 90.0))
    start_s = truck.stays[0].start_s
    cars = passing(random, "car", 60.0, 4, 230.0, size=(80.0, 45.0))
    return _script((truck, *cars), 60.0, _expected(start_s, end_s))


def slowly(random: Random) -> Script:
    """One that crawls through."""
    truck, end_s = _pass("muck_truck_open", whole(random, 5, 20), random.uniform(15.0, 35.0))
    return _script((truck,), end_s + 20.0, _expected(truck.stays[0].start_s, end_s))


def one_after_the_other(random: Random) -> Script:
    """Two of them, half a minute apart: two cases."""
    first, first_end_s = _pass("muck_truck_open", 5.0, random.uniform(50.0, 90.0))
    later_s = first_end_s + whole(random, 24, 40)
    second, end_s = _pass("muck_truck_open", later_s, random.uniform(50.0, 90.0), paint=8)
    return _script(
        (first, second),
        end_s + 20.0,
        _expected(5.0, first_end_s),
        _expected(later_s, end_s),
    )


def stops_at_a_light(random: Random) -> Script:
    """Drives in, waits for half a minute, drives on: one pass, one case."""
    start_s, speed = whole(random, 5, 15), random.uniform(50.0, 80.0)
    halt_s = start_s + 400.0 / speed
    go_s = halt_s + whole(random, 20, 40)
    box = box_at(-SIZE[0] / 2, 300.0, *SIZE)
    at = box_at(-SIZE[0] / 2 + 400.0, 300.0, *SIZE)
    stays = (
        Stay(box, start_s, halt_s, (speed, 0.0)),
        Stay(at, halt_s, go_s),
        Stay(at, go_s, go_s + 500.0 / speed, (speed, 0.0)),
    )
    truck = Actor("muck_truck_open", stays, 3)
    return _script((truck,), go_s + 30.0, _expected(start_s, go_s + 500.0 / speed))


def covered(random: Random) -> Script:
    """Tippers with a lid or a tarpaulin, or empty."""
    first, end_s = _pass("muck_truck", 5.0, random.uniform(40.0, 90.0))
    second, end_s = _pass("muck_truck", end_s + 10.0, random.uniform(40.0, 90.0), paint=8)
    return _script((first, second), end_s + 10.0)


def a_flat_lid(random: Random) -> Script:
    """A lid that a model takes for an open load in one look of ten."""
    start_s, speed = 5.0, random.uniform(40.0, 80.0)
    box, stays = box_at(-SIZE[0] / 2, 300.0, *SIZE), []
    for turn in range(int(760.0 / speed / STEP_S)):
        x = speed * STEP_S * turn
        here = (box[0] + x, box[1], box[2] + x, box[3])
        at_s = start_s + STEP_S * turn
        label = "muck_truck_open" if random.random() < 0.1 else None
        stays.append(Stay(here, at_s, at_s + STEP_S, (speed, 0.0), label=label))
    return _script((Actor("muck_truck", tuple(stays), 3),), stays[-1].end_s + 10.0)


def tipping(random: Random) -> Script:
    """A tipper that stands on the road with its body raised."""
    place = box_at(random.uniform(150.0, 480.0), 310.0, *SIZE)
    return _script((Actor.standing("muck_truck_open", place),), 60.0)


def behind_a_fence(random: Random) -> Script:
    """Loaded, but on the building site beyond the carriageway."""
    truck, end_s = _pass("muck_truck_open", 5.0, random.uniform(30.0, 70.0), low=140.0)
    return _script((truck,), end_s + 10.0)


def at_a_permitted_hour(random: Random) -> Script:
    """Loaded, when it is allowed."""
    truck, end_s = _pass("muck_truck_open", 5.0, random.uniform(30.0, 70.0))
    return _script((truck,), end_s + 10.0, allow=(Window.parse("mon", "11:00", "13:00"),))


def other_traffic(random: Random) -> Script:
    """Cars, buses and lorries of other trades."""
    cars = passing(random, "car", 60.0, 12, 260.0)
    others = passing(random, "truck", 60.0, 4, 330.0, size=SIZE)
    buses = passing(random, "bus", 60.0, 3, 355.0, size=(200.0, 110.0))
    return _script((*cars, *others, *buses), 70.0)


VIOLATING = (loaded, slowly, one_after_the_other, stops_at_a_light)
INNOCENT = (
    covered,
    a_flat_lid,
    tipping,
    behind_a_fence,
    at_a_permitted_hour,
    other_traffic,
)
