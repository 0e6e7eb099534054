"""A house front with three signs, looked at look by look: what tests of damaged_sign play."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from detectors import Change, Look, Rule, ViolationEvent, Watch, Zone
from models import Detections
from tests.looks import HEIGHT, INTERVAL_S, NOON, SHANGHAI, VOCABULARY, WIDTH

DWELL_S = 64.0
BOXES = {"left": (40, 60, 200, 110), "middle": (240, 60, 400, 110), "right": (440, 60, 600, 110)}
Picture = NDArray[np.uint8]


def zone(name: str) -> Zone:
    """Make the zone of a sign: its box with a margin."""
    x0, y0, x1, y1 = BOXES[name]
    left, right = (x0 - 4) / WIDTH, (x1 + 4) / WIDTH
    top, low = (y0 - 4) / HEIGHT, (y1 + 4) / HEIGHT
    return Zone(name, "sign", ((left, top), (right, top), (right, low), (left, low)))


RULE = Rule("damaged_sign", tuple(zone(name) for name in BOXES), dwell_s=DWELL_S)


@dataclass
class Front:
    """A house front with three signs at one moment; a script changes it."""

    at_s: float
    picture: Picture
    found: dict[str, tuple[str, float]]
    """Sign: what the model calls it, and its score."""
    extra: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()

    def repaint(self, name: str, picture: Picture) -> None:
        """Put other pixels where a sign hangs."""
        x0, y0, x1, y1 = BOXES[name]
        self.picture[y0:y1, x0:x1] = picture

    def crop(self, name: str) -> Picture:
        """Return the pixels of a sign."""
        x0, y0, x1, y1 = BOXES[name]
        return self.picture[y0:y1, x0:x1]


Script = Callable[[Front], None]


def front(at_s: float) -> Front:
    """Draw the front as it should be: a grey wall, coloured boards with blocks for letters."""
    rng = np.random.default_rng(7)
    picture = np.full((HEIGHT, WIDTH, 3), 140, np.uint8)
    for x0, y0, x1, y1 in BOXES.values():
        picture[y0:y1, x0:x1] = rng.integers(60, 200, 3)
        for left in range(x0 + 10, x1 - 20, 24):
            top = y0 + int(rng.integers(8, 16))
            picture[top : top + 26, left : left + int(rng.integers(8, 18))] = rng.integers(
                0, 255, 3
            )
    return Front(at_s, picture, dict.fromkeys(BOXES, ("sign", 0.7)))


def tear(one: Front, name: str = "middle") -> None:
    """Let half of a board hang down, so that the wall shows."""
    crop = one.crop(name)
    crop[:, 80:] = 140
    crop[20:, 90:120] = (60, 50, 40)
    one.found[name] = ("sign_damaged", 0.6)


def looks(
    script: Script, length_s: float, rng: np.random.Generator, miss: float = 0.0
) -> Iterator[Look]:
    """Show the script look by look, with jitter, sensor noise and misses."""
    for number in range(int(length_s / INTERVAL_S)):
        at_s = number * INTERVAL_S
        one = front(at_s)
        script(one)
        rows = [(name, *found) for name, found in one.found.items() if rng.uniform() >= miss]
        boxes = [np.array(BOXES[name]) + rng.normal(0, 2, 4) for name, _, _ in rows]
        boxes += [np.array(box) for _, box in one.extra]
        labels = [label for _, label, _ in rows] + [label for label, _ in one.extra]
        scores = [score for _, _, score in rows] + [0.8] * len(one.extra)
        noisy = one.picture + rng.normal(0, 3, one.picture.shape)
        yield Look(
            camera_id="cam",
            view="default",
            session=1,
            at_s=at_s,
            captured_at=NOON + timedelta(seconds=at_s),
            width=WIDTH,
            height=HEIGHT,
            detections=Detections(
                np.array(boxes, np.float32).reshape(-1, 4),
                np.array(scores, np.float32),
                np.array([VOCABULARY.index(label) for label in labels], np.int32),
            ),
            picture=noisy.clip(0, 255).astype(np.uint8),
        )


def make() -> Watch:
    """Watch the three signs."""
    return Watch("site", "cam", [RULE], VOCABULARY, SHANGHAI, INTERVAL_S)


def told(script: Script, length_s: float, miss: float = 0.0, seed: int = 0) -> list[ViolationEvent]:
    """Return what a watch says of a script."""
    watch = make()
    rng = np.random.default_rng(seed)
    return [e for look in looks(script, length_s, rng, miss) for e in watch.step(look).events]


def confirmed(events: list[ViolationEvent]) -> list[ViolationEvent]:
    """Keep the confirmations."""
    return [event for event in events if event.change is Change.CONFIRMED]
