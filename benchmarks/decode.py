"""Measure what a camera's pictures cost to decode, the way the decode pool does it and otherwise.

What it measures: CPU milliseconds (all threads of the process) to make one look of packets that
were read: decoded, and scaled to an RGB picture 640 pixels long. One look for each key packet:

- ours: key packets with the decoder and the scaler of the decode pool: each alone, without the loop
  filter, drained and flushed after each;
- plain: key packets as PyAV decodes them by itself (skip_frame NONKEY);
- every: all pictures decoded, as where key packets are too far apart;
- demux: only reading, with all that Python does for a packet; what a camera costs in any case.

Against: `plain` is what a look costs with PyAV's own means, `every` what it costs without key
packets. What reading and opening cost is measured by itself and taken off: `ours` and `every` are
differences to a reader that decodes a single look, `plain` to PyAV's own demuxing. All take turns,
round by round, and the figures are medians of the rounds: other work on the machine hits all alike,
and CPU time does not count waiting.

Limit: a file, no network and no RTSP. A shared cache and a busy neighbour still slow CPU time down:
believe the ratios rather than the milliseconds, and those only to a tenth. How much the loop filter
saves depends on the stream: little where a key frame is large and reading its bits costs most. The
made stream is 1080p H.264 of about 4 Mbit/s, a key frame every 2 s, moving structures and sensor
noise. Pictures without the loop filter differ a little from full ones; what a model makes of that
is measured by `benchmarks.key_frame`.

    python -m benchmarks.decode [FILE ...] [--rounds N]

Without FILE: the made stream, and the H.264 videos in STREETWARDEN_DATA if there are any. The last
line is one JSON object: for the first file `ours_ms`, `plain_ms`, `every_ms`, `demux_ms` a look,
`ratio_plain` = ours_ms / plain_ms, `ratio_every` = ours_ms / every_ms, and `cameras`, as many as
one core reads and looks at every two seconds; `files` has the same for each file.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from streams import FileReader, Picture

LONGEST_PX = 640
LOOK_S = 2.0
WIDTH, HEIGHT, FPS, GOP, SECONDS, BIT_RATE = 1920, 1080, 25, 50, 6, 4_000_000
ONE_LOOK_S = 1e6
"""An interval that a recording has one look of."""
START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """One recording's medians, in CPU milliseconds a look."""

    file: str
    width: int
    height: int
    looks: int
    ours_ms: float
    plain_ms: float
    every_ms: float
    demux_ms: float
    ratio_plain: float
    ratio_every: float
    cameras: float


