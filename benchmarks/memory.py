"""Measure what a camera costs in memory, by the kernel's count, and whether it grows.

What it measures: a site of n equal 1080p25 cameras (a quiet street, 2 Mbit/s, a key frame every two
seconds), run by `streetwarden run`; memory of all its processes (the kernel's proportional set
size of what is no file: files are shared with whoever else runs Python) less the packet rings, for
several n: the slope is what one more idle camera costs. Then the ingest worker alone
with `--close` cameras looked at closely at once, against the same worker with all idle: what a
close look costs more.

Against: at most 15 MB for an idle camera beside its ring, at most 40 MB more while close, and what
the site publishes of itself (streetwarden_camera_memory_bytes less its rings).

With --soak MINUTES: one site at full load (a key frame every 0.2 s, each due, of more cameras than
the machine can look at: see `shed_share`, and give more of them where it is 0), sampled every ten
seconds after the rings are full; `slope_mb_an_hour` is the straight line through memory less rings,
which is to be flat; `thirds_mb` are the medians of three thirds.

Limit: an allocator keeps what it once had, so a site that shrinks does not give back; n rises here,
each with processes of its own. A slope of some MB an hour over ten minutes is within the noise of
one look's memory (`noise_mb`, the scatter about the line).

    python -m benchmarks.memory [--cameras N,N,..] [--close N] [--keep]
    python -m benchmarks.memory --soak MINUTES [--soak-cameras N] [--keep]

The last line is one JSON object: idle_mb, published_idle_mb, close_mb, held_mb {n: MB}, ring_mb; or
slope_mb_an_hour, noise_mb, thirds_mb, minutes, looks_s, shed_share with --soak. --keep also writes
it to benchmarks/results/.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fleet import Fleet, Sample
from benchmarks.machine import keep
from benchmarks.quiet_street import GOP, write_quiet_street
from pipeline import Ingest
from streams import CameraSpec, Source
from streams.simulated import SimulatedCamera

MB = 1e6
SETTLE_S = 20.0
SAMPLES, SAMPLE_S = 5, 1.0
CLOSE_EVERY_S = 0.2
LONGEST_PX = 512
SOAK_SAMPLE_S = 10.0
SOAK_CAMERAS, SOAK_GOP, SOAK_INTERVAL_S = 30, 5, 0.2
"""150 looks a second are due: more than two cores can make."""
SOAK_SETTLE_S = 120.0


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _options(words)
    with tempfile.TemporaryDirectory(prefix="memory-") as name:
        folder = Path(name)
        gop = SOAK_GOP if options.soak else GOP
        video = write_quiet_street(folder / "quiet.mp4", seconds=options.clip, gop=gop)
        if options.soak:
            result = _soak(video, folder, options.soak * 60.0, options.soak_cameras)
        else:
            result = _idle(video, folder, options.cameras, options.settle)
            result |= _close(video, options.close, options.settle)
            print(f"one idle camera {result['idle_mb']:.1f} MB beside its ring, "
                  f"close {result['close_mb']:.1f} MB more")  # fmt: skip
    if options.keep:
        print(f"kept: {keep('soak' if options.soak else 'memory', result)}")
    print(json.dumps(result))


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    counts = parser.add_argument("--cameras", default="2,8,16", help="numbers of cameras, rising")
    parser.add_argument("--close", type=int, default=3, help="cameras looked at closely")
    parser.add_argument("--settle", type=float, default=SETTLE_S, help="seconds before a sample")
    parser.add_argument("--clip", type=int, default=20, help="seconds of the made stream")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES")
    parser.add_argument("--soak-cameras", type=int, default=SOAK_CAMERAS, metavar="N")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    try:
        options.cameras = sorted({int(count) for count in options.cameras.split(",")})
    except ValueError:
        parser.error(f"{counts.option_strings[0]}: numbers with commas between")
    if len(options.cameras) < 2 or options.cameras[0] < 1:
        parser.error("--cameras: at least two numbers from 1 on")
    return options


def _idle(video: Path, folder: Path, counts: Sequence[int], settle_s: float) -> dict[str, Any]:
    held: dict[int, float] = {}
    published: dict[int, float] = {}
    ring_mb = 0.0
    for count in counts:
        own = folder / f"n{count}"
        own.mkdir()
        with Fleet(video, count, own) as fleet:
            fleet.settle(settle_s)
            samples = _samples(fleet)
        beside = [sample.held_bytes - sample.ring_bytes for sample in samples]
        held[count] = statistics.median(beside) / MB
        ring_mb = samples[-1].ring_bytes / count / MB
        published[count] = (samples[-1].published_bytes - samples[-1].ring_bytes) / count / MB
        print(f"{count:3} cameras: {held[count]:7.1f} MB beside rings of {ring_mb:.1f} MB each; "
              f"published {published[count]:.1f} MB a camera", flush=True)  # fmt: skip
    slope = np.polyfit(list(held), list(held.values()), 1)[0]
    return {
        "idle_mb": round(float(slope), 2),
        "published_idle_mb": round(published[counts[-1]], 2),
        "held_mb": {str(count): round(value, 1) for count, value in held.items()},
        "ring_mb": round(ring_mb, 2),
    }


def _samples(fleet: Fleet) -> list[Sample]:
    found = []
    for _ in range(SAMPLES):
        found.append(fleet.sample())
        time.sleep(SAMPLE_S)
    return found


def _close(video: Path, close: int, settle_s: float) -> dict[str, float]:
    """Measure an ingest worker's memory before and while cameras are looked at closely."""
    seen: dict[str, float] = {}
    with ExitStack() as held:
        camera = held.enter_context(SimulatedCamera(video))
        specs = [
            CameraSpec(f"c{number}", Source(camera.url), longest_px=LONGEST_PX)
            for number in range(close + 1)
        ]

        def looked(frame: Any) -> None:
            seen[frame.camera_id] = frame.at_s
            ingest.taken([frame.camera_id])

        ingest = Ingest(specs, workers=1, on_frame=looked, on_state=lambda _: None)
        ingest.start()
        held.callback(ingest.stop)
        time.sleep(settle_s)
        idle = _beside_rings(ingest)
        for spec in specs[:close]:
            now_s = seen[spec.camera_id]
            ingest.look_closely(spec.camera_id, now_s + settle_s + 30.0, CLOSE_EVERY_S)
        time.sleep(settle_s)
        busy = _beside_rings(ingest)
    return {"close_mb": round((busy - idle) / close / MB, 2)}


