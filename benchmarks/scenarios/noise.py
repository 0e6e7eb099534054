"""What a detector and a network make of a scripted street: looks.

Nothing in a look says which box is which thing, so that every look is a switch of identities.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from benchmarks.scenarios.painting import paint
from benchmarks.scenarios.script import HEIGHT, WIDTH, Actor, Script, Spell, Stay
from detectors import VEHICLES, Box, Look, PictureState
from models import VOCABULARY, Detections

CAMERA = "cam"
HIDDEN_SHARE = 0.6
"""Share of a box behind something nearer from which no model sees it."""
FLIPS = {
    **dict.fromkeys(("car", "truck", "bus"), ("car", "truck", "bus")),
    "muck_truck": ("truck", "muck_truck"),
    "muck_truck_open": ("truck", "muck_truck"),
    "two_wheeler": ("bicycle", "motorcycle", "two_wheeler"),
    "sign_damaged": ("sign", "sign_damaged"),
}
"""Names that a model may give a thing instead of its own."""
LEAST_SCORE = 0.1
"""What a pipeline asks its models for; nothing below it arrives."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How far looks are from the truth. The defaults are a model at its worst."""

    miss: float = 0.2
    """Chance that a thing is not detected in a look."""
    jitter_px: float = 3.0
    """Largest error of each side of a box."""
    flip: float = 0.05
    """Chance of another name of the group."""
    double: float = 0.03
    """Chance of a second box around the same thing."""
    stray: float = 0.05
    """Chance of a box, somewhere, around nothing."""
    score_sd: float = 0.1
    """Standard deviation of scores."""
    gap: float = 0.004
    """Chance, a look, that the next few looks do not come (about one in eight minutes)."""
    gap_looks: tuple[float, float] = (1.5, 5.0)
    """Length of such a gap, in looks."""


