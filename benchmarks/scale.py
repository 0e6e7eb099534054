"""Measure how the cost of a camera grows with the number of cameras.

What it measures: processor time of all processes of `streetwarden run` per camera and second, for
sites of 1 to 64 equal 1080p25 cameras (a quiet street, 2 Mbit/s, a key frame every two seconds, one
look every two seconds, motion gate on): receiving, keeping, decoding, looking, rules, everything.
Against: the cost at 8 cameras of the same run: at 64 it is to be at most 1.1 times that. What a
site costs whatever it watches is spread over more cameras, so the cost first falls.

Limit: the cameras are processes on the same machine; they are not counted, but share its caches.
Processor time does not count waiting. A site that sheds costs less than it should: `shed_share`.

    python -m benchmarks.scale [--cameras N,N,..] [--seconds S] [--rounds N] [--keep]

The last line is one JSON object: cost_ms {n: processor ms per camera and second}, ratio_64_8 (the
last number against 8, or the first where 8 is not among them), shed_share {n: share}. --keep also
writes it to benchmarks/results/.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fleet import Fleet
from benchmarks.machine import keep
from benchmarks.quiet_street import write_quiet_street

SETTLE_S = 12.0
BASE = 8


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cameras", default="1,2,4,8,16,32,64", help="numbers of cameras")
    parser.add_argument("--seconds", type=float, default=24.0, help="of measuring, each number")
    parser.add_argument("--settle", type=float, default=SETTLE_S, help="seconds before it")
    parser.add_argument("--rounds", type=int, default=1, help="how often; medians are taken")
    parser.add_argument("--clip", type=int, default=20, help="seconds of the made stream")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    counts = [int(count) for count in options.cameras.split(",")]
    costs: dict[int, list[float]] = {count: [] for count in counts}
    shed: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        video = write_quiet_street(Path(name) / "quiet.mp4", seconds=options.clip)
        for turn in range(options.rounds):
            for count in counts:
                folder = Path(name) / f"{turn}-{count}"
                folder.mkdir()
                cost_ms, shed[count] = _cost(video, count, folder, options)
                costs[count].append(cost_ms)
                print(
                    f"{count:3} cameras: {cost_ms:6.2f} ms of processor a camera and second, "
                    f"{count * cost_ms / 1000:.2f} cores in all, {shed[count]:.1%} shed",
                    flush=True,
                )
    found = {count: statistics.median(each) for count, each in costs.items()}
    base = BASE if BASE in found else counts[0]
    result = {
        "cost_ms": {str(count): round(cost, 3) for count, cost in found.items()},
        "ratio_64_8": round(found[counts[-1]] / found[base], 3),
        "shed_share": {str(count): round(share, 4) for count, share in shed.items()},
    }
    if options.keep:
        print(f"kept: {keep('scale', result)}")
    print(json.dumps(result))


def _cost(
    video: Path, count: int, folder: Path, options: argparse.Namespace
) -> tuple[float, float]:
    """Return processor milliseconds a camera and second, and the share of looks shed."""
    with Fleet(video, count, folder) as fleet:
        fleet.settle(options.settle)
        before = fleet.sample()
        time.sleep(options.seconds)
        after = fleet.sample()
    passed_s = after.at_s - before.at_s
    looks, lost = after.looks - before.looks, after.lost - before.lost
    cost_ms = 1000.0 * (after.cpu_s - before.cpu_s) / passed_s / count
    return cost_ms, lost / max(1, looks + lost)


if __name__ == "__main__":
    main()
