"""Measure how much of a network's own speed is left when it is fed street pictures.

What it measures: pictures a second through `Detector.detect`, decoded 1920x1080 RGB arrays in,
boxes in pixels out, one picture a run. Against: the bare ONNX Runtime session of the same file on
the CPU, at the number of threads that is fastest here (found in the same run), fed one ready
tensor again and again, its outputs thrown away. The two take turns in short blocks, so that
whatever else the machine does hits both; the figures are medians.

Limit: everything but the network is resizing, normalising, reading boxes and NMS, so the ratio can
only come near 1. It belongs to this model on this machine, and pictures with more boxes cost more.
On a machine with other work, believe the ratio rather than the speeds.

    python -m benchmarks.detect [--model NAME|FILE] [--pictures FOLDER] [--seconds S]

The default model is the bundled `street`, else yolo11n_quantized.onnx in STREETWARDEN_DATA; the
default pictures are images/vehicles there, else the bundled self-check pictures. The last line is
one JSON object: `ratio` = ours_img_s / bare_img_s; `pre_share`, `post_share`: the part of a
picture's time before and after the network.
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

BLOCK_RUNS = 6
"""Runs before the other side has its turn; the first is not counted: it still meets the threads of
the session that ran before, which wait for work actively."""


class Stopwatch:
    """A session that notes when its network started and stopped, and what it was fed."""

    def __init__(self, inner: Session) -> None:
        self.inner = inner
        self.inputs, self.outputs, self.metadata = inner.inputs, inner.outputs, inner.metadata
        self.started_s = self.stopped_s = 0.0
        self.blob: NDArray[np.floating] = np.empty(0, np.float32)

    def run(self, blob: NDArray[np.floating]) -> list[NDArray[np.float32]]:
        """Run the network and note the times."""
        self.blob = blob
        self.started_s = time.perf_counter()
        outputs = self.inner.run(blob)
        self.stopped_s = time.perf_counter()
        return outputs

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
    print(f"{len(frames)} pictures of {FRAME[1]}x{FRAME[0]}, {arguments.seconds:g} s")
    result = _measure(detector, watch, _bare(entry, threads), frames, arguments.seconds)
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
    return parser.parse_args()


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
        seconds[threads] = statistics.median(_block_s(session, blob) + _block_s(session, blob))
        print(f"bare session, {threads} threads: {1 / seconds[threads]:.2f} img/s")
    return min(seconds, key=seconds.__getitem__)


def _bare(entry: ModelEntry, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        entry.file.read_bytes(), options, providers=["CPUExecutionProvider"]
    )


def _block_s(session: onnxruntime.InferenceSession, blob: NDArray[np.floating]) -> list[float]:
    """Run a block of one tensor; seconds of every run but the first."""
    feed = {session.get_inputs()[0].name: blob}
    times = []
    for _ in range(BLOCK_RUNS):
        started_s = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - started_s)
    return times[1:]


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
    frames: list[Picture],
    seconds: float,
) -> dict[str, float]:
    """Let detect and the bare session take turns, block by block."""
    detector.detect(frames[:1])
    blob = watch.blob.copy()
    ours_s: list[float] = []
    bare_s: list[float] = []
    before_s: list[float] = []
    after_s: list[float] = []
    turn = cycle(frames)
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s or not ours_s:
        for run in range(BLOCK_RUNS):
            frame = next(turn)
            started_s = time.perf_counter()
            detector.detect([frame])
            stopped_s = time.perf_counter()
            if run:
                ours_s.append(stopped_s - started_s)
                before_s.append(watch.started_s - started_s)
                after_s.append(stopped_s - watch.stopped_s)
        bare_s += _block_s(session, blob)
    ours, bare = statistics.median(ours_s), statistics.median(bare_s)
    return {
        "ours_img_s": round(1 / ours, 3),
        "bare_img_s": round(1 / bare, 3),
        "ratio": round(bare / ours, 4),
        "pre_share": round(statistics.median(before_s) / ours, 4),
        "post_share": round(statistics.median(after_s) / ours, 4),
    }


if __name__ == "__main__":
    main()