class Recording:
    """A recording and the ways through it; each returns how many pictures it made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        gap_s = FileReader(path, interval_s=LOOK_S, start=START).info.key_interval_s
        if gap_s is None:
            raise SystemExit(f"{path}: fewer than two key packets that decode alone")
        self._interval_s = gap_s or LOOK_S
        info = self._reader(self._interval_s).info
        self.width, self.height = info.width, info.height
        self.ways: dict[str, Callable[[], int]] = {
            "opening": self._opening,
            "one": _pictures(self._reader(ONE_LOOK_S)),
            "ours": _pictures(self._reader(self._interval_s)),
            "every": _pictures(self._reader(self._interval_s, decode="all")),
            "bare": self._bare,
            "plain": self._plain,
        }

    def _reader(self, interval_s: float, decode: Literal["auto", "all"] = "auto") -> FileReader:
        return FileReader(
            self._path, interval_s=interval_s, longest_px=LONGEST_PX, start=START, decode=decode
        )

    def _opening(self) -> int:
        """Open and close."""
        with av.open(str(self._path)):
            return 0

    def _bare(self) -> int:
        """Demux with PyAV."""
        with av.open(str(self._path)) as container:
            return sum(packet.is_keyframe for packet in container.demux(video=0))

    def _plain(self) -> int:
        """Decode key packets as PyAV does by itself."""
        shown = 0
        with av.open(str(self._path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            for frame in container.decode(stream):
                scale = LONGEST_PX / max(frame.width, frame.height, LONGEST_PX)
                size = round(frame.width * scale), round(frame.height * scale)
                frame.to_ndarray(width=size[0], height=size[1], format="rgb24")
                shown += 1
        return shown


def _pictures(reader: FileReader) -> Callable[[], int]:
    return lambda: sum(1 for _ in reader)


def measure(path: Path, name: str, rounds: int) -> Result:
    """Let the ways take turns."""
    recording = Recording(path)
    spent: dict[str, list[float]] = {way: [] for way in recording.ways}
    looks = dict.fromkeys(recording.ways, 0)
    for _ in range(rounds):
        for way, work in recording.ways.items():
            started_s = time.process_time()
            looks[way] = work()
            spent[way].append(1000.0 * (time.process_time() - started_s))
    total = {way: statistics.median(costs) for way, costs in spent.items()}
    ours = (total["ours"] - total["one"]) / (looks["ours"] - 1)
    plain = (total["plain"] - total["bare"]) / looks["plain"]
    every = (total["every"] - total["one"]) / looks["every"]
    demux = max(0.0, total["one"] - total["opening"] - ours) / looks["ours"]
    return Result(
        file=name,
        width=recording.width,
        height=recording.height,
        looks=looks["ours"],
        ours_ms=round(ours, 2),
        plain_ms=round(plain, 2),
        every_ms=round(every, 2),
        demux_ms=round(demux, 3),
        ratio_plain=round(ours / plain, 3),
        ratio_every=round(ours / every, 3),
        cameras=round(LOOK_S * 1000.0 / (ours + demux), 1),
    )


def picture(number: int, background: Picture, noise: Sequence[Picture]) -> Picture:
    """Draw a street of sorts: structures, twelve things that move, sensor noise."""
    drawn = background.copy()
    for thing in range(12):
        x = (number * (2 + thing) + 150 * thing) % (WIDTH - 160)
        y = 300 + 60 * thing
        drawn[y : y + 80, x : x + 160] = (40 + 15 * thing, 200 - 12 * thing, 90)
        drawn[y + 10 : y + 30, x + 20 : x + 140] = 30
    drawn += noise[number % len(noise)]  # nothing drawn is so bright that it could overflow
    return drawn


def make_stream(path: Path) -> None:
    """Encode the made stream."""
    random = np.random.default_rng(7)
    coarse = random.integers(30, 200, (HEIGHT // 40 + 1, WIDTH // 40 + 1, 3), dtype=np.uint8)
    background = coarse.repeat(40, axis=0).repeat(40, axis=1)[:HEIGHT, :WIDTH]
    noise = [random.integers(0, 10, (HEIGHT, WIDTH, 1), dtype=np.uint8) for _ in range(5)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        context: VideoCodecContext = stream.codec_context
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.time_base, context.bit_rate, context.gop_size = Fraction(1, FPS), BIT_RATE, GOP
        context.options = {"preset": "veryfast", "x264-params": "scenecut=0:bframes=0"}
        for number in range(FPS * SECONDS):
            frame = av.VideoFrame.from_ndarray(picture(number, background, noise), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def real_videos() -> list[Path]:
    """Return the H.264 videos of STREETWARDEN_DATA."""
    folder = Path(os.environ.get("STREETWARDEN_DATA", "../shared/data")) / "videos"
    return sorted(folder.glob("*.mp4"))


def main(arguments: Sequence[str]) -> None:
    """Measure, print a table, and last one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="decode-") as folder:
        files = [(path, path.name) for path in options.files]
        if not files:
            made = Path(folder) / "made-1080p.mp4"
            make_stream(made)
            files = [(made, made.name), *((path, path.name) for path in real_videos())]
        print(f"{'CPU ms a look':28} {'ours':>8} {'plain':>8} {'every':>8} {'demux':>8}")
        results: list[Result] = []
        for path, name in files:
            found = measure(path, name, options.rounds)
            results.append(found)
            print(
                f"{name[:18]:18} {found.width:4}x{found.height:<4} {found.ours_ms:8.2f} "
                f"{found.plain_ms:8.2f} {found.every_ms:8.2f} {found.demux_ms:8.3f}"
            )
    first = {key: value for key, value in asdict(results[0]).items() if key != "file"}
    print(json.dumps(first | {"files": [asdict(found) for found in results]}))


if __name__ == "__main__":
    main(sys.argv[1:])
