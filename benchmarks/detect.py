"""Measure how much of a network's own speed is left when it is fed street pictures.

What it measures: pictures a second through `Detector.detect`, decoded 1920x1080 RGB arrays in,
boxes in pixels out, four pictures a call (the looks of four cameras), each a run of its own.
Against: the bare engine (ONNX Runtime or OpenVINO on the CPU) with the same file and precision, at
the settings that are fastest here, found in the same run: threads, and runs side by side. It is fed
one ready tensor again and again, its outputs thrown away. Ours has the same settings. The two take
turns call by call, so that whatever else the machine does hits both; the figures are medians.

Limit: everything but the network is resizing, normalising, reading boxes and NMS, so the ratio can
only come near 1. It belongs to this model on this machine, and pictures with more boxes cost more.
On a machine with other work, believe the ratio rather than the speeds.

    python -m benchmarks.detect [--model NAME|FILE] [--pictures FOLDER] [--seconds S] [--together N]
                                [--engine onnxruntime|openvino] [--precision P] [--keep]

The default model is the bundled `street`, else yolo11n_quantized.onnx in STREETWARDEN_DATA; the
default pictures are images/vehicles there, else the bundled self-check pictures. The last line is
one JSON object: `ratio` = ours_img_s / bare_img_s; `pre_share`: the part of a call's time before
the network first starts; `post_share`: all other time in which no run is on its way. --keep also
writes it to benchmarks/results/.
"""

import argparse
import json
import os
import statistics
import threading
import time
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import models
from benchmarks.bare_engine import Bare, Settings, best_settings
from benchmarks.machine import keep
from models import Choice, Detector, ModelEntry, ModelError, Picture, PictureError, Registry
from models.backends import ENGINES, Session, engine_of

FRAME = (1080, 1920)
"""(height, width) of the pictures."""

MAX_PICTURES = 16
"""Kept decoded, 6 MB each: enough that no cache holds them all."""


