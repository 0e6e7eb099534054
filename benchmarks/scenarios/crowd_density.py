"""Crowds, and people who wait, pass or board."""

from benchmarks.scenarios.script import (
    EVER,
    Actor,
    Expected,
    Random,
    Script,
    Stay,
    passing,
    row_of,
    rule_of,
    whole,
    zone,
)
from detectors import Rule, Window

KIND = "crowd_density"
SQUARE = zone("square", "gathering", 0.0, 0.35, 1.0, 1.0)
N = 12
DWELL_S = 60.0
SIZE = (20.0, 48.0)


def _rule(dwell_s: float | None = DWELL_S, n: int | None = N, **fields: object) -> Rule:
    return rule_of(KIND, SQUARE, dwell_s=dwell_s, n=n, **fields)


def _people(
    random: Random, count: int, start_s: float = 0.0, end_s: float = EVER
) -> tuple[Actor, ...]:
    corner = (random.uniform(40.0, 100.0), random.uniform(140.0, 160.0))
    return row_of(
        "person", count, corner, SIZE, (52.0, 56.0), start_s=start_s, end_s=end_s, columns=10
    )


def gathered(random: Random) -> Script:
    """Sixteen to thirty where twelve are asked for."""
    start_s = whole(random, 0, 30)
    return Script(
        rules=(_rule(),),
        actors=_people(random, int(random.integers(16, 31)), start_s),
        until_s=start_s + 150.0,
        expected=(Expected(KIND, "square", ((start_s, EVER),), DWELL_S),),
    )


def by_default(random: Random) -> Script:
    """A rule without numbers: thirty people, 120 s."""
    start_s = whole(random, 0, 30)
    return Script(
        rules=(_rule(None, None),),
        actors=_people(random, 38, start_s),
        until_s=start_s + 220.0,
        expected=(Expected(KIND, "square", ((start_s, EVER),), 120.0),),
    )


def coming_and_going(random: Random) -> Script:
    """Twenty places, mostly taken, by others every minute or two."""
    actors = []
    for one in _people(random, 20):
        at_s, stays = -whole(random, 0, 60), []
        while at_s < 240.0:
            end_s = at_s + whole(random, 50, 120)
            stays.append(Stay(one.stays[0].box, at_s, end_s))
            at_s = end_s + whole(random, 2, 8)
        actors.append(Actor("person", tuple(stays), one.paint))
    return Script(
        rules=(_rule(),),
        actors=tuple(actors),
        until_s=220.0,
        expected=(Expected(KIND, "square", ((0.0, EVER),), DWELL_S, slack_s=20.0),),
    )


def behind_a_bus(random: Random) -> Script:
    """A bus passes in front of the crowd and stops for a moment."""
    halt_s = whole(random, 30, 50)
    bus = Actor.standing("bus", (20.0, 90.0, 630.0, 355.0), halt_s, halt_s + whole(random, 6, 14))
    return Script(
        rules=(_rule(),),
        actors=(*_people(random, 18), bus),
        until_s=220.0,
        expected=(Expected(KIND, "square", ((0.0, EVER),), DWELL_S, slack_s=30.0),),
        hard=False,
    )


def too_few(random: Random) -> Script:
    """Nine for as long as they like."""
    return Script((_rule(),), _people(random, 9), 300.0, stray=("person",))


def red_phases(random: Random) -> Script:
    """Sixteen wait at a light and cross, again and again."""
    actors: list[Actor] = []
    at_s = 0.0
    for _ in range(4):
        end_s = at_s + whole(random, 25, 42)
        actors += _people(random, 16, at_s, end_s)
        at_s = end_s + whole(random, 25, 40)
    return Script((_rule(),), tuple(actors), at_s + 10.0, hard=False)


def a_bus_queue(random: Random) -> Script:
    """A queue grows, a bus comes before the dwell is over, and takes all but a few."""
    bus_s = whole(random, 35, 45)
    queue = [
        Actor("person", (Stay(one.stays[0].box, 2.0 * number / 2, bus_s + 6.0),), one.paint)
        for number, one in enumerate(_people(random, 15))
    ]
    left = row_of("person", 4, (60.0, 290.0), SIZE, (60.0, 0.0))
    bus = Actor.standing("bus", (20.0, 90.0, 630.0, 340.0), bus_s, bus_s + 20.0)
    return Script((_rule(),), (*queue, *left, bus), 240.0, hard=False)


def a_queue_without_a_bus(random: Random) -> Script:
    """Twenty wait at their stop for as long as it takes, and a few stand beside it."""
    stop = zone("stop", "bus_stop", 0.0, 0.35, 1.0, 0.77)
    others = row_of("person", int(random.integers(2, 8)), (60.0, 300.0), SIZE, (70.0, 0.0))
    queue = _people(random, 20, whole(random, 0, 30))
    return Script((_rule(context=(stop,)),), (*queue, *others), 240.0, stray=("person",))


def walking_by(random: Random) -> Script:
    """Some seven people in any look, never the same."""
    rows = [
        passing(random, "person", 200.0, 18, low, size=SIZE, speed=(35.0, 60.0))
        for low in (200.0, 250.0, 300.0, 345.0)
    ]
    return Script((_rule(),), tuple(one for row in rows for one in row), 210.0, stray=("car",))


def at_the_concert(random: Random) -> Script:
    """A crowd that is allowed at that hour."""
    allow = (Window.parse("mon", "11:00", "14:00"),)
    return Script((_rule(allow=allow),), _people(random, 24), 180.0)


VIOLATING = (gathered, by_default, coming_and_going, behind_a_bus)
INNOCENT = (
    too_few,
    red_phases,
    a_bus_queue,
    a_queue_without_a_bus,
    walking_by,
    at_the_concert,
)
