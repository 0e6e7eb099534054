"""What may happen to any camera while a story goes on: it changes looks, not the truth."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.scenarios.script import Interval, Random, Script, Spell
from detectors import PictureState

SHORTEST_S, LONGEST_S = 4.0, 20.0
"""Of an outage ..."""
OUTAGE_SHARE = 0.4
"""... which lasts for this share of the dwell at most ..."""
FEWEST_LOOKS, MOST_LOOKS = 2, 5
"""... or, where looks are rare, for a few of them: well under the grace, so that no dwell starts
anew."""


def _outage(script: Script, random: Random) -> Interval:
    """Draw a stretch of the script, short against its dwell, on the rhythm of its looks.

    It touches nothing of what the script calls decisive: it is drawn until that is so.
    """
    while True:
        start_s, end_s = _stretch(script, random)
        if not any(start_s < until and end_s > since for since, until in script.decisive):
            return start_s, end_s


def _stretch(script: Script, random: Random) -> Interval:
    step_s = script.interval_s
    dwells = [rule.effective_dwell_s(zone) for rule in script.rules for zone in rule.accused_zones]
    most_s = min([LONGEST_S, *(OUTAGE_SHARE * dwell for dwell in dwells if dwell)])
    least_s, most_s = max(SHORTEST_S, FEWEST_LOOKS * step_s), max(most_s, MOST_LOOKS * step_s)
    length_s = step_s * round(random.uniform(least_s, most_s) / step_s)
    start_s = step_s * int(random.integers(1, max(2, round((script.until_s - length_s) / step_s))))
    return start_s, start_s + length_s


def plain(script: Script, random: Random) -> Script:
    """Nothing happens."""
    del random
    return script


def night(script: Script, random: Random) -> Script:
    """It is dark: more misses, lower scores."""
    del random
    return script.with_spells(Spell(0.0, script.until_s + 1.0, miss=0.08, score=0.85, light=0.4))


def rain(script: Script, random: Random) -> Script:
    """Drops on the lens and streaks in the air."""
    del random
    return script.with_spells(Spell(0.0, script.until_s + 1.0, miss=0.05, score=0.9, sparks=0.02))


def dropped_stream(script: Script, random: Random) -> Script:
    """The connection is lost and comes back as a new session."""
    return script.with_spells(Spell(*_outage(script, random), lost=True))


def covered(script: Script, random: Random) -> Script:
    """Something is held before the lens, or it loses its focus."""
    states = [PictureState.COVERED, PictureState.BLURRED, PictureState.CORRUPT, PictureState.DARK]
    state = states[int(random.integers(len(states)))]
    return script.with_spells(Spell(*_outage(script, random), state=state))


def shaken(script: Script, random: Random) -> Script:
    """Wind at the pole: the picture jumps by 3 px, and for some looks it is known to be off."""
    start_s = float(random.uniform(0.0, script.until_s / 2))
    off = Spell(*_outage(script, random), state=PictureState.MOVED)
    return script.with_spells(Spell(start_s, start_s + 30 * script.interval_s, shake_px=3.0), off)


def restart(script: Script, random: Random) -> Script:
    """The process is killed and comes back with its last snapshot."""
    return script.with_spells(Spell(*_outage(script, random), restart=True))


CONDITIONS: Mapping[str, Callable[[Script, Random], Script]] = MappingProxyType(
    {
        "plain": plain,
        "night": night,
        "rain": rain,
        "dropped_stream": dropped_stream,
        "covered": covered,
        "shaken": shaken,
        "restart": restart,
    }
)
PLAIN_SHARE = 0.4
"""Of the sequences; the others share what is left."""


def draw(script: Script, random: Random) -> tuple[str, Script]:
    """Let something happen to a script, or nothing; returns its name as well."""
    name = "plain"
    if script.hard and random.random() >= PLAIN_SHARE:
        others = [other for other in CONDITIONS if other not in {"plain", *script.unless}]
        name = others[int(random.integers(len(others)))]
    return name, CONDITIONS[name](script, random)
