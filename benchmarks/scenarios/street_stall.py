"""Vendors who stay, move about or hide among customers, and what only looks like one."""

from benchmarks.scenarios.script import (
    EVER,
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
    zone,
)
from detectors import Box, Rule, Window, Zone

KIND = "street_stall"
PAVEMENT = zone("walk", "pavement", 0.0, 0.55, 1.0, 1.0)
ROAD = zone("road", "carriageway", 0.0, 0.55, 1.0, 1.0)
DWELL_S = 60.0


def _rule(dwell_s: float | None = DWELL_S, *zones: Zone, **fields: object) -> Rule:
    return rule_of(KIND, *(zones or (PAVEMENT,)), dwell_s=dwell_s, **fields)


def _place(random: Random, left: float = 80.0, right: float = 560.0) -> Box:
    width = random.uniform(70.0, 100.0)
    y = random.uniform(260.0, 300.0)
    return box_at(random.uniform(left, right), y, width, width * random.uniform(0.7, 0.9))


def _stall(place: Box, start_s: float = 0.0, end_s: float = EVER, paint: int = 1) -> Actor:
    return Actor.standing("stall", place, start_s, end_s, paint=paint)


def stands_there(random: Random) -> Script:
    """A stall on the pavement or the carriageway for longer than the dwell."""
    where = (PAVEMENT, ROAD)[int(random.integers(2))]
    start_s = whole(random, 0, 40)
    stall = _stall(_place(random), start_s, start_s + 200.0)
    return Script(
        rules=(_rule(DWELL_S, where),),
        actors=(stall, *passing(random, "person", 200.0, 6, 355.0, size=(22.0, 60.0))),
        until_s=start_s + 240.0,
        expected=(Expected(KIND, where.zone_id, ((start_s, start_s + 200.0),), DWELL_S),),
        pictures=bool(random.random() < 0.3),
    )


def for_three_minutes(random: Random) -> Script:
    """A stall, and a rule without numbers: 180 s."""
    start_s = whole(random, 0, 40)
    return Script(
        rules=(_rule(None),),
        actors=(_stall(_place(random), start_s),),
        until_s=start_s + 320.0,
        expected=(Expected(KIND, "walk", ((start_s, EVER),), 180.0),),
    )


def moves_every_two_minutes(random: Random) -> Script:
    """A vendor who pushes the cart on before three minutes are over, again and again."""
    at_s, x, stays, counted = whole(random, 0, 20), 90.0, [], []
    for _ in range(4):
        end_s = at_s + whole(random, 90, 130)
        place = box_at(x, random.uniform(270.0, 300.0), 85.0, 65.0)
        stays.append(Stay(place, at_s, end_s))
        counted.append((at_s, end_s))
        at_s, x = end_s + whole(random, 8, 20), x + 140.0
    return Script(
        rules=(_rule(None),),
        actors=(Actor("stall", tuple(stays), 3),),
        until_s=at_s,
        expected=(Expected(KIND, "walk", tuple(counted), 180.0, slack_s=30.0),),
        hard=False,
    )


def from_the_pavement_to_the_road(random: Random) -> Script:
    """A vendor who moves on over the kerb and back; the cart may be boxed at both places then."""
    walk = zone("walk", "pavement", 0.0, 0.5, 1.0, 0.75)
    road = zone("road", "carriageway", 0.0, 0.75, 1.0, 1.0)
    at_s, x, stays = whole(random, 0, 20), 90.0, []
    counted: list[Interval] = []
    for number in range(4):
        end_s = at_s + whole(random, 95, 130)
        low = random.uniform(225.0, 255.0) if number % 2 == 0 else random.uniform(310.0, 345.0)
        stays.append(Stay(box_at(x, low, 85.0, 65.0), at_s, end_s))
        counted.append((max(at_s, counted[-1][1]) if counted else at_s, end_s))
        at_s, x = end_s + whole(random, -4, 14), x + 140.0
    carts = (Actor("stall", tuple(stays[0::2]), 3), Actor("stall", tuple(stays[1::2]), 3))
    return Script(
        rules=(_rule(None, walk, road),),
        actors=carts,
        until_s=at_s,
        expected=(Expected(KIND, "walk", tuple(counted), 180.0, slack_s=40.0),),
        hard=False,
    )


