"""Garbage that stays, and things that are somebody's, or somebody."""

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
from detectors import Box, Rule, Window, Zone

KIND = "exposed_garbage"
STREET = zone("street", "any", 0.0, 0.4, 1.0, 1.0)
POINT = zone("bins", "collection_point", 0.35, 0.6, 0.65, 1.0)
DWELL_S = 120.0


def _rule(dwell_s: float | None = DWELL_S, *zones: Zone, **fields: object) -> Rule:
    return rule_of(KIND, *(zones or (STREET,)), dwell_s=dwell_s, **fields)


def _place(random: Random, left: float = 80.0, right: float = 560.0) -> Box:
    width = random.uniform(36.0, 70.0)
    y = random.uniform(230.0, 330.0)
    return box_at(random.uniform(left, right), y, width, width * random.uniform(0.6, 0.9))


def _bag(place: Box, start_s: float = 0.0, end_s: float = EVER, paint: int = 5) -> Actor:
    return Actor.standing("garbage", place, start_s, end_s, paint=paint)


def _walkers(random: Random, until_s: float, count: int) -> tuple[Actor, ...]:
    return passing(random, "person", until_s, count, 352.0, size=(24.0, 75.0), speed=(20.0, 45.0))


def left_behind(random: Random) -> Script:
    """A bag is put down and left; people walk by."""
    start_s, place = whole(random, 0, 40), _place(random)
    return Script(
        rules=(_rule(),),
        actors=(_bag(place, start_s), *_walkers(random, 220.0, 10)),
        until_s=start_s + 220.0,
        expected=(Expected(KIND, "street", ((start_s, EVER),), DWELL_S, place),),
        pictures=bool(random.random() < 0.3),
        stray=("garbage",),
    )


def for_a_quarter_of_an_hour(random: Random) -> Script:
    """A rule without numbers: 900 s, looked at every 5 s."""
    start_s, place = whole(random, 0, 40), _place(random)
    return Script(
        rules=(_rule(None),),
        actors=(_bag(place, start_s),),
        until_s=start_s + 1200.0,
        expected=(Expected(KIND, "street", ((start_s, EVER),), 900.0, place),),
        interval_s=5.0,
    )


def an_overflowing_bin(random: Random) -> Script:
    """Bags at a collection point that the rule names, after the hours of collection."""
    allow = (Window.parse("mon-sun", "06:00", "12:02"),)
    place = box_at(random.uniform(280.0, 360.0), 310.0, 60.0, 45.0)
    return Script(
        rules=(_rule(DWELL_S, POINT, allow=allow),),
        actors=(_bag(place, whole(random, 0, 60)),),
        until_s=340.0,
        expected=(Expected(KIND, "bins", ((120.0, EVER),), DWELL_S, place),),
    )


def left_by_its_owner(random: Random) -> Script:
    """Somebody waits beside a bag for a minute and then goes without it."""
    place = box_at(random.uniform(200.0, 440.0), 300.0, 50.0, 40.0)
    owner_s = whole(random, 50, 80)
    owner = Actor.standing("person", box_at(place[2] + 18.0, 305.0, 30.0, 85.0), 0.0, owner_s)
    return Script(
        rules=(_rule(),),
        actors=(_bag(place), owner),
        until_s=owner_s + 240.0,
        expected=(
            Expected(KIND, "street", ((owner_s, EVER),), DWELL_S, place, came_s=0.0, slack_s=20.0),
        ),
        hard=False,
    )


def at_the_collection_point(random: Random) -> Script:
    """Bags that wait at a point that the rule does not name."""
    bags = tuple(
        _bag(box_at(x, random.uniform(290.0, 330.0), 45.0, 36.0), paint=number)
        for number, x in enumerate((260.0, 320.0, 380.0))
    )
    return Script((_rule(context=(POINT,)),), bags, 260.0)


def in_collection_hours(random: Random) -> Script:
    """Bags at a named point while they may wait there."""
    allow = (Window.parse("mon-fri", "06:00", "13:00"),)
    bag = _bag(box_at(random.uniform(280.0, 360.0), 310.0, 50.0, 40.0))
    return Script((_rule(DWELL_S, POINT, allow=allow),), (bag,), 260.0)


def parcels(random: Random) -> Script:
    """A courier stands beside parcels for all of the time."""
    place = box_at(random.uniform(200.0, 440.0), 300.0, 60.0, 45.0)
    courier = Actor.standing("person", box_at(place[2] + 16.0, 306.0, 30.0, 85.0))
    courier = Actor("person", courier.stays, 9, miss=0.1)
    return Script((_rule(),), (_bag(place), courier), 300.0, stray=("car",))


def somebody_lies_there(random: Random) -> Script:
    """A person on the ground, also taken for a bag."""
    x = random.uniform(200.0, 440.0)
    person = Actor.standing("person", box_at(x, 300.0, 90.0, 34.0), paint=3)
    near = box_at(x + random.uniform(-8, 8), 299.0, 70.0, 30.0)
    bag = Actor.standing("garbage", near, paint=5, layer=1)
    return Script((_rule(),), (bag, person), 300.0, stray=("car",))


def taken_along(random: Random) -> Script:
    """Gone after two thirds of the dwell."""
    start_s = whole(random, 0, 40)
    bag = _bag(_place(random), start_s, start_s + DWELL_S * random.uniform(0.3, 0.75))
    return Script(
        (_rule(),),
        (bag, *_walkers(random, 240.0, 8)),
        240.0,
        pictures=bool(random.random() < 0.3),
        stray=("garbage",),
    )


def blown_about(random: Random) -> Script:
    """A plastic bag that the wind takes from place to place."""
    stays = tuple(Stay(_place(random), 12.0 * turn, 12.0 * turn + 12.0) for turn in range(20))
    return Script((_rule(),), (Actor("garbage", stays, 5),), 240.0)


VIOLATING = (left_behind, for_a_quarter_of_an_hour, an_overflowing_bin, left_by_its_owner)
INNOCENT = (
    at_the_collection_point,
    in_collection_hours,
    parcels,
    somebody_lies_there,
    taken_along,
    blown_about,
)
