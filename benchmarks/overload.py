"""Measure what a site does when three times as many looks are due as it can make.

What it measures: `streetwarden run` over 1080p25 cameras (a quiet street with a key frame every
0.2 s, each due five times a second, no gate), a sixth of them with priority 3. Of every camera: its
looks a second; of the site: how old a picture is when its result is there, and what it says.
Against: every camera is looked at, the slowest at least half as often as the mean of its priority;
the oldest picture is bounded; streetwarden_shedding is 1.

Limit: the cameras are processes on the same machine and take a share of it. How far the site is
over its limit (`overload`: due looks over looks made) follows from machine and --cameras.

    python -m benchmarks.overload [--cameras N] [--seconds S] [--keep]

The last line is one JSON object: overload, slowest_share {priority: slowest over mean}, looks_s
{priority: mean}, stale_most_s, shedding. --keep also writes it to benchmarks/results/.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.fleet import HIGH, Fleet
from benchmarks.machine import keep
from benchmarks.quiet_street import write_quiet_street

GOP, INTERVAL_S = 5, 0.2


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cameras", type=int, default=18)
    parser.add_argument("--seconds", type=float, default=45.0, help="of measuring")
    parser.add_argument("--settle", type=float, default=40.0, help="seconds before it")
    parser.add_argument("--clip", type=int, default=20, help="seconds of the made stream")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="overload-") as name:
        folder = Path(name)
        video = write_quiet_street(folder / "quiet.mp4", seconds=options.clip, gop=GOP)
        result = _measure(video, folder, options)
    print(
        f"{result['overload']:.1f} times overload, slowest share {result['slowest_share']}, "
        f"oldest picture {result['stale_most_s']:.2f} s"
    )
    if options.keep:
        print(f"kept: {keep('overload', result)}")
    print(json.dumps(result))


def _measure(video: Path, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    high = max(1, options.cameras // 6)
    stale_s = 0.0
    with Fleet(
        video, options.cameras, folder, interval_s=INTERVAL_S, gate=False, high=high
    ) as fleet:
        fleet.settle(options.settle)
        before, begun_s = fleet.cameras(), time.monotonic()
        while time.monotonic() - begun_s < options.seconds:
            time.sleep(1.0)
            stale_s = max(stale_s, *(row["staleness_s"] for row in fleet.cameras()))
        after, passed_s = fleet.cameras(), time.monotonic() - begun_s
        shedding = fleet.sample().shedding
    looks = [now["looks"] - then["looks"] for then, now in zip(before, after, strict=True)]
    groups = {f"{HIGH:g}": looks[:high], "1": looks[high:]}
    mean = {name: sum(group) / len(group) for name, group in groups.items()}
    for name, group in groups.items():
        print(f"priority {name}: looks a second {[round(n / passed_s, 2) for n in group]}")
    due = passed_s / INTERVAL_S * options.cameras
    return {
        "overload": round(due / max(1, sum(looks)), 2),
        "slowest_share": {
            name: round(min(group) / max(mean[name], 1e-9), 3) for name, group in groups.items()
        },
        "looks_s": {name: round(value / passed_s, 3) for name, value in mean.items()},
        "stale_most_s": round(stale_s, 2),
        "shedding": shedding,
        "cameras": options.cameras,
    }


if __name__ == "__main__":
    main()