def hidden_by_customers(random: Random) -> Script:
    """Customers stand before the stall for 6 to 14 s at a time: unseen, not gone."""
    place = box_at(random.uniform(200.0, 440.0), 280.0, 90.0, 65.0)
    crowd = [
        Actor.standing("person", box_at((place[0] + place[2]) / 2 + x, 312.0, 46.0, 105.0), s, e)
        for s, e in ((30.0, 30.0 + whole(random, 6, 14)), (70.0, 70.0 + whole(random, 6, 14)))
        for x in (-24.0, 20.0)
    ]
    return Script(
        rules=(_rule(),),
        actors=(_stall(place), *crowd),
        until_s=220.0,
        expected=(Expected(KIND, "walk", ((0.0, EVER),), DWELL_S, slack_s=40.0),),
    )


def two_vendors(random: Random) -> Script:
    """Two stalls at once are two vendors."""
    left, right = _place(random, 90.0, 240.0), _place(random, 400.0, 550.0)
    later_s = whole(random, 10, 40)
    return Script(
        rules=(_rule(),),
        actors=(_stall(left, 0.0, paint=1), _stall(right, later_s, paint=2)),
        until_s=later_s + 160.0,
        expected=(
            Expected(KIND, "walk", ((0.0, EVER),), DWELL_S, left),
            Expected(KIND, "walk", ((later_s, EVER),), DWELL_S, right),
        ),
    )


def after_the_market(random: Random) -> Script:
    """The night market's permit is over, and the stall still there."""
    allow = (Window.parse("mon-sun", "10:00", "12:02"),)
    return Script(
        rules=(_rule(allow=allow),),
        actors=(_stall(_place(random), whole(random, 0, 60)),),
        until_s=300.0,
        expected=(Expected(KIND, "walk", ((120.0, EVER),), DWELL_S),),
    )


def for_days(random: Random) -> Script:
    """A kiosk that nobody drew a mask for: one violation on the first day, and never another."""
    step_s = 120.0
    return Script(
        rules=(_rule(600.0),),
        actors=(_stall(_place(random)),),
        until_s=4 * 86_400.0,
        expected=(Expected(KIND, "walk", (), 600.0, window=(600.0, 4800.0)),),
        interval_s=step_s,
        hard=False,
    )


def pushed_past(random: Random) -> Script:
    """Carts that are pushed along the pavement without a stop."""
    carts = passing(random, "stall", 180.0, 5, 290.0, size=(80.0, 60.0), speed=(15.0, 60.0))
    return Script((_rule(),), carts, 220.0)


def a_short_stop(random: Random) -> Script:
    """A sanitation tricycle, taken for a stall, that stops for half of the dwell and goes."""
    stop_s = whole(random, 0, 40)
    stall = _stall(_place(random), stop_s, stop_s + random.uniform(0.3, 0.7) * DWELL_S)
    return Script((_rule(),), (stall,), 260.0, pictures=bool(random.random() < 0.3))


def at_the_market(random: Random) -> Script:
    """Stalls within their permit."""
    allow = (Window.parse("mon-fri", "11:00", "14:00"),)
    stalls = [_stall(_place(random, x, x + 30.0), paint=int(x)) for x in (90.0, 300.0, 520.0)]
    return Script((_rule(allow=allow),), tuple(stalls), 240.0)


def off_the_zone(random: Random) -> Script:
    """A stall behind the zone, on private ground."""
    place = box_at(random.uniform(80.0, 560.0), random.uniform(150.0, 185.0), 80.0, 60.0)
    return Script((_rule(),), (_stall(place),), 200.0)


def a_kiosk_with_a_mask(random: Random) -> Script:
    """A kiosk that stands in a zone of kind furniture."""
    x = random.uniform(150.0, 480.0)
    mask = zone("kiosk", "furniture", x / 640 - 0.12, 0.5, x / 640 + 0.12, 0.95)
    stall = _stall(box_at(x, 300.0, 90.0, 80.0))
    return Script((_rule(context=(mask,)),), (stall,), 240.0)


def customers_only(random: Random) -> Script:
    """People who stand and wait, and bicycles, for long."""
    waiting = [
        Actor.standing(name, box_at(x, random.uniform(250.0, 340.0), 30.0, 70.0), paint=number)
        for number, (name, x) in enumerate(
            zip(["person", "two_wheeler"] * 2, (90.0, 220.0, 380.0, 530.0), strict=True)
        )
    ]
    return Script((_rule(),), tuple(waiting), 200.0)


VIOLATING = (
    stands_there,
    for_three_minutes,
    moves_every_two_minutes,
    from_the_pavement_to_the_road,
    hidden_by_customers,
    two_vendors,
    after_the_market,
    for_days,
)
INNOCENT = (
    pushed_past,
    a_short_stop,
    at_the_market,
    off_the_zone,
    a_kiosk_with_a_mask,
    customers_only,
)
