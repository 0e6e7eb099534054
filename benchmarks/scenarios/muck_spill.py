"""Muck that a lorry lost, and what only looks like it."""

from dataclasses import replace

from benchmarks.scenarios.painting import WET
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
    shift,
    whole,
    zone,
)
from detectors import Box, Rule

KIND = "muck_spill"
ROAD = zone("road", "carriageway", 0.0, 0.5, 1.0, 1.0)
DWELL_S = 60.0
BARE_S = 60.0
"""Seconds of bare road before anything comes."""


def _rule(**fields: object) -> Rule:
    return rule_of(KIND, ROAD, dwell_s=DWELL_S, **fields)


def _muck(place: Box, *stays: tuple[float, float]) -> Actor:
    return Actor("muck", tuple(Stay(place, *stay) for stay in stays), 3, layer=-1)


def _place(random: Random) -> Box:
    width = random.uniform(50.0, 90.0)
    return box_at(random.uniform(90.0, 550.0), random.uniform(235.0, 275.0), width, width * 0.45)


def _traffic(random: Random, until_s: float) -> tuple[Actor, ...]:
    """Cars that pass nearer to the camera than the muck."""
    return passing(random, "car", until_s, int(until_s / 14), 350.0, size=(95.0, 50.0))


def lost_by_a_lorry(random: Random) -> Script:
    """A lorry passes, muck lies there from then on, traffic goes by."""
    start_s = BARE_S + whole(random, 0, 40)
    lorry = Stay(box_at(-60.0, 345.0, 140.0, 90.0), start_s - 6.0, start_s + 2.0, (95.0, 0.0))
    place, until_s = _place(random), start_s + 220.0
    return Script(
        rules=(_rule(),),
        actors=(
            _muck(place, (start_s, EVER)),
            Actor("muck_truck", (lorry,), 7),
            *_traffic(random, until_s),
        ),
        until_s=until_s,
        expected=(Expected(KIND, "road", ((start_s, EVER),), DWELL_S, place, slack_s=40.0),),
        stray=("car",),
    )


def on_a_quiet_road(random: Random) -> Script:
    """Nobody passes: it has to lie there for two dwells."""
    start_s, place = BARE_S + whole(random, 0, 40), _place(random)
    return Script(
        rules=(_rule(),),
        actors=(_muck(place, (start_s, EVER)),),
        until_s=start_s + 240.0,
        expected=(Expected(KIND, "road", ((start_s, EVER),), 2 * DWELL_S, place, slack_s=20.0),),
        stray=("muck",),
    )


def a_trail(random: Random) -> Script:
    """Three heaps in a line."""
    start_s = BARE_S + whole(random, 0, 20)
    places = [box_at(x, random.uniform(238.0, 244.0), 60.0, 28.0) for x in (140.0, 320.0, 500.0)]
    until_s = start_s + 200.0
    heaps = [_muck(place, (start_s + 2.0 * turn, EVER)) for turn, place in enumerate(places)]
    expected = tuple(
        Expected(KIND, "road", ((start_s + 2.0 * turn, EVER),), DWELL_S, place, slack_s=40.0)
        for turn, place in enumerate(places)
    )
    return Script(
        rules=(_rule(),),
        actors=(*heaps, *_traffic(random, until_s)),
        until_s=until_s,
        expected=expected,
        stray=("car",),
    )


def swept_and_lost_again(random: Random) -> Script:
    """Confirmed, swept, and two minutes later a new load at the other end of the road."""
    start_s = BARE_S
    first, second = box_at(150.0, 250.0, 70.0, 32.0), box_at(500.0, 250.0, 70.0, 32.0)
    swept_s = start_s + DWELL_S + whole(random, 60, 90)
    again_s = swept_s + whole(random, 30, 60)
    until_s = again_s + 200.0
    return Script(
        rules=(_rule(),),
        actors=(
            _muck(first, (start_s, swept_s)),
            _muck(second, (again_s, EVER)),
            *_traffic(random, until_s),
        ),
        until_s=until_s,
        expected=(
            Expected(KIND, "road", ((start_s, swept_s),), DWELL_S, first, slack_s=40.0),
            Expected(KIND, "road", ((again_s, EVER),), DWELL_S, second, slack_s=40.0),
        ),
        stray=("car",),
    )


def tar(random: Random) -> Script:
    """A patch that was there at the first look."""
    return Script(
        rules=(_rule(),),
        actors=(_muck(_place(random), (0.0, EVER)), *_traffic(random, 240.0)),
        until_s=240.0,
        stray=("car",),
    )


def swept_in_time(random: Random) -> Script:
    """Gone after two thirds of the dwell."""
    start_s = BARE_S + whole(random, 0, 40)
    muck = _muck(_place(random), (start_s, start_s + random.uniform(0.3, 0.7) * DWELL_S))
    return Script((_rule(),), (muck, *_traffic(random, 220.0)), 220.0, stray=("car",))


