"""Goods beyond the shop line, and what belongs to the street or is only passing through."""

from datetime import timedelta

from benchmarks.scenarios.script import (
    EVER,
    NOON,
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

KIND = "beyond_storefront"
SHOP = zone("shop", "frontage", 0.1, 0.6, 0.9, 0.95)
LEFT = zone("left", "frontage", 0.0, 0.6, 0.5, 0.95)
RIGHT = zone("right", "frontage", 0.5, 0.6, 1.0, 0.95)
OPEN = Zone("shop", "frontage", SHOP.polygon, open=(Window.parse("mon-sun", "08:00", "20:00"),))
DWELL_S = 90.0
HOUR_S = 3600.0
STEP_S = 20.0
"""Between looks of scripts that last for days."""


def _rule(dwell_s: float | None = DWELL_S, *zones: Zone, **fields: object) -> Rule:
    return rule_of(KIND, *(zones or (SHOP,)), dwell_s=dwell_s, **fields)


def _rack(
    random: Random, x: float | None = None, start_s: float = 0.0, end_s: float = EVER
) -> Actor:
    x = random.uniform(130.0, 510.0) if x is None else x
    size = (random.uniform(40.0, 80.0), random.uniform(40.0, 60.0))
    box = box_at(x, random.uniform(270.0, 320.0), *size)
    return Actor.standing("goods", box, start_s, end_s, paint=int(x) % 90)


def put_out(random: Random) -> Script:
    """A rack stands before the shop; people walk by."""
    start_s = whole(random, 0, 40)
    people = passing(random, "person", 200.0, 8, 356.0, size=(22.0, 60.0), speed=(20.0, 40.0))
    return Script(
        rules=(_rule(),),
        actors=(_rack(random, None, start_s), *people),
        until_s=start_s + 190.0,
        expected=(Expected(KIND, "shop", ((start_s, EVER),), DWELL_S),),
    )


def for_ten_minutes(random: Random) -> Script:
    """A rule without numbers: 600 s, looked at every 4 s."""
    start_s = whole(random, 0, 40)
    return Script(
        rules=(_rule(None),),
        actors=(_rack(random, None, start_s),),
        until_s=start_s + 840.0,
        expected=(Expected(KIND, "shop", ((start_s, EVER),), 600.0),),
        interval_s=4.0,
    )


def tables_moved_about(random: Random) -> Script:
    """Tables and chairs that are moved now and then: the shop's violation, once."""
    actors = []
    for x in (140.0, 260.0, 380.0, 500.0):
        at_s, stays = 0.0, []
        while at_s < 240.0:
            end_s = at_s + whole(random, 40, 90)
            place = box_at(x + random.uniform(-30, 30), random.uniform(270, 320), 52.0, 42.0)
            stays.append(Stay(place, at_s, end_s))
            at_s = end_s
        actors.append(Actor("goods", tuple(stays), int(x) % 90))
    return Script(
        rules=(_rule(),),
        actors=tuple(actors),
        until_s=230.0,
        expected=(Expected(KIND, "shop", ((0.0, EVER),), DWELL_S),),
    )


def two_shops(random: Random) -> Script:
    """Each of two neighbours has put something out: two violations."""
    later_s = whole(random, 10, 40)
    return Script(
        rules=(_rule(DWELL_S, LEFT, RIGHT),),
        actors=(_rack(random, 150.0), _rack(random, 480.0, later_s)),
        until_s=later_s + 190.0,
        expected=(
            Expected(KIND, "left", ((0.0, EVER),), DWELL_S),
            Expected(KIND, "right", ((later_s, EVER),), DWELL_S),
        ),
    )


def twice_a_day_on_two_days(random: Random) -> Script:
    """Out in the morning and in the afternoon, today and tomorrow: one case a day."""
    box = _rack(random).stays[0].box
    day = 24 * HOUR_S
    hours = [(9.0, 11.0), (14.0, 17.0)]  # from the script's start, 00:00
    stays = tuple(
        Stay(box, turn * day + start * HOUR_S, turn * day + end * HOUR_S)
        for turn in range(2)
        for start, end in hours
    )
    first = [(stay.start_s, stay.end_s) for stay in stays[::2]]
    return Script(
        rules=(_rule(600.0, OPEN),),
        actors=(Actor("goods", stays, 8),),
        until_s=2 * day,
        expected=tuple(Expected(KIND, "shop", (stay,), 600.0) for stay in first),
        interval_s=STEP_S * 3,
        start=NOON - timedelta(hours=12),
        stray=("car",),
        hard=False,
    )


def behind_the_line(random: Random) -> Script:
    """Goods in the shop's door, awning above the frontage, an open door at its edge."""
    inside = Actor.standing("goods", box_at(random.uniform(150.0, 480.0), 212.0, 60.0, 60.0))
    awning = Actor.standing("goods", (80.0, 110.0, 420.0, 180.0), paint=2)
    return Script((_rule(),), (inside, awning), 240.0, stray=("car",))


def unloading(random: Random) -> Script:
    """A truck stands before the shop, boxes beside it; both are gone after a while."""
    start_s = whole(random, 10, 30)
    end_s = start_s + whole(random, 120, 180)
    truck = Actor.standing("truck", box_at(300.0, 300.0, 190.0, 105.0), start_s, end_s)
    truck = Actor("truck", truck.stays, 3, miss=0.1)
    boxes = tuple(_rack(random, x, start_s + 14.0, end_s + 6.0) for x in (440.0, 500.0))
    return Script((_rule(),), (truck, *boxes), end_s + 60.0, stray=("car",), hard=False)


def customers_bikes(random: Random) -> Script:
    """A row of e-bikes before the shop, one of them boxed as goods as well."""
    bikes = row_of(
        "two_wheeler", 5, (random.uniform(90.0, 130.0), 260.0), (44.0, 46.0), (80.0, 0.0)
    )
    bikes = tuple(Actor("two_wheeler", one.stays, one.paint, score=0.85) for one in bikes)
    twice = Actor("goods", bikes[2].stays, 4, score=0.45, miss=0.5, layer=1)
    return Script((_rule(),), (*bikes, twice), 240.0, stray=("car",))


def taken_in(random: Random) -> Script:
    """Gone after two thirds of the dwell."""
    start_s = whole(random, 0, 40)
    rack = _rack(random, None, start_s, start_s + DWELL_S * random.uniform(0.3, 0.7))
    return Script((_rule(),), (rack,), 240.0)


def always_there(random: Random) -> Script:
    """What stands there in closed hours as well belongs to the street: a planter, a bench."""
    planter = _rack(random)
    return Script(
        rules=(_rule(600.0, OPEN, hours=(Window.parse("mon-sun", "08:00", "20:00"),)),),
        actors=(planter,),
        until_s=12 * HOUR_S,
        interval_s=STEP_S,
        start=NOON - timedelta(hours=10),
        stray=("car",),
        hard=False,
    )


def on_market_day(random: Random) -> Script:
    """Out when it is allowed."""
    allow = (Window.parse("mon", "06:00", "18:00"),)
    return Script((_rule(allow=allow),), (_rack(random),), 240.0)


def carried_past(random: Random) -> Script:
    """Goods on hand-carts that pass."""
    carts = passing(random, "goods", 200.0, 8, 310.0, size=(50.0, 50.0), speed=(20.0, 50.0))
    return Script((_rule(),), carts, 240.0)


VIOLATING = (put_out, for_ten_minutes, tables_moved_about, two_shops, twice_a_day_on_two_days)
INNOCENT = (
    behind_the_line,
    unloading,
    customers_bikes,
    taken_in,
    always_there,
    on_market_day,
    carried_past,
)
