"""Banners that hang where none may, and banners that do not hang."""

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

KIND = "illegal_banner"
RAIL = zone("rail", "banner_free", 0.0, 0.2, 1.0, 0.9)
DWELL_S = 240.0


def _rule(dwell_s: float | None = DWELL_S, **fields: object) -> Rule:
    return rule_of(KIND, RAIL, dwell_s=dwell_s, **fields)


def _place(random: Random) -> Box:
    width = random.uniform(110.0, 220.0)
    return box_at(random.uniform(140.0, 500.0), random.uniform(140.0, 230.0), width, 36.0)


def _banner(place: Box, start_s: float = 0.0, end_s: float = EVER, paint: int = 6) -> Actor:
    return Actor.standing("banner", place, start_s, end_s, paint=paint)


def hung_up(random: Random) -> Script:
    """A banner is hung up and stays; people walk by below."""
    start_s, place = whole(random, 0, 60), _place(random)
    people = passing(random, "person", 360.0, 10, 350.0, size=(26.0, 80.0), speed=(20.0, 40.0))
    return Script(
        rules=(_rule(),),
        actors=(_banner(place, start_s), *people),
        until_s=start_s + 340.0,
        expected=(Expected(KIND, "rail", ((start_s, EVER),), DWELL_S, place),),
        pictures=bool(random.random() < 0.2),
    )


def for_half_an_hour(random: Random) -> Script:
    """A rule without numbers: 1800 s, looked at every 5 s."""
    start_s, place = whole(random, 0, 60), _place(random)
    return Script(
        rules=(_rule(None),),
        actors=(_banner(place, start_s),),
        until_s=start_s + 2200.0,
        expected=(Expected(KIND, "rail", ((start_s, EVER),), 1800.0, place),),
        interval_s=5.0,
    )


def behind_buses(random: Random) -> Script:
    """Buses stop before it for a quarter of a minute, again and again."""
    place = box_at(random.uniform(200.0, 440.0), 200.0, 130.0, 36.0)
    bus = box_at((place[0] + place[2]) / 2, 320.0, 260.0, 170.0)
    stays, at_s = [], 20.0
    while at_s < 360.0:
        stays.append(Stay(bus, at_s, at_s + whole(random, 6, 14)))
        at_s += whole(random, 50, 90)
    return Script(
        rules=(_rule(),),
        actors=(_banner(place), Actor("bus", tuple(stays), 2)),
        until_s=460.0,
        expected=(Expected(KIND, "rail", ((0.0, EVER),), DWELL_S, place, slack_s=110.0),),
    )


def after_the_festival(random: Random) -> Script:
    """It was allowed until a moment ago."""
    place = _place(random)
    return Script(
        rules=(_rule(allow=(Window.parse("mon-sun", "08:00", "12:02"),)),),
        actors=(_banner(place),),
        until_s=440.0,
        expected=(Expected(KIND, "rail", ((120.0, EVER),), DWELL_S, place),),
    )


def on_a_lorry(random: Random) -> Script:
    """A lorry with a banner on its side is parked for long."""
    x = random.uniform(200.0, 440.0)
    lorry = Actor.standing("truck", box_at(x, 320.0, 220.0, 130.0))
    banner = Actor.standing("banner", box_at(x, 275.0, 150.0, 40.0), paint=6, layer=1)
    return Script((_rule(),), (lorry, banner), 360.0, stray=("car",))


def in_hands(random: Random) -> Script:
    """People hold a banner up, and stand there with it."""
    x = random.uniform(200.0, 440.0)
    people = [
        Actor.standing("person", box_at(x + by, 300.0, 60.0, 130.0)) for by in (-60.0, 0.0, 60.0)
    ]
    banner = Actor.standing("banner", box_at(x, 250.0, 70.0, 30.0), paint=6, layer=1)
    return Script((_rule(),), (banner, *people), 340.0, stray=("car",))


def carried_past(random: Random) -> Script:
    """A procession with banners."""
    banners = passing(random, "banner", 240.0, 8, 220.0, size=(120.0, 36.0), speed=(15.0, 40.0))
    return Script((_rule(),), banners, 300.0)


def taken_down(random: Random) -> Script:
    """Gone after two thirds of the dwell."""
    start_s = whole(random, 0, 40)
    banner = _banner(_place(random), start_s, start_s + DWELL_S * random.uniform(0.3, 0.75))
    return Script((_rule(),), (banner,), 340.0, pictures=bool(random.random() < 0.2))


def over_a_shop(random: Random) -> Script:
    """A banner outside the zone, and a shop's board inside, which is a sign."""
    outside = _banner(box_at(random.uniform(150.0, 480.0), 55.0, 150.0, 36.0))
    board = Actor.standing("sign", _place(random), paint=8)
    return Script((_rule(),), (outside, board), 340.0)


def during_the_festival(random: Random) -> Script:
    """It hangs within its permit."""
    allow = (Window.parse("mon-sun", "08:00", "22:00"),)
    return Script((_rule(allow=allow),), (_banner(_place(random)),), 340.0)


VIOLATING = (hung_up, for_half_an_hour, behind_buses, after_the_festival)
INNOCENT = (on_a_lorry, in_hands, carried_past, taken_down, over_a_shop, during_the_festival)
