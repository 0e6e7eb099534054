"""Measure what a GPU holds: looks a second, cameras, decoding. Says so where there is none.

What it measures, on one NVIDIA GPU with the street model: pictures a second through
`Detector.detect` (decoded 1920x1080 RGB in, boxes out) with each of the engines `cuda` and
`tensorrt` and each precision that finds the same boxes as ONNX Runtime on the CPU; 1080p H.264
pictures a second decoded by NVDEC and by one core; and what follows from both, cameras a GPU.
Against: the bare engine at its best settings with one ready tensor, in turns; and Ultralytics'
`predict` on the same GPU with the same file and input size, in an environment of its own
(--ultralytics PYTHON), one picture and sixteen pictures a call.

Limit: without --ultralytics its row is left out, with a word. `cameras` is arithmetic: a look every
two seconds, the network for every look; decoding key frames (software, `core_img_s` is about what a
core does), the network card and rules are not in it (`benchmarks.cameras` measures the whole).
TensorRT builds its engine on first use, which takes minutes and is not counted.

    python -m benchmarks.gpu [--seconds S] [--ultralytics PYTHON] [--keep]

The last line is one JSON object: gpu (name, memory, driver; null where there is none), engines
{name: {ours_img_s, bare_img_s, ratio, settings}}, ultralytics {1: img_s, 16: img_s} or a reason,
decode {nvdec_img_s, core_img_s}, cameras. Without a GPU: {"gpu": null, "reasons": {..}}, exit 0.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.bare_engine import Bare, Settings, best_settings
from benchmarks.machine import keep
from benchmarks.quiet_street import write_quiet_street
from models import Choice, Detector, ModelEntry, ModelError, Picture, Registry, load, tune
from models.backends import ENGINES, available_engines
from streams import Hardware

DEVICES = ("cuda", "tensorrt")
TOGETHER = 16
LOOK_S = 2.0
_ULTRALYTICS = """
import json, sys, time, numpy as np
from ultralytics import YOLO
model, size, seconds = YOLO(sys.argv[1], task="detect"), json.loads(sys.argv[2]), float(sys.argv[3])
pictures = [np.random.default_rng(n).integers(0, 255, (1080, 1920, 3), np.uint8) for n in range(16)]
found = {}
for together in (1, 16):
    run = lambda: [model.predict(pictures[n:n + together], imgsz=size, device=0, verbose=False)
                   for n in range(0, 16, together)]
    run()
    begun, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        run()
        count += 16
    found[str(together)] = round(count / passed, 1)
