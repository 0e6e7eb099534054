"""Drawn street scenes with a known truth: red blocks that stand for a while, somewhere, then go."""

import functools
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.clips import Recipe, make_clip

WIDTH, HEIGHT, FPS = 640, 360, 10


@dataclass(frozen=True, slots=True)
class Stand:
    """A red block that stands at a place from one second to another of the clip."""

    from_s: float
    to_s: float
    box: tuple[int, int, int, int]
    """x0 y0 x1 y1 in pixels of 640x360, below the frame counter."""


def stands(seconds: float, *, stay_s: float, pause_s: float, seed: int = 7) -> tuple[Stand, ...]:
    """Place blocks one after the other, each far from the one before."""
    rng = random.Random(seed)
    found: list[Stand] = []
    at_s = pause_s
    columns = [20, 220, 420, 540]
    column = 0
    while at_s + stay_s < seconds:
        column = rng.choice([number for number in range(len(columns)) if number != column])
        x0, y0 = columns[column], rng.choice([90, 200, 270])
        found.append(Stand(at_s, at_s + stay_s, (x0, y0, x0 + 80, y0 + 60)))
        at_s += stay_s + pause_s
    return tuple(found)


def draw(number: int, scene: tuple[Stand, ...]) -> NDArray[np.uint8]:
    """Draw picture `number` of a scene: (360, 640, 3) uint8 RGB."""
    picture = _ground().copy()
    at_s = number / FPS
    for stand in scene:
        if stand.from_s <= at_s < stand.to_s:
            x0, y0, x1, y1 = stand.box
            picture[y0:y1, x0:x1] = (200, 40, 40)
    return picture


@functools.cache
def _ground() -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    coarse = rng.integers(70, 130, (HEIGHT // 8, WIDTH // 8, 1), np.uint8)
    picture: NDArray[np.uint8] = np.repeat(np.repeat(coarse, 8, 0), 8, 1).repeat(3, 2)
    return picture


def scene_clip(
    path: Path, scene: tuple[Stand, ...], *, seconds: float, key_every_s: float = 0.5
) -> Path:
    """Encode a scene with a key frame every key_every_s."""
    recipe = Recipe(
        width=WIDTH, height=HEIGHT, fps=FPS, seconds=seconds, gop=round(FPS * key_every_s)
    )
    return make_clip(path, recipe, lambda number: draw(number, scene))