def _beside_rings(ingest: Ingest) -> float:
    """Return what the worker publishes less its rings, the median of some beats."""
    found = []
    for _ in range(3):
        time.sleep(5.5)  # it measures itself every fifth beat
        (counters,) = ingest.counters()
        rings = sum(one["ring_bytes"] for one in counters.values() if isinstance(one, dict))
        found.append(counters["memory_bytes"] - rings)
    return float(statistics.median(found))


def _soak(video: Path, folder: Path, seconds: float, cameras: int) -> dict[str, Any]:
    settle_s = min(SOAK_SETTLE_S, seconds / 4)
    with Fleet(
        video, cameras, folder, interval_s=SOAK_INTERVAL_S, gate=False
    ) as fleet:  # fmt: skip
        fleet.settle(settle_s)
        samples = [fleet.sample()]
        while samples[-1].at_s - samples[0].at_s < seconds - settle_s:
            time.sleep(SOAK_SAMPLE_S)
            samples.append(fleet.sample())
            print(f"{samples[-1].at_s - samples[0].at_s:6.0f} s  "
                  f"{(samples[-1].held_bytes - samples[-1].ring_bytes) / MB:7.1f} MB beside rings, "
                  f"{samples[-1].ring_bytes / MB:6.1f} MB of rings", flush=True)  # fmt: skip
    at_h = np.array([sample.at_s - samples[0].at_s for sample in samples]) / 3600.0
    held = np.array([sample.held_bytes - sample.ring_bytes for sample in samples]) / MB
    slope, start = np.polyfit(at_h, held, 1)
    passed_s = samples[-1].at_s - samples[0].at_s
    looks, lost = samples[-1].looks - samples[0].looks, samples[-1].lost - samples[0].lost
    return {
        "slope_mb_an_hour": round(float(slope), 2),
        "noise_mb": round(float(np.std(held - (start + slope * at_h))), 2),
        "thirds_mb": [round(float(np.median(part)), 1) for part in np.array_split(held, 3)],
        "minutes": round(passed_s / 60.0, 1),
        "cameras": cameras,
        "looks_s": round(looks / passed_s, 2),
        "shed_share": round(lost / max(1, looks + lost), 3),
        "shedding": samples[-1].shedding,
    }


if __name__ == "__main__":
    main()
