"""Cars that are parked where they must not, and cars that only look like it."""

from dataclasses import replace

from benchmarks.scenarios.script import (
    EVER,
    HEIGHT,
    INTERVAL_S,
    Actor,
    Expected,
    Random,
    Script,
    Spell,
    Stay,
    box_at,
    paints,
    rule_of,
    whole,
    zone,
)
from detectors import Box, Rule, Window, Zone

KIND = "illegal_parking"
KERB = zone("kerb", "no_parking", 0.0, 0.5, 1.0, 1.0)
LANE = zone("lane", "lane", 0.0, 0.5, 1.0, 1.0)


def _rule(dwell_s: float | None, *zones: Zone, **fields: object) -> Rule:
    return rule_of(KIND, *(zones or (KERB,)), dwell_s=dwell_s, **fields)


def _place(random: Random, left: float = 60.0, right: float = 580.0) -> Box:
    """Somewhere in the lower half of the picture, as large as a car is there."""
    y = random.uniform(235.0, 345.0)
    width = random.uniform(0.28, 0.36) * y
    return box_at(random.uniform(left, right), y, width, width * random.uniform(0.5, 0.7))


def _car(box: Box, start_s: float = 0.0, end_s: float = EVER, *, paint: int = 0) -> Actor:
    return Actor.standing("car", box, start_s, end_s, paint=paint)


def _traffic(random: Random, until_s: float, paint: int, y: float = 225.0) -> tuple[Actor, ...]:
    """Cars that pass on the far lane, above the zones."""
    starts = random.uniform(0.0, until_s, int(until_s / 20))
    size = (70.0, 40.0)
    return tuple(
        Actor(
            "car", (Stay(box_at(-30.0, y - 60.0, *size), start, start + 9.0, (80.0, 0.0)),), paint
        )
        for start in starts.tolist()
    )


def parked(random: Random) -> Script:
    """A car stands in a zone for longer than its dwell, while others pass."""
    kind, dwell_s = [("no_parking", 60.0), ("fire_lane", 45.0), ("accessible_way", 90.0)][
        int(random.integers(3))
    ]
    where = zone("here", kind, 0.0, 0.5, 1.0, 1.0)
    place, start_s = _place(random), whole(random, 0, 40)
    end_s = start_s + dwell_s * 1.5 + whole(random, 40, 80)
    one, other = paints(random, 2)
    return Script(
        rules=(_rule(dwell_s, where),),
        actors=(_car(place, start_s, end_s, paint=one), *_traffic(random, end_s, other)),
        until_s=end_s + 60.0,
        expected=(Expected(KIND, "here", ((start_s, end_s),), dwell_s, place),),
        pictures=bool(random.random() < 0.5),
    )


def parked_by_default(random: Random) -> Script:
    """A car stands for as long as a rule without numbers allows: 300 s, 120 s in a fire lane."""
    kind, dwell_s = [("no_parking", 300.0), ("fire_lane", 120.0)][int(random.integers(2))]
    where = zone("here", kind, 0.0, 0.5, 1.0, 1.0)
    place, start_s = _place(random), whole(random, 0, 40)
    end_s = start_s + dwell_s + 120.0
    return Script(
        rules=(_rule(None, where),),
        actors=(_car(place, start_s, end_s),),
        until_s=end_s + 60.0,
        expected=(Expected(KIND, "here", ((start_s, end_s),), dwell_s, place),),
    )


def two_side_by_side(random: Random) -> Script:
    """Two cars come one after the other and stay: two violations."""
    dwell_s, y = 60.0, random.uniform(250.0, 330.0)
    left = box_at(random.uniform(100.0, 250.0), y, 100.0, 60.0)
    right = box_at(random.uniform(390.0, 540.0), y + 5.0, 100.0, 60.0)
    first, second = whole(random, 0, 20), whole(random, 20, 60)
    one, other = paints(random, 2)
    return Script(
        rules=(_rule(dwell_s),),
        actors=(_car(left, first, paint=one), _car(right, second, paint=other)),
        until_s=second + 170.0,
        expected=(
            Expected(KIND, "kerb", ((first, EVER),), dwell_s, left),
            Expected(KIND, "kerb", ((second, EVER),), dwell_s, right),
        ),
        pictures=bool(random.random() < 0.5),
    )


