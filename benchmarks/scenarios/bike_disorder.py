"""Two-wheelers that stand about, and those that may, or do not stand."""

from benchmarks.scenarios.script import (
    EVER,
    Actor,
    Expected,
    Random,
    Script,
    Stay,
    box_at,
    passing,
    row_of,
    rule_of,
    whole,
    zone,
)
from detectors import Rule, Window, Zone

KIND = "bike_disorder"
PAVEMENT = zone("walk", "pavement", 0.0, 0.55, 1.0, 1.0)
RACK = zone("rack", "rack", 0.05, 0.55, 0.95, 0.88)
DWELL_S = 60.0
SIZE = (38.0, 44.0)


def _rule(dwell_s: float | None = DWELL_S, *zones: Zone, **fields: object) -> Rule:
    return rule_of(KIND, *(zones or (PAVEMENT,)), dwell_s=dwell_s, **fields)


def _bikes(
    random: Random, count: int, start_s: float = 0.0, end_s: float = EVER
) -> tuple[Actor, ...]:
    corner = (random.uniform(40.0, 120.0), random.uniform(210.0, 235.0))
    apart = (random.uniform(46.0, 56.0), 52.0)
    return row_of(
        "two_wheeler", count, corner, SIZE, apart, start_s=start_s, end_s=end_s, columns=8
    )


def strewn(random: Random) -> Script:
    """Six to fourteen bikes outside the racks; people walk by."""
    start_s = whole(random, 0, 40)
    bikes = _bikes(random, int(random.integers(6, 15)), start_s)
    people = passing(random, "person", 200.0, 6, 356.0, size=(22.0, 55.0), speed=(20.0, 40.0))
    return Script(
        rules=(_rule(),),
        actors=(*bikes, *people),
        until_s=start_s + 160.0,
        expected=(Expected(KIND, "walk", ((start_s, EVER),), DWELL_S),),
        stray=("two_wheeler",),
    )


def for_ten_minutes(random: Random) -> Script:
    """A rule without numbers: five bikes, 600 s, looked at every 4 s."""
    start_s = whole(random, 0, 40)
    return Script(
        rules=(_rule(None),),
        actors=_bikes(random, 7, start_s),
        until_s=start_s + 840.0,
        expected=(Expected(KIND, "walk", ((start_s, EVER),), 600.0),),
        interval_s=4.0,
    )


def one_by_one(random: Random) -> Script:
    """They come one after the other: it begins with the fifth."""
    times = [whole(random, 0, 8) + 8.0 * number for number in range(8)]
    bikes = tuple(
        Actor("two_wheeler", (Stay(one.stays[0].box, start_s),), one.paint)
        for one, start_s in zip(_bikes(random, 8), times, strict=True)
    )
    begins_s = sorted(times)[4]
    return Script(
        rules=(_rule(),),
        actors=bikes,
        until_s=begins_s + 180.0,
        expected=(Expected(KIND, "walk", ((begins_s, EVER),), DWELL_S, slack_s=10.0),),
    )


def a_pile(random: Random) -> Script:
    """A heap of bikes, which a model takes for three, covers most of a narrow pavement."""
    narrow = zone("narrow", "pavement", 0.3, 0.6, 0.7, 0.95)
    boxes = [
        (200.0, 220.0, 310.0, 330.0),
        (290.0, 225.0, 400.0, 338.0),
        (370.0, 222.0, 446.0, 326.0),
    ]
    start_s = whole(random, 0, 30)
    pile = tuple(
        Actor("two_wheeler", (Stay(box, start_s),), number, layer=1)
        for number, box in enumerate(boxes)
    )
    return Script(
        rules=(_rule(DWELL_S, narrow),),
        actors=pile,
        until_s=start_s + 170.0,
        expected=(Expected(KIND, "narrow", ((start_s, EVER),), DWELL_S),),
    )


