"""What tests do to the looks of a scripted story: drop, split, shift and mirror them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import numpy as np

from benchmarks.scenarios import (
    SCENARIOS,
    Noise,
    Scenario,
    Script,
    blind_spans,
    draw,
    looks,
    play,
    score,
    told,
)
from benchmarks.scenarios.scoring import Tally
from benchmarks.scenarios.script import SHANGHAI
from detectors import Change, Look, Rule, Window, Zone
from models import Detections

WIDTH = 640.0
GENTLE = Noise(miss=0.1, jitter_px=1.5, flip=0.0, double=0.0, stray=0.0, score_sd=0.05, gap=0.0)
"""What is left when only the looks are at stake."""
LONGEST_MISSING = 7
"""Looks that may be missing in a row: they make a gap of 8 intervals, which is the least grace."""
HALF_LATE, RANDOM_LATE = 8, 24
"""Intervals by which every second look, or a random half of them, may move a confirmation."""
READING_S = 450.0
"""Signs are read that often: what holds of looks elsewhere holds of their readings."""
SESSIONS_LATE = 8
"""The same for reconnections: a new session bridges a gap that is unseen without one."""
CLOCK_S = 1800
"""By how much the clock may be wrong, where that crosses no edge of a permit and no midnight."""
Confirmation = tuple[str, str, float]
"""Kind, zone, seconds from the start of the story."""
Life = tuple[str, str, float, float]
"""Change, violation, when it opened, and when this is told: seconds from the start of the story."""


def story(kind: str, name: str) -> Scenario:
    """Find a story by its name."""
    return next(one for one in SCENARIOS[kind] if one.name == name)


def drawn(one: Scenario, seed: int) -> Script:
    """Draw a story, as the benchmark does, without what happens to the camera."""
    return one.make(np.random.default_rng([seed, *f"{one.kind}/{one.name}/{seed}".encode()]))


def judged(one: Scenario, seed: int, noise: Noise) -> Tally:
    """Draw a story with what happens to the camera, play it, and score it."""
    name = f"{one.kind}/{one.name}/{seed}"
    random = np.random.default_rng([seed, *name.encode()])
    condition, script = draw(one.make(random), random)
    blind = blind_spans(script, noise, seed)
    return score(script, play(script, noise, seed), f"{name} ({condition})", blind)


def confirmations(script: Script, seen: Sequence[Look]) -> list[Confirmation]:
    """List what is confirmed, and when."""
    return [
        (
            event.violation.kind,
            event.violation.zone_id,
            (look.captured_at - script.start).total_seconds(),
        )
        for look, event in told(script, seen)
        if event.change is Change.CONFIRMED
    ]


def lives(script: Script, seen: Sequence[Look]) -> list[Life]:
    """List whatever happens to violations, by their names."""
    return [
        (
            str(event.change),
            event.violation.violation_id,
            (event.violation.opened_at - script.start).total_seconds(),
            (look.captured_at - script.start).total_seconds(),
        )
        for look, event in told(script, seen)
    ]


def step_s(script: Script) -> float:
    """Seconds from look to look, or from reading to reading."""
    looks_s = script.interval_s * script.idle_every
    return max(looks_s, READING_S) if script.rules[0].kind == "damaged_sign" else looks_s


def permitted(script: Script, start: datetime, end: datetime) -> Script:
    """Permit from start until end, on all days, what the rules of a script forbid."""
    since, until = (at.astimezone(SHANGHAI).time() for at in (start, end))
    window = Window(frozenset(range(7)), since, until)
    return replace(script, rules=tuple(replace(rule, allow=(window,)) for rule in script.rules))


def half(seen: Sequence[Look], random: Random, longest: int) -> list[Look]:
    """Keep half of the looks at random, at most `longest` missing in a row."""
    kept: list[Look] = []
    missing = 0
    for look in seen:
        if missing < longest and random.random() < 0.5:
            missing += 1
            continue
        kept.append(look)
        missing = 0
    return kept


def split(seen: Sequence[Look], cuts: Sequence[int]) -> list[Look]:
    """Let a stream come back as a new session before each of these looks."""
    return [
        replace(look, session=sum(number >= cut for cut in cuts))
        for number, look in enumerate(seen)
    ]


def shifted(seen: Sequence[Look], seconds: float) -> list[Look]:
    """Let the clock be wrong."""
    by = timedelta(seconds=seconds)
    return [replace(look, captured_at=look.captured_at + by) for look in seen]


def mirrored(script: Script, seen: Sequence[Look]) -> tuple[Script, list[Look]]:
    """Mirror the rules' zones and the looks, boxes and pictures."""
    rules = tuple(_mirrored_rule(rule) for rule in script.rules)
    return replace(script, rules=rules), [_mirrored_look(look) for look in seen]


def _mirrored_zone(zone: Zone) -> Zone:
    return replace(zone, polygon=tuple((1.0 - x, y) for x, y in zone.polygon))


def _mirrored_rule(rule: Rule) -> Rule:
    flip: Callable[[Zone], Zone] = _mirrored_zone
    return replace(rule, zones=tuple(map(flip, rule.zones)), context=tuple(map(flip, rule.context)))


def _mirrored_look(look: Look) -> Look:
    found = look.detections
    boxes = found.xyxy.copy()
    boxes[:, [0, 2]] = WIDTH - found.xyxy[:, [2, 0]]
    picture = None if look.picture is None else np.ascontiguousarray(look.picture[:, ::-1])
    return replace(look, detections=Detections(boxes, found.score, found.label), picture=picture)


def seen_in(script: Script, seed: int = 1, noise: Noise = GENTLE) -> list[Look]:
    """Take all looks of a story."""
    return list(looks(script, noise, seed))
