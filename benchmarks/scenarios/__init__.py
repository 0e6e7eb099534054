"""Scripted streets with their truth, for every kind of violation.

`SCENARIOS` holds the stories, some of violations, some of what only looks like one; each can be
drawn in as many variations as there are seeds. The truth is part of the script; `Noise` and
`conditions` come after it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.scenarios import (
    beyond_storefront,
    bike_disorder,
    crowd_density,
    damaged_sign,
    exposed_garbage,
    floating_debris,
    illegal_banner,
    illegal_parking,
    muck_pile,
    muck_spill,
    street_stall,
    uncovered_muck_truck,
)
from benchmarks.scenarios.conditions import CONDITIONS, draw
from benchmarks.scenarios.counts import Counts, Spread
from benchmarks.scenarios.matching import match
from benchmarks.scenarios.noise import CLEAN, Noise, looks
from benchmarks.scenarios.playing import confirmed, play, told, watch_of
from benchmarks.scenarios.scoring import Tally, at_s, blind_spans, describe, matches, overlap, score
from benchmarks.scenarios.script import Actor, Expected, Scenario, Script, Spell, Stay

__all__ = [
    "CLEAN",
    "CONDITIONS",
    "SCENARIOS",
    "Actor",
    "Counts",
    "Expected",
    "Noise",
    "Scenario",
    "Script",
    "Spell",
    "Spread",
    "Stay",
    "Tally",
    "at_s",
    "blind_spans",
    "confirmed",
    "describe",
    "draw",
    "looks",
    "match",
    "matches",
    "overlap",
    "play",
    "score",
    "told",
    "watch_of",
]

_KINDS = (
    beyond_storefront,
    bike_disorder,
    crowd_density,
    damaged_sign,
    exposed_garbage,
    floating_debris,
    illegal_banner,
    illegal_parking,
    muck_pile,
    muck_spill,
    street_stall,
    uncovered_muck_truck,
)

SCENARIOS: Mapping[str, tuple[Scenario, ...]] = MappingProxyType(
    {
        module.KIND: tuple(
            Scenario(module.KIND, make.__name__, innocent, make)
            for makes, innocent in ((module.VIOLATING, False), (module.INNOCENT, True))
            for make in makes
        )
        for module in _KINDS
    }
)
"""By kind: violations first, then what is innocent."""
