"""What the hardware allows: the parts that no system can do without, measured bare.

Every core does the same part at the same time, as in a full machine: caches and memory are shared
as they are at work. A camera costs, each second, half a key frame decoded and scaled to the
network's input, half a run of the network (for the share of the looks that needs one), and its
share of the camera server, which runs on the same machine.
"""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # ships no types
from av.video.codeccontext import VideoCodecContext

from benchmarks.cameras.clip import key_packets
from benchmarks.cameras.rows.task import INPUT_HEIGHT, INPUT_WIDTH
from streams.scaler import Scaler

MEASURE_S = 3.0


@dataclass(frozen=True, slots=True)
class Parts:
    """CPU milliseconds of one go, on one core while all are busy with the same."""

    network_ms: float
    key_ms: float
    """A key frame decoded without its loop filter, and scaled to the network's input the quickest
    way known: ours, a quarter of swscale's time."""

    def cameras(self, server_ms: float, network_share: float) -> float:
        """Return how many cameras the cores allow at half a look a second.

        server_ms: what the server takes for a camera each second.
        """
        a_camera_ms = server_ms + 0.5 * (self.key_ms + network_share * self.network_ms)
        return 1000 * _cores() / a_camera_ms


def measure(model: Path, clip: Path) -> Parts:
    """Measure both parts, one after the other."""
    return Parts(_everywhere(_network_ms, model), _everywhere(_key_ms, clip))


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _everywhere(part: Callable[[Path], float], file: Path) -> float:
    context = multiprocessing.get_context("spawn")
    with context.Pool(_cores()) as pool:
        return statistics.mean(pool.map(part, [file] * _cores(), chunksize=1))


def _network_ms(model: Path) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    picture = np.random.default_rng(0).random((1, 3, INPUT_HEIGHT, INPUT_WIDTH), np.float32)
    return _median_ms(lambda: session.run(None, {name: picture}))


def _key_ms(clip: Path) -> float:
    packets = key_packets(clip)
    context = av.CodecContext.create("h264", "r")
    if not isinstance(context, VideoCodecContext):
        raise TypeError("h264 is no video codec")
    context.thread_count = 1
    context.options = {"skip_loop_filter": "all", "flags2": "+fast"}
    scaler = Scaler()
    turn = iter(packets * 1000)

    def once() -> None:
        frames = [*context.decode(av.Packet(next(turn))), *context.decode(None)]
        context.flush_buffers()
        scaler.picture(frames[0], INPUT_WIDTH)

    return _median_ms(once)


def _median_ms(once: Callable[[], object]) -> float:
    for _ in range(3):
        once()
    spent, until_s = [], time.monotonic() + MEASURE_S
    while time.monotonic() < until_s:
        before_s = time.process_time()
        once()
        spent.append(1000 * (time.process_time() - before_s))
    return statistics.median(spent)