def behind_a_bus(random: Random) -> Script:
    """A bus stands in front of a parked car for a while, twice: hidden, not gone."""
    dwell_s, start_s = 80.0, whole(random, 0, 20)
    place = box_at(random.uniform(200.0, 440.0), 270.0, 90.0, 55.0)
    bus = box_at((place[0] + place[2]) / 2, 330.0, 280.0, 160.0)
    halts = [start_s + whole(random, 10, 30), start_s + whole(random, 60, 90)]
    one, other = paints(random, 2)
    stays = tuple(Stay(bus, halt, halt + whole(random, 6, 14)) for halt in halts)
    return Script(
        rules=(_rule(dwell_s, classes=frozenset({"car", "truck"})),),
        actors=(_car(place, start_s, paint=one), Actor("bus", stays, other)),
        until_s=start_s + 240.0,
        expected=(Expected(KIND, "kerb", ((start_s, EVER),), dwell_s, place, slack_s=60.0),),
        pictures=bool(random.random() < 0.5),
    )


def taken_over_behind_a_bus(random: Random) -> Script:
    """One car leaves behind a bus and another takes its place: only the second stays too long."""
    dwell_s = 60.0
    place = box_at(random.uniform(200.0, 440.0), 270.0, 90.0, 55.0)
    bus = box_at((place[0] + place[2]) / 2, 330.0, 280.0, 160.0)
    halt_s = whole(random, 24, 40)
    change_s, end_s = halt_s + 6.0, halt_s + 12.0
    one, other, third = paints(random, 3)
    return Script(
        rules=(_rule(dwell_s, classes=frozenset({"car", "truck"})),),
        actors=(
            _car(place, 0.0, change_s, paint=one),
            _car(place, change_s, paint=other),
            Actor("bus", (Stay(bus, halt_s, end_s),), third),
        ),
        until_s=end_s + 160.0,
        expected=(Expected(KIND, "kerb", ((end_s, EVER),), dwell_s, place, slack_s=20.0),),
        pictures=True,
        hard=False,
    )


def left_in_a_lane(random: Random) -> Script:
    """A queue drives on when the light turns; one car of it stays: timed from then on."""
    dwell_s, end_s = 60.0, whole(random, 30, 70)
    y = random.uniform(250.0, 330.0)
    places = [box_at(x, y, 95.0, 58.0) for x in (130.0, 260.0, 390.0, 520.0)]
    stays = int(random.integers(4))
    colours = paints(random, 4)
    cars = tuple(
        _car(place, 0.0, EVER if number == stays else end_s, paint=colours[number])
        for number, place in enumerate(places)
    )
    return Script(
        rules=(_rule(dwell_s, context=(LANE,)),),
        actors=cars,
        until_s=end_s + 180.0,
        expected=(Expected(KIND, "kerb", ((end_s, EVER),), dwell_s, places[stays], slack_s=20.0),),
        hard=False,
    )


def past_its_permit(random: Random) -> Script:
    """Parked while it is allowed, and still there a minute too long after that."""
    dwell_s, edge_s = 60.0, 120.0
    place = _place(random)
    return Script(
        rules=(_rule(dwell_s, allow=(Window.parse("mon-sun", "10:00", "12:02"),)),),
        actors=(_car(place, whole(random, 0, 40)),),
        until_s=320.0,
        expected=(Expected(KIND, "kerb", ((edge_s, EVER),), dwell_s, place),),
        pictures=bool(random.random() < 0.3),
    )


STRIP_PX = 32.0
RAIL = 0.25


def _behind_rail(strip_top: float) -> Rule:
    """Forbid a strip along the kerb whose rail hides a quarter of who stands there."""
    low, high = strip_top / HEIGHT, (strip_top + STRIP_PX) / HEIGHT
    strip = replace(zone("strip", "no_parking", 0.0, low, 1.0, high), rail=RAIL)
    return _rule(60.0, strip)


def _cut(
    random: Random, box: Box, start_s: float, end_s: float, paint: int, guessed: float
) -> Actor:
    """Hide the wheels of a car: its boxes end above them; in this share a model guesses them."""
    x0, y0, x1, y1 = box
    low = (x0, y0, x1, y1 - random.uniform(0.15, 0.22) * (y1 - y0))
    turns = [start_s + INTERVAL_S * number for number in range(int((end_s - start_s) / INTERVAL_S))]
    stays = tuple(
        Stay(box if random.random() < guessed else low, turn, turn + INTERVAL_S) for turn in turns
    )
    return Actor("car", stays, paint)