def shadow_edges(random: Random) -> Script:
    """Light that comes and goes at one place."""
    place, at_s, stays = _place(random), BARE_S, []
    while at_s < 260.0:
        end_s = at_s + whole(random, 3, 8)
        stays.append((at_s, end_s))
        at_s = end_s + whole(random, 6, 14)
    return Script(
        (_rule(),), (_muck(place, *stays), *_traffic(random, 280.0)), 280.0, stray=("car",)
    )


def leaves(random: Random) -> Script:
    """Leaves that the wind moves on, a little at a time."""
    place, stays = _place(random), []
    for turn in range(20):
        at_s = BARE_S + 8.0 * turn
        moved = shift(place, float(random.uniform(-180, 180)), float(random.uniform(-20, 20)))
        stays.append(Stay(moved, at_s, at_s + 8.0))
    actor = Actor("muck", tuple(stays), 3, layer=-1)
    return Script((_rule(),), (actor, *_traffic(random, 240.0)), 240.0, stray=("car",))


def headlights(random: Random) -> Script:
    """At night a patch of light lies before a car that waits."""
    start_s = BARE_S + whole(random, 0, 20)
    x, end_s = random.uniform(150.0, 400.0), start_s + 110.0
    car = Actor.standing("car", box_at(x, 285.0, 100.0, 55.0), start_s, end_s)
    light = _muck(box_at(x + 90.0, 280.0, 60.0, 26.0), (start_s, end_s))
    return Script((_rule(),), (light, car, *_traffic(random, 240.0)), 240.0, stray=("car",))


def under_a_parked_lorry(random: Random) -> Script:
    """A lorry drives off a stain over which it stood from the first look on."""
    x, end_s = random.uniform(200.0, 440.0), whole(random, 40, 80)
    lorry = Actor.standing("truck", box_at(x, 300.0, 170.0, 120.0), 0.0, end_s)
    stain = _muck(box_at(x, 280.0, 60.0, 26.0), (0.0, EVER))
    return Script((_rule(),), (stain, lorry, *_traffic(random, 260.0)), 260.0, stray=("car",))


def a_load(random: Random) -> Script:
    """The load of a tipper that waits on the road."""
    x, start_s = random.uniform(200.0, 440.0), BARE_S
    lorry = Actor.standing("muck_truck_open", box_at(x, 320.0, 180.0, 110.0), start_s, 220.0)
    load = Actor.standing("muck", box_at(x, 270.0, 90.0, 36.0), start_s, 220.0, layer=1)
    return Script((_rule(),), (lorry, load), 240.0, stray=("car",))


def after_a_sprinkler(random: Random) -> Script:
    """A sprinkler truck has wetted the road, and a model takes one wet patch of it for muck."""
    start_s = BARE_S + whole(random, 0, 20)
    truck = Stay(box_at(-60.0, 345.0, 140.0, 90.0), start_s - 6.0, start_s + 2.0, (95.0, 0.0))
    band = Actor("wet", (Stay((0.0, 185.0, 640.0, 300.0), start_s),), WET, seen=False, layer=-1)
    patch = replace(_muck(_place(random), (start_s, EVER)), paint=WET)
    actors = (band, patch, Actor("truck", (truck,), 7), *_traffic(random, 240.0))
    return Script((_rule(),), actors, 240.0, stray=("car",), pictures=True, hard=False)


def drops_of_rain(random: Random) -> Script:
    """Patches all over the road at once."""
    spots = [(70, 215), (560, 220), (110, 335), (530, 325), (330, 205), (320, 340), (210, 265)]
    start_s = BARE_S + whole(random, 0, 20)
    patches = tuple(
        _muck(box_at(x + random.uniform(-20, 20), y, 44.0, 20.0), (start_s + 2.0 * turn, EVER))
        for turn, (x, y) in enumerate(spots)
    )
    cars = passing(random, "car", 260.0, 10, 290.0, size=(60.0, 35.0))
    return Script((_rule(),), (*patches, *cars), 260.0, stray=("car",), hard=False)


def a_puddle_that_dries(random: Random) -> Script:
    """It shrinks all the time."""
    start_s, place, stays = BARE_S, box_at(random.uniform(120.0, 520.0), 270.0, 100.0, 44.0), []
    for turn in range(38):
        half = 50.0 * (1.0 - turn / 40.0) ** 0.5
        middle = (place[0] + place[2]) / 2
        box = (middle - half, 270.0 - half * 0.88, middle + half, 270.0)
        stays.append(Stay(box, start_s + 2.0 * turn, start_s + 2.0 * turn + 2.0))
    actor = Actor("muck", tuple(stays), 3, layer=-1)
    return Script((_rule(),), (actor, *_traffic(random, 240.0)), 240.0, stray=("car",), hard=False)


VIOLATING = (lost_by_a_lorry, on_a_quiet_road, a_trail, swept_and_lost_again)
INNOCENT = (
    tar,
    swept_in_time,
    shadow_edges,
    leaves,
    headlights,
    under_a_parked_lorry,
    a_load,
    after_a_sprinkler,
    drops_of_rain,
    a_puddle_that_dries,
)
