"""A script through the rules: what they say about it."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from benchmarks.scenarios.noise import CAMERA, Noise, looks
from benchmarks.scenarios.script import SHANGHAI, Script
from detectors import Change, Level, Look, ViolationEvent, Watch
from models import VOCABULARY

SITE = "bench"


def watch_of(script: Script) -> Watch:
    """Make a watch with a script's rules."""
    rules, step_s = script.rules, script.interval_s * script.idle_every
    return Watch(SITE, CAMERA, rules, VOCABULARY.names, SHANGHAI, step_s)


def play(script: Script, noise: Noise, seed: int) -> list[ViolationEvent]:
    """Play a script through noise; every event, in order."""
    return [event for _, event in told(script, looks(script, noise, seed))]


def told(script: Script, seen: Iterable[Look]) -> Iterator[tuple[Look, ViolationEvent]]:
    """Feed looks to the rules of a script, with the restarts that it asks for.

    A restarted process begins its timeline at 0; captured_at tells how much time has passed.
    Where a script has close looks, those are had only while the rules ask for them.
    """
    restarts = sorted(spell.end_s for spell in script.spells if spell.restart)
    watch = watch_of(script)
    base_s, done = 0.0, 0
    close_until_s = shown_s = -math.inf
    for look in seen:
        idle = look.at_s - shown_s >= script.interval_s * script.idle_every - 1e-6
        if not idle and look.at_s > close_until_s:
            continue
        shown_s = look.at_s
        while done < len(restarts) and look.at_s >= restarts[done]:
            watch = _restarted(watch, script)
            base_s, done = look.at_s, done + 1
        step = watch.step(replace(look, at_s=look.at_s - base_s))
        if step.attention is not None and step.attention.level is Level.CLOSE:
            close_until_s = step.attention.until_s + base_s
        yield from ((look, event) for event in step.events)


def _restarted(watch: Watch, script: Script) -> Watch:
    kept = json.dumps(watch.snapshot(), allow_nan=False)
    again = watch_of(script)
    again.restore(json.loads(kept))
    return again


def confirmed(events: Sequence[ViolationEvent]) -> list[ViolationEvent]:
    """Pick the confirmations."""
    return [event for event in events if event.change is Change.CONFIRMED]
