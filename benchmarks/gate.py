"""Measure what the motion gate saves, and whether it costs the sight of anything that appears.

What it measures: two things, with the real model at one look every two seconds.
1. `gated_share` by clip: looks that no model had to make, over the clip as it is (busy streets give
   the gate nothing to save) and over a quiet street: one of its pictures with a sensor's noise,
   coded anew for every look.
2. `gate_recall`: things cut out of real and rendered pictures are set into other places of the
   clips, played and quiet: at once, driving in slowly, fading in over 16 s, small, at dusk and in
   rain. The model looks at every picture (ungated) and at those that the gate lets through. An
   onset is recalled when the gated run sees the thing first at most one interval after the ungated.
Against: the same model on every look of the same pictures.

Limit: things that the model does not find ungated say nothing and are left out (`onsets` counts
the others); so are those that it finds by chance, in fewer than half of the looks from the first
on: which look shows them has nothing to do with a gate (`by_chance`, [onsets, missed]; with them
the recall is `gate_recall_all`). Pasted things have edges of their own, feathered over 2 px; slow
fades are the hard case. The quiet streets have no trees in the wind: `gated_share` of a played clip
shows those.

    python -m benchmarks.gate [--videos FOLDER] [--each N] [--forced S] [--keep]

The last line is one JSON object: gate_recall, onsets, missed, closed_before (onsets before which
the gate was closed: on a busy clip it is always open and cannot miss), by_chance, gate_recall_all,
by_mode {mode: [onsets, missed]}, gated_share {clip: share}.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import keep
from models import Detections, Detector, Registry
from pipeline.gate import GateCount, MotionGate
from streams import FileReader, Frame, Picture

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO = REPOSITORY / "configs" / "demo" / "parked-car.mp4"
INTERVAL_S = 2.0
START = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
BEFORE, AFTER = 8, 14
"""Looks before and after something appears."""
FLOOR = 0.25
SAME = 0.4
"""Overlap (IoU) with the thing's true box from which a detection is of it."""
MODES = ("at_once", "driving_in", "fading_in", "small", "dusk", "rain")


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A thing to set into pictures."""

    pixels: Picture
    alpha: NDArray[np.float32]
    """(h, w, 1) 0..1."""


@dataclass(slots=True)
class Tally:
    """What became of the onsets."""

    onsets: int = 0
    missed: int = 0
    closed: int = 0
    """Onsets before which the gate was closed: the others it could not have missed."""
    by_chance: int = 0
    """Onsets of things that the model finds now and then, not counted above ..."""
    by_chance_missed: int = 0
    """... and those of them that the gated run sees late."""


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    registry = Registry(REPOSITORY / "models")
    detector = registry.open(registry.find("street", REPOSITORY))
    clips = {file.stem: _pictures(file) for file in [*_videos(arguments.videos), DEMO]}
    forced_s = arguments.forced
    shares = {name: _share(_gated(iter(clip), forced_s)) for name, clip in clips.items()}
    shares |= {
        f"quiet {name}": _share(_gated(_quiet(clip[-1], 60, 1), forced_s))
        for name, clip in clips.items()
    }
    for name, share in shares.items():
        print(f"{name:22s} {share:6.1%} of the looks needed no model")
    cutouts = _cutouts(detector, clips)
    print(f"{len(cutouts)} things to set in")
    tallies = {mode: Tally() for mode in MODES}
    started_s = time.monotonic()
    for mode, tally in tallies.items():
        for seed in range(arguments.each):
            _onset(detector, clips, cutouts, mode, seed, tally, forced_s)
        print(f"{mode:12s} {tally.onsets:4d} onsets, {tally.missed} seen late by the gated run")
    onsets = sum(tally.onsets for tally in tallies.values())
    closed = sum(tally.closed for tally in tallies.values())
    missed = sum(tally.missed for tally in tallies.values())
    print(f"{onsets} onsets in {time.monotonic() - started_s:.0f} s")
    chance = [
        sum(tally.by_chance for tally in tallies.values()),
        sum(tally.by_chance_missed for tally in tallies.values()),
    ]
    result = {
        "gate_recall": _recall(onsets, missed),
        "gate_recall_all": _recall(onsets + chance[0], missed + chance[1]),
        "onsets": onsets,
        "missed": missed,
        "closed_before": closed,
        "by_chance": chance,
        "by_mode": {mode: [tally.onsets, tally.missed] for mode, tally in tallies.items()},
        "gated_share": {name: round(share, 3) for name, share in shares.items()},
    }
    if arguments.keep:
        print(f"kept: {keep('gate', {'each': arguments.each, 'forced_s': forced_s, **result})}")
    print(json.dumps(result))


def _recall(onsets: int, missed: int) -> float | None:
    return round((onsets - missed) / onsets, 4) if onsets else None


def _arguments() -> argparse.Namespace:
    data = Path(os.environ.get("STREETWARDEN_DATA", REPOSITORY.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--videos", type=Path, default=data / "videos")
    parser.add_argument("--each", type=int, default=20, help="things of each mode")
    parser.add_argument("--forced", type=float, default=20.0, help="seconds until a forced look")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/gate.json")
    return parser.parse_args()


def _videos(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if file.suffix in {".mp4", ".avi"})


def _pictures(file: Path) -> list[Picture]:
    reader = FileReader(file, interval_s=1.0, longest_px=640, start=START, decode="all")
    return [frame.picture for frame in reader]


def _frame(picture: Picture, number: int) -> Frame:
    height, width = picture.shape[:2]
    at_s = number * INTERVAL_S
    return Frame("gate", 0, number, at_s, START, width, height, picture, 0.0, key=True)


def _share(count: GateCount) -> float:
    return count.gated / max(1, count.gated + count.forced + count.network)


def _gated(pictures: Iterator[Picture], forced_s: float) -> GateCount:
    gate = MotionGate(None, interval_s=INTERVAL_S, forced_s=forced_s)
    nothing = Detections.empty()
    for number, picture in enumerate(pictures):
        frame = _frame(picture, number)
        if gate.carry(frame) is None:
            gate.saw(frame, nothing)
    return gate.counts


def _quiet(picture: Picture, looks: int, seed: int) -> Iterator[Picture]:
    """Show one street over and over, with a sensor's noise, as an encoder passes it on."""
    random = np.random.default_rng(seed)
    for _ in range(looks):
        yield _coded(_noisy(picture, random, 3.0))


