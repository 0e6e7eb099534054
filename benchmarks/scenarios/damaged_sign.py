"""Signs that break or fall, and signs that only look different for a while."""

from datetime import timedelta

from benchmarks.scenarios.script import (
    EVER,
    NOON,
    Actor,
    Expected,
    Random,
    Script,
    Spell,
    Stay,
    box_at,
    paints,
    rule_of,
    zone,
)
from detectors import Rule

KIND = "damaged_sign"
HOUR_S = 3600.0
STEP_S = 150.0
DWELL_S = 2 * HOUR_S
LATE_S = 1800.0
"""Readings are taken every 450 s, and three of four have to say the same."""
PLACES = {name: box_at(x, 170.0, 120.0, 44.0) for name, x in (("a", 110), ("b", 320), ("c", 530))}
SIGNS = tuple(
    zone(name, "sign", box[0] / 640, box[1] / 360, box[2] / 640, box[3] / 360)
    for name, box in PLACES.items()
)
MORNING = NOON - timedelta(hours=4)
OWN_NIGHT = frozenset({"night"})
"""No night is added: the story has its own, or tells what shows by day only."""


def _rule(**fields: object) -> Rule:
    return rule_of(KIND, *SIGNS, **fields)


def _script(
    random: Random,
    b: tuple[Stay, ...],
    until_s: float,
    *expected: Expected,
    others: tuple[Actor, ...] = (),
    spells: tuple[Spell, ...] = (),
    unless: frozenset[str] = frozenset(),
) -> Script:
    """Three signs beside each other, of which b is what the story is about."""
    first, second, third = paints(random, 3)
    return Script(
        rules=(_rule(),),
        actors=(
            Actor("sign", (Stay(PLACES["a"]),), first),
            Actor("sign", b, second),
            Actor("sign", (Stay(PLACES["c"]),), third),
            *others,
        ),
        until_s=until_s,
        expected=expected,
        spells=spells,
        interval_s=STEP_S,
        start=MORNING,
        pictures=True,
        stray=("person",),
        unless=unless,
    )


def _whole(end_s: float = EVER) -> Stay:
    return Stay(PLACES["b"], 0.0, end_s)


def _found(broken_s: float, blind_s: float = 0.0) -> Expected:
    due_s = broken_s + 0.7 * DWELL_S
    return Expected(
        KIND, "b", (), DWELL_S, PLACES["b"], (due_s, broken_s + DWELL_S + LATE_S + blind_s)
    )


def _hours(random: Random, low: float, high: float) -> float:
    return STEP_S * round(random.uniform(low, high) * HOUR_S / STEP_S)


def breaks(random: Random) -> Script:
    """Whole for some hours, then broken."""
    broken_s = _hours(random, 1.0, 3.0)
    stays = (_whole(broken_s), Stay(PLACES["b"], broken_s, paint=91, label="sign_damaged"))
    return _script(random, stays, broken_s + 4 * HOUR_S, _found(broken_s))


def falls_down(random: Random) -> Script:
    """Whole for some hours, then gone; its neighbours hang."""
    gone_s = _hours(random, 1.0, 3.0)
    return _script(random, (_whole(gone_s),), gone_s + 4 * HOUR_S, _found(gone_s), unless=OWN_NIGHT)


def broken_from_the_first_look(random: Random) -> Script:
    """Nobody has seen it whole."""
    stays = (Stay(PLACES["b"], paint=91, label="sign_damaged"),)
    return _script(random, stays, 4 * HOUR_S, _found(0.0))


def breaks_before_the_night(random: Random) -> Script:
    """Broken in the evening; the lamps are off, and it is found in the morning."""
    broken_s, dusk_s, dawn_s = 9 * HOUR_S, 10 * HOUR_S, 21 * HOUR_S
    stays = (_whole(broken_s), Stay(PLACES["b"], broken_s, paint=91, label="sign_damaged"))
    night = Spell(dusk_s, dawn_s, light=0.4, miss=0.3)
    found = _found(broken_s, 12 * HOUR_S)
    return _script(random, stays, 26 * HOUR_S, found, spells=(night,), unless=OWN_NIGHT)


