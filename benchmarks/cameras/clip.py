"""The two clips that the cameras show: 1080p25 H.264, a key frame every two seconds, 40 s long.

busy: `city_road.avi` of STREETWARDEN_DATA, enlarged, with a sensor's noise, 4 Mbit/s.
quiet: what stands still in `street.mp4` (the median of its pictures), enlarged, with a sensor's
noise, at most 2 Mbit/s: a street on which nothing happens, the most a motion gate can save.

A clip is two files: NAME.h264, and NAME.json with the offset of every picture in it. They are made
once and kept under build/, which git ignores.
"""

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from benchmarks.cameras.counter import COUNT, HEIGHT, WIDTH, draw

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "build" / "cameras"
FPS, GOP = 25, 50
NOISE_LEVELS = 2.0
NOISES = 7
"""Noise pictures, shown in turn at random places."""
_RATES = {"busy": (4_000_000, "20"), "quiet": (2_000_000, "23")}
"""Most bits a second, and the constant quality that is aimed at."""
CLIPS = tuple(_RATES)

_Plane = NDArray[np.uint8]


def clip(name: str) -> Path:
    """Return a clip's .h264 file; made where it is missing. Raises SystemExit without videos."""
    file = FOLDER / f"{name}.h264"
    index = file.with_suffix(".json")
    if not index.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        print(f"making the {name} clip", flush=True)
        offsets = _encode(_busy() if name == "busy" else _quiet(), file, name)
        index.write_text(json.dumps(offsets), encoding="utf-8")
    return file


def key_packets(file: Path) -> list[bytes]:
    """Return the clip's key pictures, each decodable alone."""
    offsets = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    data = file.read_bytes()
    spans = list(zip(offsets, [*offsets[1:], len(data)], strict=True))[::GOP]
    return [data[first:last] for first, last in spans]


def _encode(shown: Callable[[int], _Plane], file: Path, name: str) -> list[int]:
    """Encode COUNT pictures; return where each begins. `shown` gives YUV 4:2:0 planes, stacked."""
    random = np.random.default_rng(7)
    noises = [
        np.round(random.normal(0, NOISE_LEVELS, (HEIGHT + 64, WIDTH + 64))).astype(np.int16)
        for _ in range(NOISES)
    ]
    context = av.CodecContext.create("libx264", "w")
    if not isinstance(context, VideoCodecContext):
        raise TypeError("libx264 is no video encoder")
    most, quality = _RATES[name]
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate, context.gop_size = Fraction(1, FPS), Fraction(FPS), GOP
    context.options = {
        "preset": "veryfast",
        "crf": quality,
        "maxrate": str(most),
        "bufsize": str(2 * most),
        "x264-params": "scenecut=0:bframes=0:sliced-threads=0:repeat-headers=1",
    }
    offsets, size = [], 0
    with file.open("wb") as out:
        for number in range(COUNT + 1):
            if number < COUNT:
                planes = shown(number).copy()
                down, right = (int(place) for place in random.integers(0, 64, 2))
                noise = noises[number % NOISES][down : down + HEIGHT, right : right + WIDTH]
                planes[:HEIGHT] = np.clip(planes[:HEIGHT] + noise, 0, 255).astype(np.uint8)
                draw(planes[:HEIGHT], number)
                frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
                frame.pts = number
                packets = context.encode(frame)
            else:
                packets = context.encode(None)
            for packet in packets:
                offsets.append(size)
                size += out.write(bytes(packet))
    return offsets


def _busy() -> Callable[[int], _Plane]:
    pictures = [_enlarged(frame) for frame in _frames("city_road.avi")]
    return lambda number: pictures[min(number % (COUNT // 2), len(pictures) - 1)]


def _quiet() -> Callable[[int], _Plane]:
    still = np.median(np.stack(_frames("street.mp4")[::12]), axis=0).astype(np.uint8)
    enlarged = _enlarged(still)
    return lambda _number: enlarged


def _frames(name: str) -> list[_Plane]:
    data = Path(os.environ.get("STREETWARDEN_DATA", REPOSITORY.parent / "shared" / "data"))
    file = data / "videos" / name
    if not file.is_file():
        raise SystemExit(f"benchmarks.cameras: {name} is missing: set STREETWARDEN_DATA")
    with av.open(str(file)) as container:
        return [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for frame in container.decode(video=0)
        ]


def _enlarged(picture: _Plane) -> _Plane:
    full = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(full, cv2.COLOR_RGB2YUV_I420), np.uint8)