def _noisy(picture: NDArray[Any], random: np.random.Generator, noise: float) -> Picture:
    grain = random.normal(0.0, noise, picture.shape)
    return np.asarray(np.clip(picture + grain, 0, 255), np.uint8)


def _coded(picture: Picture) -> Picture:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])
    if not done:
        raise RuntimeError("a picture could not be coded")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _cutouts(detector: Detector, clips: dict[str, list[Picture]]) -> list[Cutout]:
    """Cut out what the model is sure of, from every clip."""
    found = []
    for clip in clips.values():
        for picture in clip[:: max(1, len(clip) // 5)]:
            seen = detector.detect([picture], 0.6)[0]
            boxes = sorted(seen.xyxy.tolist(), key=lambda box: -(box[3] - box[1]))
            for x0, y0, x1, y1 in boxes[:6]:
                cut = picture[max(0, int(y0)) : int(y1) + 1, max(0, int(x0)) : int(x1) + 1]
                if min(cut.shape[:2]) >= 14:
                    found.append(Cutout(cut.copy(), _feathered(cut.shape[0], cut.shape[1])))
    return found


def _feathered(height: int, width: int) -> NDArray[np.float32]:
    alpha = np.zeros((height, width), np.float32)
    alpha[2:-2, 2:-2] = 1.0
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.0)[:, :, None], np.float32)


