"""Scripted looks: a street whose truth is known before any noise is added.

A `Car` stands, drives or leaves on a timetable; `Street` shows it to a `Watch` as detections,
and, where asked, in pictures with a painted road, so that appearances can be compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from detectors import (
    Basis,
    Box,
    Change,
    Look,
    PictureState,
    Rule,
    ViolationEvent,
    Watch,
    Window,
    Zone,
)
from models import Detections

WIDTH, HEIGHT = 640, 360
VOCABULARY = (
    *("person", "car", "bus", "truck", "two_wheeler", "muck_truck", "muck_truck_open", "stall"),
    *("goods", "muck", "garbage", "sign", "sign_damaged", "banner", "floating_debris"),
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)  # Monday, 12:00 in Shanghai
INTERVAL_S = 2.0
ROAD = 110

KERB = Zone("kerb", "no_parking", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))
"""The lower half of the picture."""


@dataclass(frozen=True)
class Car:
    """Something that is in a box during [start_s, end_s)."""

    box: Box
    start_s: float = 0.0
    end_s: float = float("inf")
    label: str = "car"
    score: float = 0.8
    paint: int = 0
    """Which one it is: its colours and pattern."""
    speed_px_s: float = 0.0
    """To the right, from start_s on."""

    def at(self, at_s: float) -> Box | None:
        """Where it is; None where it is not."""
        if not self.start_s <= at_s < self.end_s:
            return None
        passed = 0.0 if self.speed_px_s == 0 else (at_s - self.start_s) * self.speed_px_s
        x0, y0, x1, y1 = self.box
        return (x0 + passed, y0, x1 + passed, y1)


@dataclass(frozen=True)
class Noise:
    """What a detector does to the truth."""

    seed: int = 0
    miss: float = 0.0
    """Chance that a thing is not detected in a look."""
    jitter_px: float = 0.0
    """Largest error of each side of a box."""


@dataclass(frozen=True)
class Street:
    """Cars in front of a camera; nearer ones (lower in the picture) hide others."""

    cars: Sequence[Car]
    painted: bool = False
    """Whether looks carry pictures."""
    noise: Noise = field(default_factory=Noise)
    light: float = 1.0

    def look(self, at_s: float, index: int, start: datetime = NOON) -> Look:
        """See the street at a moment; noise depends on the look's index only."""
        shown = [(car, box) for car in self.cars if (box := car.at(at_s)) is not None]
        shown.sort(key=lambda pair: pair[1][3])
        random = np.random.default_rng([self.noise.seed, index])
        found = []
        for order, (car, box) in enumerate(shown):
            missed = random.random() < self.noise.miss
            shift = random.uniform(-1.0, 1.0, 4) * self.noise.jitter_px
            if missed or _hidden(box, [other for _, other in shown[order + 1 :]]):
                continue
            found.append((car, np.asarray(box) + shift))
        found.sort(key=lambda pair: -pair[0].score)
        return Look(
            camera_id="cam",
            view="default",
            session=0,
            at_s=at_s,
            captured_at=start + timedelta(seconds=at_s),
            width=WIDTH,
            height=HEIGHT,
            detections=_detections(found),
            picture=paint(shown, self.light) if self.painted else None,
        )

    def looks(
        self, until_s: float, interval_s: float = INTERVAL_S, start: datetime = NOON
    ) -> list[Look]:
        """See the street every interval_s during [0, until_s]."""
        count = int(until_s / interval_s + 1e-9) + 1
        return [self.look(index * interval_s, index, start) for index in range(count)]


def _hidden(box: Box, nearer: Iterable[Box]) -> bool:
    """Whether something nearer covers most of a box, so that no detector can see it."""
    x0, y0, x1, y1 = box
    for a0, b0, a1, b1 in nearer:
        common = max(0.0, min(x1, a1) - max(x0, a0)) * max(0.0, min(y1, b1) - max(y0, b0))
        if common > 0.6 * (x1 - x0) * (y1 - y0):
            return True
    return False


def _detections(found: Sequence[tuple[Car, NDArray[np.float64]]]) -> Detections:
    return Detections(
        np.asarray([box for _, box in found], np.float32).reshape(-1, 4),
        np.asarray([car.score for car, _ in found], np.float32),
        np.asarray([VOCABULARY.index(car.label) for car, _ in found], np.int32),
    )


def paint(shown: Sequence[tuple[Car, Box]], light: float = 1.0) -> NDArray[np.uint8]:
    """Paint a road and the cars on it: (360, 640, 3) uint8."""
    picture = _road().copy()
    for car, box in shown:
        x0, y0, x1, y1 = (round(value) for value in box)
        left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, WIDTH), min(y1, HEIGHT)
        if left >= right or top >= bottom:
            continue
        body = _body(car.paint, y1 - y0, x1 - x0)
        picture[top:bottom, left:right] = body[top - y0 : bottom - y0, left - x0 : right - x0]
    return np.clip(picture * light, 0, 255).astype(np.uint8)


@cache
def _road() -> NDArray[np.float64]:
    grain = np.random.default_rng(7).normal(0.0, 4.0, (HEIGHT, WIDTH, 1))
    return np.asarray(np.full((HEIGHT, WIDTH, 3), float(ROAD)) + grain)


@cache
def _body(paint_number: int, height: int, width: int) -> NDArray[np.float64]:
    """(height, width, 3) a car's sides: blocks of colour that only this paint has."""
    random = np.random.default_rng([99, paint_number])
    tint = random.uniform(20.0, 235.0, 3)
    blocks = np.clip(tint + random.normal(0.0, 45.0, (5, 6, 1)), 0.0, 255.0)
    rows = np.arange(height) * 5 // height
    columns = np.arange(width) * 6 // width
    return np.asarray(blocks[rows][:, columns])


def rule(dwell_s: float = 30.0, **fields: object) -> Rule:
    """Forbid parking in the lower half of the picture."""
    given = {"zones": (KERB,), "dwell_s": dwell_s, **fields}
    return Rule("illegal_parking", **given)  # type: ignore[arg-type]  # fields of Rule by name


def watch(*rules: Rule, interval_s: float = INTERVAL_S) -> Watch:
    """Watch these rules."""
    return Watch("site", "cam", rules, VOCABULARY, SHANGHAI, interval_s)


def replay(one: Watch, looks: Iterable[Look]) -> Iterator[tuple[Look, ViolationEvent]]:
    """Feed looks to a watch and give every event with its look."""
    for look in looks:
        for event in one.step(look).events:
            yield look, event


def told(one: Watch, looks: Iterable[Look]) -> list[tuple[str, float]]:
    """List changes of violations and the camera's time of each, in order."""
    return [(str(event.change), look.at_s) for look, event in replay(one, looks)]


def confirmations(one: Watch, looks: Iterable[Look]) -> list[ViolationEvent]:
    """List all confirmed events."""
    return [event for _, event in replay(one, looks) if event.change is Change.CONFIRMED]


def carried(look: Look) -> Look:
    """Let the motion gate carry a look's detections."""
    return replace(look, basis=Basis.CARRIED)


def spoiled(look: Look, state: PictureState) -> Look:
    """Spoil a look's picture, so that nothing is found in it."""
    return replace(look, state=state, detections=Detections.empty())


def merged(looks: Sequence[Look]) -> Look:
    """Put the detections of several looks of one moment into one."""
    parts = [look.detections for look in looks]
    whole = Detections(
        np.concatenate([part.xyxy for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.label for part in parts]),
    )
    return replace(looks[0], detections=whole)


def window(days: str, start: str, end: str) -> Window:
    """Make a window as the site file writes it."""
    return Window.parse(days, start, end)
