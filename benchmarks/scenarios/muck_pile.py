"""Heaps that stay, and heaps that may."""

from benchmarks.scenarios.painting import NET
from benchmarks.scenarios.script import (
    EVER,
    Actor,
    Expected,
    Random,
    Script,
    Stay,
    box_at,
    passing,
    rule_of,
    whole,
    zone,
)
from detectors import Box, Rule, Window

KIND = "muck_pile"
YARD = zone("yard", "any", 0.0, 0.4, 1.0, 1.0)
DWELL_S = 300.0


def _rule(dwell_s: float | None = DWELL_S, **fields: object) -> Rule:
    return rule_of(KIND, YARD, dwell_s=dwell_s, **fields)


def _place(random: Random) -> Box:
    width = random.uniform(70.0, 140.0)
    return box_at(random.uniform(90.0, 550.0), random.uniform(240.0, 330.0), width, width * 0.5)


def _heap(place: Box, start_s: float = 0.0, end_s: float = EVER, paint: int = 4) -> Actor:
    return Actor.standing("muck", place, start_s, end_s, paint=paint)


def dumped(random: Random) -> Script:
    """A heap is dumped and stays, people walk by in front of it."""
    start_s, place = whole(random, 0, 60), _place(random)
    people = passing(random, "person", 400.0, 12, 356.0, size=(24.0, 70.0), speed=(20.0, 40.0))
    return Script(
        rules=(_rule(),),
        actors=(_heap(place, start_s), *people),
        until_s=start_s + 420.0,
        expected=(Expected(KIND, "yard", ((start_s, EVER),), DWELL_S, place),),
        pictures=bool(random.random() < 0.2),
    )


def for_an_hour(random: Random) -> Script:
    """A rule without numbers: an hour, looked at every 10 s."""
    start_s, place = whole(random, 0, 60), _place(random)
    return Script(
        rules=(_rule(None),),
        actors=(_heap(place, start_s),),
        until_s=start_s + 4200.0,
        expected=(Expected(KIND, "yard", ((start_s, EVER),), 3600.0, place),),
        interval_s=10.0,
    )


def after_the_works(random: Random) -> Script:
    """The permit for the works is over; the heap is still there."""
    place = _place(random)
    return Script(
        rules=(_rule(allow=(Window.parse("mon-sun", "08:00", "12:05"),)),),
        actors=(_heap(place),),
        until_s=720.0,
        expected=(Expected(KIND, "yard", ((300.0, EVER),), DWELL_S, place),),
        interval_s=4.0,
    )


def two_heaps(random: Random) -> Script:
    """Two heaps, one after the other."""
    left, right = box_at(150.0, 300.0, 110.0, 50.0), box_at(480.0, 320.0, 120.0, 60.0)
    later_s = whole(random, 20, 100)
    return Script(
        rules=(_rule(),),
        actors=(_heap(left), _heap(right, later_s, paint=9)),
        until_s=later_s + 420.0,
        expected=(
            Expected(KIND, "yard", ((0.0, EVER),), DWELL_S, left),
            Expected(KIND, "yard", ((later_s, EVER),), DWELL_S, right),
        ),
    )


def taken_for_bags(random: Random) -> Script:
    """Rubble that a model calls garbage in some looks, or in most."""
    place, share = _place(random), random.uniform(0.2, 0.8)
    stays = tuple(
        Stay(
            place,
            2.0 * turn,
            2.0 * turn + 2.0,
            label="garbage" if random.random() < share else None,
        )
        for turn in range(210)
    )
    return Script(
        rules=(_rule(),),
        actors=(Actor("muck", stays, 4),),
        until_s=420.0,
        expected=(Expected(KIND, "yard", ((0.0, EVER),), DWELL_S, place),),
    )


def permitted_works(random: Random) -> Script:
    """A heap within the permit of the works."""
    allow = (Window.parse("mon-fri", "08:00", "18:00"),)
    return Script((_rule(allow=allow),), (_heap(_place(random)),), 500.0)


def netted(random: Random) -> Script:
    """Soil under a green net."""
    return Script((_rule(),), (_heap(_place(random), paint=NET),), 460.0, pictures=True)


def netted_in_time(random: Random) -> Script:
    """Soil that lies open for half of the dwell and is then netted."""
    place, net_s = _place(random), DWELL_S * random.uniform(0.3, 0.6)
    stays = (Stay(place, 0.0, net_s), Stay(place, net_s, paint=NET))
    return Script((_rule(),), (Actor("muck", stays, 4),), 560.0, pictures=True, hard=False)


def taken_away(random: Random) -> Script:
    """Gone after two thirds of the dwell."""
    start_s = whole(random, 0, 60)
    heap = _heap(_place(random), start_s, start_s + DWELL_S * random.uniform(0.3, 0.75))
    return Script((_rule(),), (heap,), 420.0, pictures=bool(random.random() < 0.2))


def a_planter(random: Random) -> Script:
    """Soil in a zone of kind furniture."""
    x = random.uniform(150.0, 480.0)
    mask = zone("planter", "furniture", x / 640 - 0.15, 0.6, x / 640 + 0.15, 1.0)
    heap = _heap(box_at(x, 320.0, 100.0, 50.0))
    return Script((_rule(context=(mask,)),), (heap,), 420.0)


def bags_that_wait(random: Random) -> Script:
    """Bags at a collection point that the rule does not name."""
    x = random.uniform(150.0, 480.0)
    point = zone("point", "collection_point", x / 640 - 0.2, 0.5, x / 640 + 0.2, 1.0)
    bags = Actor.standing("garbage", box_at(x, 320.0, 100.0, 50.0), paint=4)
    return Script((_rule(context=(point,)),), (bags,), 420.0)


VIOLATING = (dumped, for_an_hour, after_the_works, two_heaps, taken_for_bags)
INNOCENT = (bags_that_wait, permitted_works, netted, netted_in_time, taken_away, a_planter)
