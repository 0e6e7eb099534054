"""Debris on the water, and light, birds and boats on it."""

from benchmarks.scenarios.script import (
    EVER,
    Actor,
    Expected,
    Random,
    Script,
    Stay,
    row_of,
    rule_of,
    shift,
    whole,
    zone,
)
from detectors import Rule

KIND = "floating_debris"
RIVER = zone("river", "water", 0.0, 0.4, 1.0, 1.0)
DWELL_S = 60.0
SIZE = (24.0, 16.0)


def _rule(dwell_s: float | None = DWELL_S, **fields: object) -> Rule:
    return rule_of(KIND, RIVER, dwell_s=dwell_s, **fields)


def _pieces(
    random: Random, count: int, start_s: float = 0.0, end_s: float = EVER
) -> tuple[Actor, ...]:
    corner = (random.uniform(40.0, 90.0), random.uniform(170.0, 190.0))
    return row_of(
        "floating_debris",
        count,
        corner,
        SIZE,
        (80.0, 42.0),
        start_s=start_s,
        end_s=end_s,
        columns=6,
    )


def _drifting(random: Random, speed: float, until_s: float, lanes: int) -> tuple[Actor, ...]:
    """Pieces that drift through from the left, all alike, new ones all the time."""
    gap_s = 110.0 / speed
    actors = []
    for lane in range(lanes):
        y = 165.0 + 28.0 * lane
        at_s = -720.0 / speed
        while at_s < until_s:
            box = (-24.0, y + random.uniform(-3, 3), 0.0, y + 16.0)
            stay = Stay(box, at_s, at_s + 700.0 / speed, (speed, 0.0))
            actors.append(Actor("floating_debris", (stay,), lane))
            at_s += gap_s * random.uniform(0.8, 1.2)
    return tuple(actors)


def lying_still(random: Random) -> Script:
    """Seven to sixteen pieces on still water."""
    start_s = whole(random, 0, 40)
    return Script(
        rules=(_rule(),),
        actors=_pieces(random, int(random.integers(7, 17)), start_s),
        until_s=start_s + 160.0,
        expected=(Expected(KIND, "river", ((start_s, EVER),), DWELL_S),),
    )


def drifting_by(random: Random) -> Script:
    """Pieces drift through all the time; none stays in view."""
    speed = random.uniform(2.0, 8.0)
    return Script(
        rules=(_rule(),),
        actors=_drifting(random, speed, 220.0, 6),
        until_s=200.0,
        expected=(Expected(KIND, "river", ((0.0, EVER),), DWELL_S, slack_s=20.0),),
        hard=False,
    )


def mats_of_weed(random: Random) -> Script:
    """Two or three mats cover more than a twentieth of the water."""
    start_s = whole(random, 0, 30)
    boxes = [
        (100.0, 200.0, 210.0, 262.0),
        (300.0, 220.0, 420.0, 290.0),
        (450.0, 180.0, 560.0, 240.0),
    ]
    mats = tuple(
        Actor("floating_debris", (Stay(box, start_s),), number)
        for number, box in enumerate(boxes[: int(random.integers(2, 4))])
    )
    return Script(
        rules=(_rule(),),
        actors=mats,
        until_s=start_s + 180.0,
        expected=(Expected(KIND, "river", ((start_s, EVER),), DWELL_S, slack_s=20.0),),
    )


def for_ten_minutes(random: Random) -> Script:
    """A rule without numbers: 600 s, looked at every 4 s."""
    start_s = whole(random, 0, 40)
    return Script(
        rules=(_rule(None),),
        actors=_pieces(random, 10, start_s),
        until_s=start_s + 860.0,
        expected=(Expected(KIND, "river", ((start_s, EVER),), 600.0),),
        interval_s=4.0,
    )


def cleaned_and_dirty_again(random: Random) -> Script:
    """Taken out after an hour, back two hours later, on the same day: one case."""
    stays = ((0.0, 3600.0), (10_800.0, 16_200.0))
    actors = tuple(
        Actor("floating_debris", tuple(Stay(one.stays[0].box, *stay) for stay in stays), one.paint)
        for one in _pieces(random, 10)
    )
    return Script(
        rules=(_rule(600.0),),
        actors=actors,
        until_s=18_000.0,
        expected=(Expected(KIND, "river", (stays[0],), 600.0),),
        interval_s=20.0,
        hard=False,
    )


def glints(random: Random) -> Script:
    """The sun on waves: boxes all over the water, elsewhere in every look."""
    actors = tuple(
        Actor(
            "floating_debris",
            tuple(
                Stay(shift((0.0, 0.0, *SIZE), x, y), 2.0 * turn, 2.0 * turn + 2.0)
                for turn, (x, y) in enumerate(
                    random.uniform((20.0, 160.0), (600.0, 335.0), (110, 2)).tolist()
                )
            ),
            number,
        )
        for number in range(7)
    )
    return Script((_rule(),), actors, 200.0)


def ducks(random: Random) -> Script:
    """Six ducks, each on its own way."""
    actors = []
    for number in range(6):
        x, y, at_s, stays = random.uniform(100, 500), random.uniform(190, 310), 0.0, []
        while at_s < 240.0:
            lasts_s = whole(random, 4, 10)
            way = random.uniform(-14.0, 14.0, 2)
            end = _within(x + way[0] * lasts_s, 30, 600), _within(y + way[1] * lasts_s, 165, 340)
            speed = ((end[0] - x) / lasts_s, (end[1] - y) / lasts_s)
            stays.append(Stay((x - 12, y - 14, x + 12, y), at_s, at_s + lasts_s, speed))
            (x, y), at_s = end, at_s + lasts_s
        actors.append(Actor("floating_debris", tuple(stays), number))
    return Script((_rule(),), tuple(actors), 220.0)


def _within(value: float, low: float, high: float) -> float:

    return float(min(max(value, low), high))


def a_boat(random: Random) -> Script:
    """One large box, moored."""
    x = random.uniform(100.0, 350.0)
    boat = Actor.standing("floating_debris", (x, 190.0, x + 200.0, 290.0))
    return Script((_rule(),), (boat,), 220.0, stray=("car",))


def few_pieces(random: Random) -> Script:
    """Three small ones."""
    return Script((_rule(),), _pieces(random, 3), 300.0, stray=("car",))


def foam(random: Random) -> Script:
    """Many pieces that dissolve after half a minute."""
    start_s = whole(random, 0, 40)
    pieces = _pieces(random, 12, start_s, start_s + DWELL_S * random.uniform(0.3, 0.65))
    return Script((_rule(),), pieces, 220.0)


def on_the_bank(random: Random) -> Script:
    """Litter beside the water, and one piece on it."""
    litter = row_of("floating_debris", 8, (60.0, 90.0), SIZE, (70.0, 0.0))
    return Script((_rule(),), (*litter, *_pieces(random, 1)), 220.0, stray=("car",))


VIOLATING = (lying_still, drifting_by, mats_of_weed, for_ten_minutes, cleaned_and_dirty_again)
INNOCENT = (glints, ducks, a_boat, few_pieces, foam, on_the_bank)