CLEAN = Noise(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""The truth as it is."""


@dataclass(frozen=True, slots=True)
class _Shown:
    actor: Actor
    stay: Stay
    box: Box

    @property
    def label(self) -> str:
        return self.stay.label or self.actor.label

    @property
    def paint(self) -> int:
        return self.actor.paint if self.stay.paint is None else self.stay.paint


def gaps(script: Script, noise: Noise, seed: int) -> list[tuple[float, float]]:
    """Draw when no looks come, for no reason that anybody is told."""
    random = np.random.default_rng([seed, 1])
    found = []
    at_s = 0.0
    while noise.gap and at_s < script.until_s:
        at_s += random.exponential(script.interval_s / noise.gap)
        length_s = random.uniform(*noise.gap_looks) * script.interval_s
        found.append((at_s, at_s + length_s))
        at_s += length_s
    return [gap for gap in found if gap[0] < script.until_s]


def looks(script: Script, noise: Noise, seed: int) -> Iterator[Look]:
    """Look at a script through noise. Looks of one seed do not depend on each other."""
    missing = [*gaps(script, noise, seed)]
    missing += [(one.start_s, one.end_s) for one in script.spells if one.lost or one.restart]
    for index in range(math.floor(script.until_s / script.interval_s + 1e-9) + 1):
        at_s = index * script.interval_s
        if not any(start <= at_s < end for start, end in missing):
            yield _look(script, noise, at_s, np.random.default_rng([seed, 2, index]))


def _look(script: Script, noise: Noise, at_s: float, random: np.random.Generator) -> Look:
    spells = [spell for spell in script.spells if spell.holds(at_s)]
    shake = max((spell.shake_px for spell in spells), default=0.0)
    shift = (float(random.uniform(-shake, shake)), float(random.uniform(-shake, shake)))
    shown = sorted(
        (
            _Shown(actor, *place)
            for actor in script.actors
            if (place := actor.stay(at_s)) is not None
        ),
        key=lambda one: (one.actor.layer, one.box[3]),
    )
    states = [spell.state for spell in spells if spell.state is not PictureState.OK]
    found = [] if states else _detected(script, shown, noise, spells, random)
    return Look(
        camera_id=CAMERA,
        view="default",
        session=sum(spell.lost and spell.end_s <= at_s for spell in script.spells),
        at_s=at_s,
        captured_at=script.start + timedelta(seconds=at_s),
        width=WIDTH,
        height=HEIGHT,
        detections=_detections(found, shift),
        state=states[0] if states else PictureState.OK,
        picture=paint(
            [(one.paint, one.box) for one in shown],
            random,
            light=math.prod(spell.light for spell in spells),
            sparks=max((spell.sparks for spell in spells), default=0.0),
            shift=(round(shift[0]), round(shift[1])),
        )
        if script.pictures
        else None,
    )


Found = tuple[str, Box, float]
"""Name, box, score."""


def _detected(
    script: Script,
    shown: Sequence[_Shown],
    noise: Noise,
    spells: Sequence[Spell],
    random: np.random.Generator,
) -> list[Found]:
    extra = sum(spell.miss for spell in spells)
    factor = math.prod(spell.score for spell in spells)
    found: list[Found] = []
    for order, one in enumerate(shown):
        chance = noise.miss if one.actor.miss is None or not noise.miss else one.actor.miss
        missed = random.random() < chance + (extra if noise.miss else 0.0)
        boxes = 1 + int(random.random() < noise.double)
        nearer = [other.box for other in shown[order + 1 :] if other.actor.layer == 0]
        if missed or not one.actor.seen or _hidden(one.box, nearer):
            continue
        for _ in range(boxes):
            found.append((_name(one, noise, random), _jittered(one.box, noise, random), 1.0))
            score = random.normal(one.actor.score * factor, noise.score_sd)
            found[-1] = (*found[-1][:2], float(np.clip(score, 0.0, 0.97)))
    if random.random() < noise.stray:
        found.append(_stray(script, random))
    return sorted((one for one in found if one[2] >= LEAST_SCORE), key=lambda one: -one[2])


def _name(one: _Shown, noise: Noise, random: np.random.Generator) -> str:
    names = FLIPS.get(one.label, ())
    if names and random.random() < noise.flip:
        return names[int(random.integers(len(names)))]
    return one.label


def _jittered(box: Box, noise: Noise, random: np.random.Generator) -> Box:
    x0, y0, x1, y1 = np.asarray(box) + random.uniform(-1.0, 1.0, 4) * noise.jitter_px
    return (float(x0), float(y0), float(x1), float(y1))


def _stray(script: Script, random: np.random.Generator) -> Found:
    names = script.stray or sorted(
        {name for rule in script.rules for name in rule.effective_classes}
    )
    if set(names) & VEHICLES and not script.stray:
        names = ["car", "truck"]
    width, height = random.uniform(15.0, 90.0, 2)
    x, y = random.uniform(0.0, WIDTH - width), random.uniform(0.0, HEIGHT - height)
    name = names[int(random.integers(len(names)))]
    box = (float(x), float(y), float(x + width), float(y + height))
    return name, box, float(random.uniform(0.2, 0.6))


def _hidden(box: Box, nearer: Sequence[Box]) -> bool:
    """Whether something nearer covers most of a box."""
    x0, y0, x1, y1 = box
    for a0, b0, a1, b1 in nearer:
        common = max(0.0, min(x1, a1) - max(x0, a0)) * max(0.0, min(y1, b1) - max(y0, b0))
        if common > HIDDEN_SHARE * (x1 - x0) * (y1 - y0):
            return True
    return False


def _detections(found: Sequence[Found], shift: tuple[float, float]) -> Detections:
    x, y = shift
    by = np.asarray([x, y, x, y], np.float32)
    return Detections(
        np.asarray([box for _, box, _ in found], np.float32).reshape(-1, 4) + by,
        np.asarray([score for _, _, score in found], np.float32),
        np.asarray([VOCABULARY.names.index(name) for name, _, _ in found], np.int32),
    )