def others_come_and_go(random: Random) -> Script:
    """Eight stand there at any time, never the same for long: the zone's violation, once."""
    actors = []
    for one in _bikes(random, 9):
        at_s, stays = -whole(random, 0, 60), []
        while at_s < 300.0:
            end_s = at_s + whole(random, 60, 140)
            stays.append(Stay(one.stays[0].box, at_s, end_s))
            at_s = end_s + whole(random, 2, 6)
        actors.append(Actor("two_wheeler", tuple(stays), one.paint))
    return Script(
        rules=(_rule(),),
        actors=tuple(actors),
        until_s=280.0,
        expected=(Expected(KIND, "walk", ((0.0, EVER),), DWELL_S, slack_s=20.0),),
    )


def riders_at_a_light(random: Random) -> Script:
    """Riders wait for longer than the dwell, each on a bike."""
    bikes = _bikes(random, int(random.integers(5, 8)))
    riders = tuple(
        Actor(
            "person",
            (Stay((box[0] + 8.0, box[1] - 36.0, box[2] - 8.0, box[3] - 10.0)),),
            50 + number,
            miss=0.1,
            layer=1,
        )
        for number, box in enumerate(bike.stays[0].box for bike in bikes)
    )
    return Script((_rule(),), (*bikes, *riders), 200.0, stray=("car",))


def at_the_school_gate(random: Random) -> Script:
    """Parents wait with their bikes at an hour at which they may."""
    allow = (Window.parse("mon-fri", "11:30", "12:30"),)
    return Script((_rule(allow=allow),), _bikes(random, 10), 220.0)


def too_few(random: Random) -> Script:
    """Four for as long as they like."""
    return Script((_rule(),), _bikes(random, 4), 400.0, stray=("car",))


def in_the_racks(random: Random) -> Script:
    """Ten in the racks, three beside them."""
    inside = row_of("two_wheeler", 10, (random.uniform(40.0, 80.0), 240.0), SIZE, (50.0, 0.0))
    outside = row_of("two_wheeler", 3, (80.0, 310.0), SIZE, (150.0, 0.0))
    return Script((_rule(context=(RACK,)),), (*inside, *outside), 240.0, stray=("car",))


def red_phases(random: Random) -> Script:
    """Riders that the model does not see: gone at green, before the dwell is over."""
    actors: list[Actor] = []
    at_s = 0.0
    for _ in range(4):
        end_s = at_s + whole(random, 25, 40)
        actors += _bikes(random, 8, at_s, end_s)
        at_s = end_s + whole(random, 30, 50)
    return Script((_rule(),), tuple(actors), at_s + 20.0, hard=False)


def riding_past(random: Random) -> Script:
    """Many ride by, always others."""
    bikes = passing(random, "two_wheeler", 200.0, 60, 300.0, size=SIZE, speed=(40.0, 90.0))
    more = passing(random, "two_wheeler", 200.0, 40, 345.0, size=SIZE, speed=(40.0, 90.0))
    return Script((_rule(),), (*bikes, *more), 220.0)


def tidied_up(random: Random) -> Script:
    """Eight, gone after two thirds of the dwell."""
    start_s = whole(random, 0, 30)
    bikes = _bikes(random, 8, start_s, start_s + DWELL_S * random.uniform(0.3, 0.7))
    return Script((_rule(),), bikes, 220.0)


def on_private_ground(random: Random) -> Script:
    """A row on private ground behind the zone; people wait in it."""
    bikes = row_of("two_wheeler", 9, (60.0, random.uniform(110.0, 140.0)), SIZE, (55.0, 0.0))
    people = tuple(
        Actor.standing("person", box_at(x, 300.0, 20.0, 60.0)) for x in (150.0, 300.0, 450.0)
    )
    return Script((_rule(),), (*bikes, *people), 200.0)


VIOLATING = (strewn, for_ten_minutes, one_by_one, a_pile, others_come_and_go)
INNOCENT = (
    riders_at_a_light,
    at_the_school_gate,
    too_few,
    in_the_racks,
    red_phases,
    riding_past,
    tidied_up,
    on_private_ground,
)