def behind_a_rail(random: Random) -> Script:
    """A rail hides the wheels of a car on a narrow strip: most of its boxes end above the strip."""
    place, start_s = _place(random), whole(random, 0, 40)
    end_s = start_s + 90.0 + whole(random, 40, 80)
    one, other = paints(random, 2)
    height = place[3] - place[1]
    top = place[3] - random.uniform(0.08, 0.15) * height  # what is seen ends at its upper edge
    guessed = 0.25 * float(random.integers(2))
    car = _cut(random, place, start_s, end_s, one, guessed)
    return Script(
        rules=(_behind_rail(top),),
        actors=(car, *_traffic(random, end_s, other)),
        until_s=end_s + 60.0,
        expected=(Expected(KIND, "strip", ((start_s, end_s),), 60.0, place),),
        # a picture does not change with what a model makes of it
        pictures=not guessed and bool(random.random() < 0.5),
    )


def beyond_a_rail(random: Random) -> Script:
    """Cars that stand beyond the strip, by more than the rail hides of them, and before it."""
    place = _place(random)
    height = place[3] - place[1]
    if random.random() < 0.5:
        top = place[3] + random.uniform(0.35, 0.6) * height + 6.0
    else:
        top = place[3] - STRIP_PX - random.uniform(0.3, 0.6) * height - 6.0
    (colour,) = paints(random, 1)
    car = _car(place, whole(random, 0, 30), paint=colour)
    return Script((_behind_rail(top),), (car,), 220.0)


def back_again(random: Random) -> Script:
    """Drives off after its violation and comes back within half an hour: the old case."""
    dwell_s, place = 45.0, _place(random)
    away_s = dwell_s + whole(random, 70, 90)
    back_s = away_s + whole(random, 60, 120)
    (colour,) = paints(random, 1)
    stays = (Stay(place, 0.0, away_s), Stay(place, back_s))
    return Script(
        rules=(_rule(dwell_s),),
        actors=(Actor("car", stays, colour),),
        until_s=back_s + 120.0,
        expected=(Expected(KIND, "kerb", ((0.0, away_s),), dwell_s, place),),
        pictures=bool(random.random() < 0.5),
    )


def stream_gone_for_minutes(random: Random) -> Script:
    """The stream is away for longer than the grace: the dwell starts again, and is completed."""
    dwell_s, place = 60.0, _place(random)
    gone_s = whole(random, 20, 45)
    back_s = gone_s + 2.0 * whole(random, 50, 90)
    return Script(
        rules=(_rule(dwell_s),),
        actors=(_car(place),),
        until_s=back_s + 140.0,
        expected=(Expected(KIND, "kerb", ((back_s, EVER),), dwell_s, place),),
        spells=(Spell(gone_s, back_s, lost=True),),
        hard=False,
    )


def drop_off(random: Random) -> Script:
    """Cars that stop one after the other, elsewhere, each for less than the dwell."""
    dwell_s, at_s = 60.0, 0.0
    actors = []
    for colour, x in zip(paints(random, 3), (120.0, 320.0, 520.0), strict=True):
        at_s += whole(random, 4, 30)
        stays_s = random.uniform(0.3, 0.75) * dwell_s
        actors.append(_car(_place(random, x - 40.0, x + 40.0), at_s, at_s + stays_s, paint=colour))
    return Script((_rule(dwell_s),), tuple(actors), 240.0, pictures=bool(random.random() < 0.5))


def traffic(random: Random) -> Script:
    """Cars that pass through the zone, in each other's places."""
    speed = random.uniform(25.0, 160.0)
    cars = tuple(
        Actor(
            "car",
            (Stay(box_at(-50.0, y, 95.0, 58.0), start, start + 700.0 / speed, (speed, 0.0)),),
            colour,
        )
        for y in (260.0, 320.0)
        for start, colour in zip(
            random.uniform(0.0, 200.0, 25).tolist(), paints(random, 25), strict=True
        )
    )
    return Script((_rule(40.0),), cars, 220.0, pictures=bool(random.random() < 0.3))


def creeping_queue(random: Random) -> Script:
    """A queue that rolls on by a little all the time, without a lane to excuse it."""
    speed = random.uniform(2.5, 12.0)
    y = random.uniform(250.0, 330.0)
    cars = tuple(
        Actor("car", (Stay(box_at(x, y, 95.0, 58.0), speed_px_s=(speed, 0.0)),), colour)
        for x, colour in zip(range(-1400, 600, 140), paints(random, 15), strict=True)
    )
    return Script((_rule(60.0),), cars, 200.0, hard=False)


