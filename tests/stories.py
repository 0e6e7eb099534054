"""What tests do to the looks of a scripted story: drop, split, shift and mirror them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
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
from detectors import Change, Look, Rule, Zone
from models import Detections

WIDTH = 640.0
GENTLE = Noise(miss=0.0, jitter_px=1.5, flip=0.0, double=0.0, stray=0.0, score_sd=0.05, gap=0.0)
"""What is left when only the looks are at stake."""
Confirmation = tuple[str, str, float]
"""Kind, zone, seconds from the start of the story."""


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
