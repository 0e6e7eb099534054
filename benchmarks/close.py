"""Measure how soon a close look begins, what it shows of the time before, what neighbours lose.

What it measures: 1080p25 cameras (a quiet street, a key frame every two seconds) in an ingest
worker; at changing moments between two key frames one of them is asked to be looked at closely. For
each request: the time until its first picture comes out, and how far before the request that
picture was taken. Of the other cameras: how many of their looks are missing while it lasts.
Against: 0.5 s for the first picture; at most one look that a neighbour loses.

Limit: decoding what came since the last look takes longer the later in the interval the request
comes, and on a slower or a busier machine. Requests come from this process, not from a model.

    python -m benchmarks.close [--cameras N] [--requests N] [--seconds S] [--keep]

The last line is one JSON object: first_s (median), first_most_s, before_s (median: first picture
before the request), close_looks_s (pictures a second while it lasts), neighbour_lost_most. --keep
also writes it to benchmarks/results/.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.machine import keep
from benchmarks.quiet_street import write_quiet_street
from pipeline import Ingest
from streams import CameraSpec, Frame, Source
from streams.simulated import SimulatedCamera

INTERVAL_S = 2.0
EVERY_S = 0.2
LONGEST_PX = 512
SETTLE_S = 6.0
WAIT_S = 5.0


class Watch:
    """What came of each camera, with the monotonic time of it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.frames: dict[str, list[tuple[float, Frame]]] = defaultdict(list)

    def put(self, frame: Frame) -> None:
        """Keep a frame, without its picture."""
        with self.changed:
            self.frames[frame.camera_id].append((time.monotonic(), frame))
            self.changed.notify_all()

    def first_close(self, camera_id: str, since: int) -> tuple[float, Frame]:
        """Wait for the first picture of a close look after the first `since` frames."""

        def found() -> tuple[float, Frame] | None:
            rest = self.frames[camera_id][since:]
            return next((one for one in rest if one[1].close), None)

        with self.changed:
            if not self.changed.wait_for(found, WAIT_S):
                raise SystemExit(f"no close picture of {camera_id} within {WAIT_S:g} s")
            first = found()
        if first is None:
            raise SystemExit(f"no close picture of {camera_id}")
        return first

    def next_look(self, camera_id: str) -> None:
        """Wait for the next of a camera's regular looks."""
        with self.changed:
            since = len(self.frames[camera_id])

            def found() -> bool:
                return any(not frame.close for _, frame in self.frames[camera_id][since:])

            if not self.changed.wait_for(found, WAIT_S):
                raise SystemExit(f"no look of {camera_id} within {WAIT_S:g} s")


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cameras", type=int, default=6)
    parser.add_argument("--requests", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each close look")
    parser.add_argument("--clip", type=int, default=20, help="seconds of the made stream")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="close-") as name, ExitStack() as held:
        video = write_quiet_street(Path(name) / "quiet.mp4", seconds=options.clip)
        result = _measure(video, held, options)
    print(
        f"first picture after {result['first_s']:.3f} s (at most {result['first_most_s']:.3f}), "
        f"taken {result['before_s']:.2f} s before the request; neighbours lost at most "
        f"{result['neighbour_lost_most']} looks"
    )
    if options.keep:
        print(f"kept: {keep('close', result)}")
    print(json.dumps(result))


def _measure(video: Path, held: ExitStack, options: argparse.Namespace) -> dict[str, Any]:
    camera = held.enter_context(SimulatedCamera(video))
    specs = [
        CameraSpec(f"c{number}", Source(camera.url), interval_s=INTERVAL_S, longest_px=LONGEST_PX)
        for number in range(options.cameras)
    ]
    watch = Watch()

    def looked(frame: Frame) -> None:
        watch.put(frame)
        ingest.taken([frame.camera_id])

    ingest = Ingest(specs, workers=1, on_frame=looked, on_state=lambda _: None)
    ingest.start()
    held.callback(ingest.stop)
    time.sleep(SETTLE_S)
    firsts, befores, paces = [], [], []
    for number in range(options.requests):
        asked = f"c{number % options.cameras}"
        watch.next_look(asked)
        # Requests spread evenly over the interval, however long each close look takes.
        time.sleep(INTERVAL_S * (number + 0.5) / options.requests)
        count = len(watch.frames[asked])
        arrival_s, last = watch.frames[asked][-1]
        now_s = time.monotonic()
        at_s = last.at_s + now_s - last.arrival_s
        ingest.look_closely(asked, at_s + options.seconds, EVERY_S)
        came_s, first = watch.first_close(asked, count)
        firsts.append(came_s - now_s)
        befores.append(at_s - first.at_s)
        print(f"{now_s - arrival_s:5.2f} s after the last look: first picture {firsts[-1]:.3f} s "
              f"after the request, taken {befores[-1]:.2f} s before it", flush=True)  # fmt: skip
        time.sleep(options.seconds)
        close = [frame.at_s for _, frame in watch.frames[asked][count:] if frame.close]
        paces.append((len(close) - 1) / (close[-1] - close[0]))
    return {
        "first_s": round(statistics.median(firsts), 3),
        "first_most_s": round(max(firsts), 3),
        "before_s": round(statistics.median(befores), 2),
        "close_looks_s": round(statistics.median(paces), 2),
        "neighbour_lost_most": max(
            _lost([f for _, f in frames]) for frames in list(watch.frames.values())
        ),
        "requests": options.requests,
        "cameras": options.cameras,
    }


def _lost(frames: list[Frame]) -> int:
    """Count the looks missing between two that follow each other, the most in a row."""
    gaps = [after.at_s - before.at_s for before, after in pairwise(frames)]
    return max((round(gap / INTERVAL_S) - 1 for gap in gaps), default=0)


if __name__ == "__main__":
    main()