def _onset(
    detector: Detector,
    clips: dict[str, list[Picture]],
    cutouts: Sequence[Cutout],
    mode: str,
    seed: int,
    tally: Tally,
    forced_s: float,
) -> None:
    """Let one thing appear; count it, and whether the gated run is late."""
    random = np.random.default_rng([MODES.index(mode), seed])
    names = sorted(clips)
    clip = clips[names[seed % len(names)]]
    background = _background(clip, mode, random, played=seed % 6 == 0)
    box, draw = _thing(cutouts[int(random.integers(len(cutouts)))], mode, clip[0].shape, random)
    gate = MotionGate(None, interval_s=INTERVAL_S, forced_s=forced_s)
    closed = False
    seen: list[bool] = []
    looked: list[bool] = []
    for number, (shown, finish) in enumerate(background):
        since = number - BEFORE
        picture = finish(draw(shown, since) if since >= 0 else shown)
        frame = _frame(picture, number)
        looks = gate.carry(frame) is None
        if looks:
            gate.saw(frame, Detections.empty())
        if since < -1:
            continue
        closed = not looks if since == -1 else closed
        sees = _sees(detector, picture, box(max(0, since)))
        if since == -1:
            if sees:
                return  # something like it stands there already
            continue
        seen.append(sees)
        looked.append(looks)
    if not any(seen):
        return
    first = seen.index(True)
    gated = next((n for n, both in enumerate(zip(seen, looked, strict=True)) if all(both)), None)
    missed = gated is None or gated > first + 1
    if 2 * sum(seen) < len(seen) - first:
        tally.by_chance += 1
        tally.by_chance_missed += missed
        return
    tally.onsets += 1
    tally.closed += closed
    tally.missed += missed


Finish = Callable[[NDArray[Any]], Picture]


def _background(
    clip: Sequence[Picture], mode: str, random: np.random.Generator, *, played: bool
) -> Iterator[tuple[Picture, Finish]]:
    """Show a clip as it plays, or one of its pictures over and over; light and noise come last."""
    first = int(random.integers(len(clip)))

    def finish(picture: NDArray[Any]) -> Picture:
        made = np.asarray(picture, np.float64)
        if mode == "dusk":
            return _coded(_noisy(made * 0.35, random, 5.0))
        if mode == "rain":
            made = _rained(made * 0.7 + 40, random)
        return _coded(_noisy(made, random, 3.0))

    for number in range(BEFORE + AFTER):
        yield clip[(first + number) % len(clip) if played else first], finish


def _rained(picture: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    height, width = picture.shape[:2]
    for _ in range(150):
        x, y = int(random.integers(width)), int(random.integers(height))
        cv2.line(picture, (x, y), (x + 1, y + 9), (190.0, 190.0, 195.0), 1)
    return picture


Box = tuple[float, float, float, float]


def _thing(
    cutout: Cutout, mode: str, shape: tuple[int, ...], random: np.random.Generator
) -> tuple[Callable[[int], Box], Callable[[Picture, int], NDArray[np.float64]]]:
    """Return where a thing is at each look since it appeared, and how it is drawn."""
    pixels, alpha = cutout.pixels, cutout.alpha
    tall = pixels.shape[0]
    wanted = float(random.uniform(16, 24) if mode == "small" else random.uniform(30, 90))
    scale = min(wanted / tall, 0.5 * shape[1] / pixels.shape[1])
    size = (max(4, round(pixels.shape[1] * scale)), max(4, round(tall * scale)))
    pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    left = int(random.integers(0, max(1, shape[1] - size[0])))
    top = int(random.integers(shape[0] // 3, max(shape[0] // 3 + 1, shape[0] - size[1])))

    def place(since: int) -> int:
        return left if mode != "driving_in" else round(left * min(1.0, 0.1 + 0.15 * since))

    def draw(picture: Picture, since: int) -> NDArray[np.float64]:
        made = picture.astype(np.float64)
        x = place(since)
        share = min(1.0, (since + 1) / 8) if mode == "fading_in" else 1.0
        window = made[top : top + size[1], x : x + size[0]]
        weight = (alpha.reshape(size[1], size[0], 1) * share)[: window.shape[0], : window.shape[1]]
        window += weight * (pixels[: window.shape[0], : window.shape[1]] - window)
        return made

    def box(since: int) -> Box:
        x = place(since)
        return (float(x), float(top), float(x + size[0]), float(top + size[1]))

    return box, draw


def _sees(detector: Detector, picture: Picture, box: Box) -> bool:
    seen = detector.detect([picture], FLOOR)[0]
    return any(_overlap(box, tuple(other)) >= SAME for other in seen.xyxy.tolist())


def _overlap(a: Box, b: tuple[float, ...]) -> float:
    common = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(
        0.0, min(a[3], b[3]) - max(a[1], b[1])
    )
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (sum(areas) - common)


if __name__ == "__main__":
    main()