print(json.dumps(found))
"""


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--ultralytics", type=Path, metavar="PYTHON", help="with ultralytics")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    entry = Registry().find("street", Path.cwd())
    gpu, reasons = _gpu(), _missing(entry)
    if gpu is None or len(reasons) == len(DEVICES):
        print("no GPU that a model runs on: nothing to measure here")
        for name, reason in reasons.items():
            print(f"{name}: {reason}")
        print(json.dumps({"gpu": None, "reasons": reasons}))
        return
    print(gpu)
    result = _measure(entry, [name for name in DEVICES if name not in reasons], options)
    result = {"gpu": gpu, "reasons": reasons} | result
    if options.keep:
        print(f"kept: {keep('gpu', result)}")
    print(json.dumps(result))


def _gpu() -> str | None:
    """Ask the driver: name, memory, driver version."""
    asked = "--query-gpu=name,memory.total,driver_version"
    try:
        told = subprocess.run(  # noqa: S603 - no shell, no word of anybody else's
            ["nvidia-smi", asked, "--format=csv,noheader"],  # noqa: S607 - wherever it lies
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip().partition("\n")[0] or None


def _missing(entry: ModelEntry) -> dict[str, str]:
    """Say why each engine with a device does not run here; none for those that do."""
    reasons = {}
    for name in DEVICES:
        if name not in available_engines():
            reasons[name] = "not in the installed onnxruntime; pip install 'streetwarden[gpu]'"
            continue
        try:
            load(entry.file, choice=Choice(name, threads=1)).close()
        except ModelError as error:
            reasons[name] = str(error).removeprefix(f"{entry.file}: ")
    return reasons


def _measure(
    entry: ModelEntry, devices: Sequence[str], options: argparse.Namespace
) -> dict[str, Any]:
    _, trials = tune(entry, engines=devices)
    good = {(t.choice.engine, t.choice.precision) for t in trials if not t.refused}
    engines: dict[str, Any] = {}
    for name in devices:
        for precision in ENGINES[name].precisions:
            if (name, precision) in good:
                engines[f"{name} {precision}"] = _engine(entry, name, precision, options.seconds)
                print(f"{name} {precision}: {engines[f'{name} {precision}']}", flush=True)
    decode = _decode(options.seconds)
    print(f"decoding: {decode}", flush=True)
    most = max((row["ours_img_s"] for row in engines.values()), default=0.0)
    return {
        "engines": engines,
        "ultralytics": _ultralytics(entry, options),
        "decode": decode,
        "cameras": round(LOOK_S * most),
    }


def _engine(entry: ModelEntry, name: str, precision: str, seconds: float) -> dict[str, Any]:
    settings = best_settings(entry, name, precision)
    bare = Bare(entry, settings)
    detector = _detector(entry, settings)
    random = np.random.default_rng(0)
    pictures: list[Picture] = [
        random.integers(0, 255, (1080, 1920, 3), dtype=np.uint8) for _ in range(TOGETHER)
    ]
    blob = random.random((1, 3, *entry.input_size), np.float32)
    ours_s: list[float] = []
    bare_s: list[float] = []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s or not ours_s:
        begun_s = time.perf_counter()
        detector.detect(pictures)
        ours_s.append((time.perf_counter() - begun_s) / TOGETHER)
        bare_s.append(bare.call_s(blob, TOGETHER) / TOGETHER)
    detector.close()
    ours, theirs = statistics.median(ours_s[1:] or ours_s), statistics.median(bare_s[1:] or bare_s)
    return {
        "ours_img_s": round(1 / ours, 1),
        "bare_img_s": round(1 / theirs, 1),
        "ratio": round(theirs / ours, 3),
        "settings": str(settings),
    }


def _detector(entry: ModelEntry, settings: Settings) -> Detector:
    choice = Choice(settings.engine, settings.precision, settings.threads, streams=settings.streams)
    return load(
        entry.file,
        layout=entry.layout,
        classes=entry.classes,
        input_size=entry.input_size,
        choice=choice,
    )


def _ultralytics(entry: ModelEntry, options: argparse.Namespace) -> dict[str, float] | str:
    if options.ultralytics is None:
        return "left out: --ultralytics names no Python that has it"
    words = [str(entry.file), json.dumps(list(entry.input_size)), str(options.seconds)]
    ended = subprocess.run(  # noqa: S603 - the Python that was named
        [str(options.ultralytics), "-c", _ULTRALYTICS, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        return f"left out: {(ended.stderr.strip().splitlines() or ['it failed'])[-1]}"
    found: dict[str, float] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found


def _decode(seconds: float) -> dict[str, Any]:
    """Decode the quiet street on NVDEC, if it proves itself, and on one core."""
    hardware = Hardware("cuda")
    hardware.probe()
    opened = hardware.open("h264")
    with tempfile.TemporaryDirectory(prefix="gpu-") as name:
        video = write_quiet_street(Path(name) / "quiet.h264", seconds=8)
        with av.open(str(video)) as container:
            packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    software = av.CodecContext.create("h264", "r")
    software.thread_count = 1
    found: dict[str, Any] = {"core_img_s": _decoded_s(software, packets, seconds)}
    if opened is None:
        return found | {"nvdec_img_s": None, "reason": hardware.reasons.get("cuda")}
    return found | {"nvdec_img_s": _decoded_s(opened.context, packets, seconds)}


def _decoded_s(context: Any, packets: Sequence[bytes], seconds: float) -> float:
    """Return pictures a second of one stream, in main memory."""
    shown, begun_s = 0, time.perf_counter()
    while (passed_s := time.perf_counter() - begun_s) < seconds:
        for data in packets:
            shown += len(context.decode(av.Packet(data)))
    return round(shown / passed_s, 1)


if __name__ == "__main__":
    main()
