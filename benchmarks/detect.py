"""Measure how much of a network's own speed is left when it is fed street pictures.

What it measures: pictures a second through `Detector.detect`, decoded 1920x1080 RGB arrays in,
boxes in pixels out, four pictures a call (the looks of four cameras), each a run of its own.
Against: the bare ONNX Runtime session of the same file on the CPU, at the number of threads that
is fastest here (found in the same run), fed one ready tensor again and again, its outputs thrown
away. The two take turns call by call, so that whatever else the machine does hits both; the
figures are medians.

Limit: everything but the network is resizing, normalising, reading boxes and NMS, so the ratio can
only come near 1. It belongs to this model on this machine, and pictures with more boxes cost more.
On a machine with other work, believe the ratio rather than the speeds.

    python -m benchmarks.detect [--model NAME|FILE] [--pictures FOLDER] [--seconds S] [--together N]

The default model is the bundled `street`, else yolo11n_quantized.onnx in STREETWARDEN_DATA; the
default pictures are images/vehicles there, else the bundled self-check pictures. The last line is
one JSON object: `ratio` = ours_img_s / bare_img_s; `pre_share`: the part of a call's time before
the network first starts; `post_share`: all other time in which the network does not run.
"""

import argparse
import json
import os
import statistics
import time
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray

import models
from models import Detector, ModelEntry, ModelError, Picture, PictureError, Registry
from models.backends import Session, open_session

FRAME = (1080, 1920)
"""(height, width) of the pictures."""

MAX_PICTURES = 16
"""Kept decoded, 6 MB each: enough that no cache holds them all."""

TRIAL_BLOCKS = 3
"""Blocks of bare runs a number of threads in the search."""


class Stopwatch:
    """A session that notes when its network runs, and what it was fed."""

    def __init__(self, inner: Session) -> None:
        self.inner = inner
        self.inputs, self.outputs, self.metadata = inner.inputs, inner.outputs, inner.metadata
        self.first_s: float | None = None
        """When the first run since `clear` started."""
        self.busy_s = 0.0
        """How long the network has run since then."""
        self.blob: NDArray[np.floating] = np.empty(0, np.float32)

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the network and note the times."""
        self.blob = blob
        started_s = time.perf_counter()
        outputs = self.inner.run(blob)
        self.busy_s += time.perf_counter() - started_s
        self.first_s = self.first_s or started_s
        return outputs

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
        threads = _best_threads(entry)
        detector, watch = _load(entry, threads)
    except (ModelError, PictureError) as error:
        raise SystemExit(f"benchmarks.detect: {error}") from error
    height, width = detector.input_size
    print(f"{entry.name}: {entry.layout}, {width}x{height}, ONNX Runtime, {threads} threads")
    print(
        f"{len(frames)} pictures of {FRAME[1]}x{FRAME[0]}, {arguments.together} a call, "
        f"{arguments.seconds:g} s"
    )
    starts = range(0, len(frames), arguments.together)
    calls = [frames[first : first + arguments.together] for first in starts]
    result = _measure(detector, watch, _bare(entry, threads), calls, arguments.seconds)
    print(
        f"ours {result['ours_img_s']:.2f} img/s, bare session {result['bare_img_s']:.2f} img/s, "
        f"ratio {result['ratio']:.3f}; before the network {result['pre_share']:.1%}, "
        f"after it {result['post_share']:.1%}"
    )
    print(json.dumps(result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detect",
        description="Speed of detect on 1920x1080 pictures against the bare ONNX Runtime session.",
    )
    parser.add_argument("--model", help="name or file (default: street, else yolo11n_quantized)")
    parser.add_argument("--pictures", type=Path, help="folder of jpg, jpeg, png, bmp")
    parser.add_argument("--seconds", type=float, default=30.0, help="of measuring (default 30)")
    parser.add_argument("--together", type=int, default=4, help="pictures a call (default 4)")
    arguments = parser.parse_args()
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


def _best_threads(entry: ModelEntry) -> int:
    """Try numbers of threads on the bare session; print the speeds, return the fastest."""
    cores = len(os.sched_getaffinity(0))
    blob = np.zeros((1, 3, *entry.input_size), np.float32)
    seconds: dict[int, float] = {}
    for threads in sorted({1, *range(2, cores, 2), cores}):
        session = _bare(entry, threads)
        _bare_call_s(session, blob, 2)
        seconds[threads] = statistics.median(
            _bare_call_s(session, blob, 4) / 4 for _ in range(TRIAL_BLOCKS)
        )
        print(f"bare session, {threads} threads: {1 / seconds[threads]:.2f} img/s")
    return min(seconds, key=seconds.__getitem__)


def _bare(entry: ModelEntry, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        entry.file.read_bytes(), options, providers=["CPUExecutionProvider"]
    )


def _bare_call_s(
    session: onnxruntime.InferenceSession, blob: NDArray[np.floating], runs: int
) -> float:
    """Run one tensor several times; seconds taken."""
    feed = {session.get_inputs()[0].name: blob}
    started_s = time.perf_counter()
    for _ in range(runs):
        session.run(None, feed)
    return time.perf_counter() - started_s


def _load(entry: ModelEntry, threads: int) -> tuple[Detector, Stopwatch]:
    """Load our detector around a session that is watched."""
    watches: list[Stopwatch] = []

    def engine(model: bytes, *, threads: int, spin: bool) -> Session:
        watches.append(Stopwatch(open_session(model, threads=threads, spin=spin)))
        return watches[0]

    detector = models.load(
        entry.file,
        conf=entry.threshold,
        layout=entry.layout,
        classes=entry.classes,
        input_size=entry.input_size,
        threads=threads,
        name=entry.name,
        sha256=entry.sha256,
        engine=engine,
    )
    return detector, watches[0]


def _measure(
    detector: Detector,
    watch: Stopwatch,
    session: onnxruntime.InferenceSession,
    calls: list[list[Picture]],
    seconds: float,
) -> dict[str, float]:
    """Let detect and the bare session take turns, call by call."""
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
        _bare_call_s(session, blob, 1)  # same
        bare_s.append(_bare_call_s(session, blob, len(pictures)) / len(pictures))
    ours, bare = statistics.median(ours_s), statistics.median(bare_s)
    return {
        "ours_img_s": round(1 / ours, 3),
        "bare_img_s": round(1 / bare, 3),
        "ratio": round(bare / ours, 4),
        "pre_share": round(statistics.median(before), 4),
        "post_share": round(statistics.median(between), 4),
    }


if __name__ == "__main__":
    main()