def queue_at_a_light(random: Random) -> Script:
    """Cars that wait at a light for longer than the dwell, in a lane."""
    y = random.uniform(250.0, 330.0)
    red_s = whole(random, 60, 110)
    green_s = whole(random, 15, 30)
    actors = []
    for turn in range(3):
        start_s = turn * (red_s + green_s)
        for x, colour in zip((130.0, 260.0, 390.0, 520.0), paints(random, 4), strict=True):
            coming_s = start_s + random.uniform(0.0, 6.0)
            place = box_at(x + random.uniform(-10.0, 10.0), y, 95.0, 58.0)
            actors.append(_car(place, coming_s, start_s + red_s, paint=colour))
    until_s = 3 * (red_s + green_s)
    return Script((_rule(50.0, context=(LANE,)),), tuple(actors), until_s, hard=False)


def buses_at_their_stop(random: Random) -> Script:
    """One bus after the other stands at a stop, each for less than the dwell."""
    place = box_at(random.uniform(200.0, 440.0), 330.0, 260.0, 150.0)
    at_s, actors = 0.0, []
    for colour in paints(random, 4):
        at_s += whole(random, 40, 70)
        end_s = at_s + whole(random, 15, 40)
        actors.append(Actor.standing("bus", place, at_s, end_s, paint=colour))
        at_s = end_s
    return Script((_rule(60.0),), tuple(actors), at_s + 30.0, pictures=True)


def in_a_loading_bay(random: Random) -> Script:
    """A truck in a bay within the zone, and one beside it that hangs over a little."""
    y = random.uniform(270.0, 330.0)
    bay = zone("bay", "loading_bay", 0.3, 0.5, 0.7, 1.0)
    inside = box_at(random.uniform(250.0, 330.0), y, 100.0, 70.0)
    over = box_at(448.0 - 0.5 * 100.0 + random.uniform(8.0, 30.0), y + 2.0, 100.0, 70.0)
    where, colours = (inside, over)[int(random.integers(2))], paints(random, 1)
    truck = Actor.standing("truck", where, whole(random, 0, 30), paint=colours[0])
    return Script((_rule(50.0, KERB, context=(bay,)),), (truck,), 200.0)


def beside_the_zone(random: Random) -> Script:
    """Legally parked beside the zone; the box reaches over its edge."""
    edge = zone("edge", "no_parking", 0.0, 0.5, 0.5, 1.0)
    width = random.uniform(90.0, 120.0)
    x = 320.0 + width * random.uniform(0.12, 0.6)
    place = box_at(x, random.uniform(250.0, 340.0), width, 60.0)
    return Script((_rule(50.0, edge),), (_car(place),), 200.0)


def while_it_is_allowed(random: Random) -> Script:
    """Parked for long, all of it within the hours in which it is allowed."""
    allow = (Window.parse("mon", "11:00", "13:00"),)
    return Script((_rule(60.0, allow=allow),), (_car(_place(random), 10.0),), 300.0)


def outside_its_hours(random: Random) -> Script:
    """Parked when the rule is not computed."""
    hours = (Window.parse("mon-fri", "22:00", "06:00"),)
    return Script((_rule(60.0, hours=hours),), (_car(_place(random), 10.0),), 300.0)


def no_vehicles(random: Random) -> Script:
    """People and bicycles that wait at the kerb for long."""
    actors = tuple(
        Actor.standing(
            name, box_at(x, random.uniform(240.0, 340.0), 30.0, 70.0), whole(random, 0, 9)
        )
        for name, x in (("person", 100.0), ("two_wheeler", 250.0), ("person", 420.0))
    )
    return Script((_rule(60.0),), actors, 200.0)


def one_after_the_other(random: Random) -> Script:
    """Two cars in one place, one after the other, each for less than the dwell."""
    place, change_s = _place(random), whole(random, 35, 48)
    one, other = paints(random, 2)
    pause_s = whole(random, 2, 20)
    first = _car(place, 0.0, change_s, paint=one)
    second = _car(place, change_s + pause_s, change_s + pause_s + 44.0, paint=other)
    return Script((_rule(60.0),), (first, second), 180.0, pictures=True, hard=False)


VIOLATING = (
    parked,
    parked_by_default,
    two_side_by_side,
    behind_a_bus,
    taken_over_behind_a_bus,
    left_in_a_lane,
    past_its_permit,
    behind_a_rail,
    back_again,
    stream_gone_for_minutes,
)
INNOCENT = (
    drop_off,
    traffic,
    creeping_queue,
    queue_at_a_light,
    buses_at_their_stop,
    in_a_loading_bay,
    beside_the_zone,
    while_it_is_allowed,
    outside_its_hours,
    no_vehicles,
    one_after_the_other,
    beyond_a_rail,
)
