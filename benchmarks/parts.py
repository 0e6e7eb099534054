"""Measure where the processor time of a look goes, part by part.

What it measures: processor milliseconds for one look at a 1080p25 camera with a key frame every two
seconds (the quiet street), each part by itself on one thread: receiving (two seconds of packets),
decoding the key frame and scaling it, the motion gate, what goes round the network (resizing,
normalising, reading boxes) and the network, in float32 on ONNX Runtime and in the fastest half
precision that OpenVINO has here.
Against: nothing; it says what there is to gain.

Limit: packets are read from a file; RTSP over TCP costs more (`benchmarks.scale` has the whole).
Parts measured alone find warm caches. Believe a tenth.

    python -m benchmarks.parts [--seconds S] [--keep]

The last line is one JSON object, in ms a look: receive, decode, gate, around, network {fp32, ..}.
--keep also writes it to benchmarks/results/.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decode import measure
from benchmarks.machine import keep
from benchmarks.quiet_street import write_quiet_street
from models import Choice, Detections, ModelEntry, ModelError, Registry, load
from models.backends import engine_of
from pipeline.gate import MotionGate
from streams import FileReader, Frame

START = datetime(2026, 1, 5, tzinfo=UTC)
WAYS = (("fp32", "onnxruntime", "fp32"), ("fp16", "openvino", "fp16"), ("bf16", "openvino", "bf16"))


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each part")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    entry = Registry().find("street", Path.cwd())
    with tempfile.TemporaryDirectory(prefix="parts-") as name:
        video = write_quiet_street(Path(name) / "quiet.mp4", seconds=12)
        stream = measure(video, "quiet", 3)
        frames = list(
            FileReader(video, interval_s=2.0, longest_px=max(entry.input_size), start=START)
        )
    network, around = _network(entry, frames, options.seconds)
    result: dict[str, Any] = {
        "receive": stream.demux_ms,
        "decode": stream.ours_ms,
        "gate": round(_gate_ms(frames, options.seconds), 3),
        "around": around,
        "network": network,
    }
    for part, cost in result.items():
        print(f"{part:10} {cost}")
    if options.keep:
        print(f"kept: {keep('parts', result)}")
    print(json.dumps(result))


def _gate_ms(frames: Sequence[Frame], seconds: float) -> float:
    gate = MotionGate(None, interval_s=2.0, forced_s=300.0)
    gate.saw(frames[0], Detections.empty())
    return _cost_ms(lambda: [gate.carry(frame) for frame in frames], len(frames), seconds)


def _network(
    entry: ModelEntry, frames: Sequence[Frame], seconds: float
) -> tuple[dict[str, float], float]:
    """Return the network's cost in each precision that is here, and what goes round it."""
    pictures = [frame.picture for frame in frames]
    blob = np.zeros((1, 3, *entry.input_size), np.float32)
    network: dict[str, float] = {}
    around: list[float] = []
    for name, engine, precision in WAYS:
        try:
            session = engine_of(engine, precision)(entry.file.read_bytes(), threads=1, spin=False)
            detector = load(entry.file, choice=Choice(engine, precision, 1, 1), spin=False)
        except (ModelError, ModuleNotFoundError) as error:
            print(f"{name} left out: {error}")
            continue
        whole = _cost_ms(
            lambda detector=detector: [detector.detect([one]) for one in pictures],  # type: ignore[misc]  # bound now
            len(pictures),
            seconds,
        )
        network[name] = round(
            _cost_ms(lambda session=session: session.run(blob), 1, seconds),  # type: ignore[misc]  # bound now
            2,
        )
        around.append(whole - network[name])
        detector.close()
        session.close()
    return network, round(max(0.0, statistics.median(around)), 2)


def _cost_ms(work: Callable[[], object], times: int, seconds: float) -> float:
    """Return the median processor time of a piece of work, in milliseconds."""
    work()
    costs: list[float] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s or not costs:
        begun_s = time.process_time()
        work()
        costs.append(1000.0 * (time.process_time() - begun_s) / times)
    return statistics.median(costs)


if __name__ == "__main__":
    main()
