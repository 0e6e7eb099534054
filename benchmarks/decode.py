"""Measure what a camera's pictures cost to decode, the way the decode pool does it and otherwise.

What it measures: CPU milliseconds (all threads of the process) to get from packets of a recording
to RGB pictures 640 pixels long:

- ours: clean key packets alone through one shared decoder, without the loop filter, drained and
  flushed after each, scaled by the same thread; as streams.pool does it;
- plain: key packets only as PyAV does it by itself (skip_frame NONKEY, a decoder of its own);
- every: every picture decoded, one for each key packet scaled;
- demux: nothing decoded, only what a camera's thread does.

All decode with one thread, so that the sum of the work counts and not the number of cores. Against:
`plain` and `every` are what a camera costs with PyAV's own means. The four take turns, round by
round, and the figures are medians of the rounds: other work on the machine hits all alike, and CPU
time does not count waiting.

Limit: CPU time without network and RTSP (demux is a file's); opening a file is not counted. A
shared cache and a busy neighbour still slow CPU time down: believe the ratios rather than the
milliseconds. How much the loop filter saves depends on the stream: little where a key frame is
large and reading its bits costs most. The made one is 1080p H.264 of about 4 Mbit/s, a key frame
every 2 s, moving structures and sensor noise. Pictures without the loop filter differ a little
from full ones; this says nothing about what a model makes of that.

    python -m benchmarks.decode [FILE ...] [--rounds N]

Without FILE: the made stream, and the H.264 videos in STREETWARDEN_DATA if there are any. The last
line is one JSON object: for the first file `ours_ms`, `plain_ms`, `every_ms`, `demux_ms` for each
key packet, `ratio_plain` = ours_ms / plain_ms, `ratio_every` = ours_ms / every_ms, and `cameras`,
as many 25-picture-a-second cameras as one core decodes a key packet of every two seconds; `files`
has the same for each file.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from streams import CodecParameters, Packet, Picture, Source
from streams.decoder import KeyDecoder, RunDecoder, Scaler
from streams.demuxer import Demuxer
from streams.reader import RecordingClock

LONGEST_PX = 640
LOOK_S = 2.0
WIDTH, HEIGHT, FPS, GOP, SECONDS, BIT_RATE = 1920, 1080, 25, 50, 6, 4_000_000
LONGEST_S = 8.0
"""Part of a recording that is used."""


@dataclass(frozen=True, slots=True)
class Result:
    """One recording's medians; milliseconds are for each key packet."""

    file: str
    width: int
    height: int
    keys: int
    ours_ms: float
    plain_ms: float
    every_ms: float
    demux_ms: float
    ratio_plain: float
    ratio_every: float
    cameras: float


class Recording:
    """A recording's packets in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.packets: list[tuple[Packet, CodecParameters]] = []
        clock = RecordingClock()
        with Demuxer(Source.of_file(path)) as demuxer:
            for unit in demuxer.units():
                packet = unit.placed(clock.place_s(unit))
                if packet.at_s > LONGEST_S:
                    break
                self.packets.append((packet, unit.parameters))
        self.keys = [one for one in self.packets if one[0].key and not one[0].warmup]

    def ours(self) -> float:
        """Decode key packets as the pool does."""
        decoder, scaler = KeyDecoder(), Scaler()
        watch = Stopwatch()
        for packet, parameters in self.keys:
            frame = decoder.decode(packet, parameters)
            if frame is not None:
                scaler.picture(frame, LONGEST_PX)
                watch.shown += 1
        return watch.ms_each(len(self.keys))

    def plain(self) -> float:
        """Decode key packets as PyAV does by itself."""
        scaler = Scaler()
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            stream.thread_count = 1
            watch = Stopwatch()
            for frame in container.decode(stream):
                if watch.shown == len(self.keys):
                    break
                scaler.picture(frame, LONGEST_PX)
                watch.shown += 1
            return watch.ms_each(len(self.keys))

    def every(self) -> float:
        """Decode every picture; scale one for each key packet."""
        decoder, scaler = RunDecoder(self.packets[0][1]), Scaler()
        watch = Stopwatch()
        for packet, parameters in self.packets:
            for found, frame in decoder.feed(packet, parameters):
                if found.key:
                    scaler.picture(frame, LONGEST_PX)
                    watch.shown += 1
        for found, frame in decoder.drain():
            if found.key:
                scaler.picture(frame, LONGEST_PX)
                watch.shown += 1
        return watch.ms_each(len(self.keys))

    def demux(self) -> float:
        """Only demux."""
        clock = RecordingClock()
        with Demuxer(Source.of_file(self.path)) as demuxer:
            watch = Stopwatch()
            for unit in demuxer.units():
                packet = unit.placed(clock.place_s(unit))
                if packet.at_s > LONGEST_S:
                    break
                watch.shown += packet.key and not packet.warmup
            return watch.ms_each(len(self.keys))


class Stopwatch:
    """CPU time of the process since it was made, and what came out meanwhile."""

    def __init__(self) -> None:
        self.shown = 0
        self._started_s = time.process_time()

    def ms_each(self, keys: int) -> float:
        """Return milliseconds for each key packet; stop when a picture is missing."""
        spent_s = time.process_time() - self._started_s
        if self.shown != keys:
            raise SystemExit(f"{self.shown} pictures came of {keys} key packets")
        return 1000.0 * spent_s / keys


def measure(path: Path, name: str, rounds: int) -> Result:
    """Let the four take turns."""
    recording = Recording(path)
    keys = len(recording.keys)
    ways = {
        "ours": recording.ours,
        "plain": recording.plain,
        "every": recording.every,
        "demux": recording.demux,
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            spent[way].append(work())
    ours, plain, every, demux = (statistics.median(spent[way]) for way in ways)
    seconds = recording.packets[-1][0].at_s
    core_ms = LOOK_S * 1000.0
    return Result(
        file=name,
        width=recording.packets[0][1].width,
        height=recording.packets[0][1].height,
        keys=keys,
        ours_ms=round(ours, 2),
        plain_ms=round(plain, 2),
        every_ms=round(every, 2),
        demux_ms=round(demux, 3),
        ratio_plain=round(ours / plain, 3),
        ratio_every=round(ours / every, 3),
        cameras=round(core_ms / (ours + demux * keys / seconds * LOOK_S), 1),
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
        print(f"{'CPU ms a key packet':28} {'ours':>8} {'plain':>8} {'every':>8} {'demux':>8}")
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