class Stopwatch:
    """A session that notes when its network runs, and what it was fed."""

    def __init__(self, inner: Session) -> None:
        self.inner = inner
        self.inputs, self.outputs, self.metadata = inner.inputs, inner.outputs, inner.metadata
        self.depth = inner.depth
        self.first_s: float | None = None
        """When the first run since `clear` started."""
        self.busy_s = 0.0
        """How long at least one run has been on its way since then."""
        self.blob: NDArray[np.floating] = np.empty(0, np.float32)
        self._lock = threading.Lock()
        self._on_way = 0
        self._since_s = 0.0

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the network and note the times."""
        self._begin(blob)
        try:
            return self.inner.run(blob)
        finally:
            self._end()

    def _begin(self, blob: NDArray[np.floating]) -> None:
        with self._lock:
            self.blob = blob
            now_s = time.perf_counter()
            self.first_s = self.first_s or now_s
            self._since_s = self._since_s if self._on_way else now_s
            self._on_way += 1

    def _end(self) -> None:
        with self._lock:
            self._on_way -= 1
            if not self._on_way:
                self.busy_s += time.perf_counter() - self._since_s

    def clear(self) -> None:
        """Forget the runs."""
        self.first_s, self.busy_s = None, 0.0

    def close(self) -> None:
        """Close the session."""
        self.inner.close()


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    data = Path(os.environ.get("STREETWARDEN_DATA", "../shared/data"))
    try:
        entry = _find(arguments.model, data)
        frames = _frames(arguments.pictures or data / "images" / "vehicles")
        settings = best_settings(entry, arguments.engine, arguments.precision)
        detector, watch = _load(entry, settings)
        bare = Bare(entry, settings)
    except (ModelError, PictureError) as error:
        raise SystemExit(f"benchmarks.detect: {error}") from error
    height, width = detector.input_size
    print(f"{entry.name}: {entry.layout}, {width}x{height}, {settings}")
    print(
        f"{len(frames)} pictures of {FRAME[1]}x{FRAME[0]}, {arguments.together} a call, "
        f"{arguments.seconds:g} s"
    )
    starts = range(0, len(frames), arguments.together)
    calls = [frames[first : first + arguments.together] for first in starts]
    result = _measure(detector, watch, bare, calls, arguments.seconds)
    print(
        f"ours {result['ours_img_s']:.2f} img/s, bare engine {result['bare_img_s']:.2f} img/s, "
        f"ratio {result['ratio']:.3f}; before the network {result['pre_share']:.1%}, "
        f"after it {result['post_share']:.1%}"
    )
    if arguments.keep:
        said = {"model": entry.name, "input": [width, height], "settings": str(settings)}
        print(f"kept: {keep(f'detect-{entry.name}-{settings.engine}', said | result)}")
    print(json.dumps(result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detect",
        description="Speed of detect on 1920x1080 pictures against the bare engine.",
    )
    parser.add_argument("--model", help="name or file (default: street, else yolo11n_quantized)")
    parser.add_argument("--pictures", type=Path, help="folder of jpg, jpeg, png, bmp")
    parser.add_argument("--seconds", type=float, default=30.0, help="of measuring (default 30)")
    parser.add_argument("--together", type=int, default=4, help="pictures a call (default 4)")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="onnxruntime")
    parser.add_argument(
        "--precision", default="fp32", help="fp32, or what the engine has beside it"
    )
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    arguments = parser.parse_args()
    if arguments.precision not in ENGINES[arguments.engine].precisions:
        parser.error(f"--precision: {', '.join(ENGINES[arguments.engine].precisions)}")
    if arguments.together < 1:
        parser.error("--together: at least 1")
    return arguments


def _find(model: str | None, data: Path) -> ModelEntry:
    registry = Registry()
    if model is None:
        bundled = any(entry.name == "street" for entry in registry.entries())
        model = "street" if bundled else str(data / "weights" / "yolo11n_quantized.onnx")
    return registry.find(model, Path.cwd())


def _frames(folder: Path) -> list[Picture]:
    """Read pictures as 1920x1080; the self-check pictures where the folder is missing."""
    if not folder.is_dir():
        print(f"no folder {folder}: the bundled self-check pictures stand in")
        folder = Path(models.__file__).parent / "weights"
    kinds = {".jpg", ".jpeg", ".png", ".bmp"}
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in kinds]
    chosen = files[:: max(1, len(files) // MAX_PICTURES)][:MAX_PICTURES]
    if not chosen:
        raise PictureError(f"{folder}: no picture in it")
    return [_full_hd(models.read_picture(file)) for file in chosen]


def _full_hd(picture: Picture) -> Picture:
    height, width = FRAME
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _load(entry: ModelEntry, settings: Settings) -> tuple[Detector, Stopwatch]:
    """Load our detector around a session that is watched."""
    watches: list[Stopwatch] = []

    def engine(model: bytes, *, threads: int, spin: bool) -> Session:
        inner = engine_of(settings.engine, settings.precision, settings.streams)
        watches.append(Stopwatch(inner(model, threads=threads, spin=spin)))
        return watches[0]

    detector = models.load(
        entry.file,
        conf=entry.threshold,
        layout=entry.layout,
        classes=entry.classes,
        input_size=entry.input_size,
        threads=settings.threads,
        choice=Choice(batch=1),
        name=entry.name,
        sha256=entry.sha256,
        engine=engine,
    )
    return detector, watches[0]


def _measure(
    detector: Detector,
    watch: Stopwatch,
    bare: Bare,
    calls: list[list[Picture]],
    seconds: float,
) -> dict[str, float]:
    """Let detect and the bare engine take turns, call by call."""
    detector.detect(calls[0])
    blob = watch.blob.copy()
    ours_s: list[float] = []
    bare_s: list[float] = []
    before: list[float] = []
    between: list[float] = []
    turn = cycle(calls)
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s or not ours_s:
        pictures = next(turn)
        # Not counted: the threads of the session that ran before still wait for work actively.
        detector.detect(pictures[:1])
        watch.clear()
        started_s = time.perf_counter()
        detector.detect(pictures)
        taken_s = time.perf_counter() - started_s
        before_s = (watch.first_s or started_s) - started_s
        ours_s.append(taken_s / len(pictures))
        before.append(before_s / taken_s)
        between.append((taken_s - watch.busy_s - before_s) / taken_s)
        bare.call_s(blob, 1)  # same
        bare_s.append(bare.call_s(blob, len(pictures)) / len(pictures))
    ours, theirs = statistics.median(ours_s), statistics.median(bare_s)
    return {
        "ours_img_s": round(1 / ours, 3),
        "bare_img_s": round(1 / theirs, 3),
        "ratio": round(theirs / ours, 4),
        "pre_share": round(statistics.median(before), 4),
        "post_share": round(statistics.median(between), 4),
    }


if __name__ == "__main__":
    main()