def whole(random: Random) -> Script:
    """A day, a night and a morning of a whole sign."""
    night = Spell(10 * HOUR_S, 21 * HOUR_S, light=0.4, miss=0.2)
    return _script(random, (_whole(),), 25 * HOUR_S, spells=(night,), unless=OWN_NIGHT)


def foliage(random: Random) -> Script:
    """Branches that the wind moves cover half of it; a model sees damage in some looks."""
    x0, y0, x1, y1 = PLACES["b"]
    stays, leaves = [], []
    for turn in range(120):
        at_s = STEP_S * turn
        label = "sign_damaged" if random.random() < 0.5 else None
        stays.append(Stay(PLACES["b"], at_s, at_s + STEP_S, label=label))
        left = x0 + random.uniform(0.0, 50.0)
        box = (left, y0 - 10.0, min(x1, left + random.uniform(40.0, 70.0)), y1 + 4.0)
        leaves.append(Stay(box, at_s, at_s + STEP_S, paint=int(random.integers(90))))
    tree = Actor("", tuple(leaves), seen=False)
    return _script(random, tuple(stays), 5 * HOUR_S, others=(tree,))


def glare(random: Random) -> Script:
    """The sun blinds at one hour of the day, two days running."""
    stays, at_s = [], 0.0
    for day in range(2):
        start_s = day * 24 * HOUR_S + 4 * HOUR_S
        end_s = start_s + _hours(random, 0.6, 1.2)
        stays += [
            Stay(PLACES["b"], at_s, start_s),
            Stay(PLACES["b"], start_s, end_s, paint=92, label="sign_damaged"),
        ]
        at_s = end_s
    stays.append(Stay(PLACES["b"], at_s))
    return _script(random, tuple(stays), 32 * HOUR_S)


def done_up(random: Random) -> Script:
    """The whole front is wrapped for works: all signs are gone at once."""
    wrap_s = _hours(random, 1.0, 3.0)
    signs = tuple(
        Actor("sign", (Stay(box, 0.0, wrap_s),), number)
        for number, box in enumerate(PLACES.values())
    )
    wrap = Actor("", (Stay((0.0, 100.0, 640.0, 200.0), wrap_s),), 60, seen=False)
    return Script(
        rules=(_rule(),),
        actors=(*signs, wrap),
        until_s=wrap_s + 5 * HOUR_S,
        interval_s=STEP_S,
        start=MORNING,
        pictures=True,
        stray=("person",),
    )


def a_lorry_before_it(random: Random) -> Script:
    """A lorry is parked in front of it for hours."""
    start_s = _hours(random, 1.0, 2.0)
    lorry = Actor.standing("truck", box_at(320.0, 330.0, 260.0, 230.0), start_s, paint=40)
    return _script(random, (_whole(),), start_s + 4 * HOUR_S, others=(lorry,))


def odd_by_design(random: Random) -> Script:
    """A whole sign that a model takes for a broken one in most looks, as it always did."""
    stays = tuple(
        Stay(
            PLACES["b"],
            STEP_S * turn,
            STEP_S * turn + STEP_S,
            label="sign_damaged" if turn > 24 and random.random() < 0.7 else None,
        )
        for turn in range(124)
    )
    return _script(random, stays, 5 * HOUR_S)


def a_new_sign(random: Random) -> Script:
    """The shop has a new board."""
    new_s = _hours(random, 1.0, 3.0)
    return _script(random, (_whole(new_s), Stay(PLACES["b"], new_s, paint=95)), 8 * HOUR_S)


def unlit(random: Random) -> Script:
    """Its lamps are off by night: nobody sees it, its neighbours are lit."""
    dusk_s, dawn_s = 9 * HOUR_S, 20 * HOUR_S
    stays = (_whole(dusk_s), Stay(PLACES["b"], dawn_s))
    night = Spell(dusk_s, dawn_s, light=0.4)
    return _script(random, stays, 24 * HOUR_S, spells=(night,), unless=OWN_NIGHT)


VIOLATING = (breaks, falls_down, broken_from_the_first_look, breaks_before_the_night)
INNOCENT = (whole, foliage, glare, done_up, a_lorry_before_it, odd_by_design, a_new_sign, unlit)
