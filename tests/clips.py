"""Test streams with a frame number burnt into every picture.

`clip()` encodes synthetic pictures (a textured background, a moving block) with PyAV and keeps the
file for the rest of the test run. Every picture carries its number as a strip of large black and
white cells, so that a test can prove which picture a decoder, a scaler or a network handed out:

    path = clip(codec="h264", seconds=4, gop=50)
    ...
    read_counter(picture) == 17

The number survives compression and scaling down to about 200 px wide. A picture that mixes two
frames, or that is damaged in the strip, reads as None.
"""

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

COLUMNS, ROWS = 12, 2
"""Cells of the strip: 2 marks, 16 bits of the number, 6 check bits; most significant first."""
STRIP_HEIGHT = 1 / 6
"""Share of the picture's height that the strip covers, from the top; it is as wide as that."""
COUNTER_LIMIT = 1 << 16

_VideoEncoder = Literal["libx264", "libx265", "mjpeg"]
_ENCODERS: dict[str, _VideoEncoder] = {"h264": "libx264", "h265": "libx265", "mjpeg": "mjpeg"}
_MARKS = 0b10
_DARK, _BRIGHT = 30, 225
_SURE = 45  # a cell's mean must lie this far from the middle, else the picture is not trusted


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a clip is made. The defaults are a small, plain camera stream."""

    codec: str = "h264"
    """h264, h265 or mjpeg."""
    width: int = 640
    height: int = 360
    fps: int = 25
    seconds: float = 4.0
    gop: int = 50
    """Pictures from one key frame to the next; the encoder adds no others."""
    b_frames: int = 0
    open_gop: bool = False
    intra_refresh: bool = False
    """One key frame at the start, then a moving column of intra blocks (H.264 only)."""
    bit_rate: int | None = None
    """Bits per second; None leaves it to the encoder's constant quality."""
    first: int = 0
    """Number burnt into the first picture."""
    noise: int = 0
    """Amplitude of fresh noise in every picture, so that a bit rate is really used."""
    suffix: str = ".mp4"
    """Container: .mp4, .mkv, .avi, .ts, or .h264 / .h265 for a raw byte stream."""

    @property
    def frames(self) -> int:
        """Pictures in the clip."""
        return round(self.seconds * self.fps)


def clip(**options: Any) -> Path:
    """Return a clip made by `Recipe(**options)`; made once a test run, so never write to it."""
    return _made(Recipe(**options))


def resized_clip(
    *, sizes: tuple[tuple[int, int], ...] = ((640, 360), (352, 288)), **options: Any
) -> Path:
    """Return one stream whose resolution changes: a part of the recipe's length for each size.

    Parameter sets are in-band, so the container must be .ts (default), .h264 or .h265. Numbers and
    times go on from part to part.
    """
    recipe = Recipe(**{"suffix": ".ts", **options})
    return _made_resized(recipe, sizes)


def make_clip(path: Path, recipe: Recipe, draw: Callable[[int], Picture] | None = None) -> Path:
    """Encode a clip into path. `draw(number)` gives an RGB picture to burn the number into."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(_ENCODERS[recipe.codec], rate=recipe.fps)
        _set_up(stream.codec_context, recipe)
        for frame in _frames(recipe, draw):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def synthetic(number: int, width: int, height: int) -> Picture:
    """Draw picture `number`: a static texture and a red block at `block_box(number, ...)`."""
    picture = _background(width, height).copy()
    x0, y0, x1, y1 = block_box(number, width, height)
    picture[y0:y1, x0:x1] = (200, 40, 40)
    return picture


def block_box(number: int, width: int, height: int) -> tuple[int, int, int, int]:
    """Box x0 y0 x1 y1 (pixels, half-open) of the block: it walks right, then starts again."""
    side = height // 6
    x0 = (number * 4) % (width - side)
    y0 = height // 2
    return x0, y0, x0 + side, y0 + side


def burn_counter(picture: Picture, number: int) -> None:
    """Draw the number's cells over the top sixth of an RGB picture, in place."""
    if not 0 <= number < COUNTER_LIMIT:
        raise ValueError(f"number: expected 0 to {COUNTER_LIMIT - 1}, got {number}")
    height, width = picture.shape[:2]
    word = (_MARKS << 22) | (number << 6) | _check(number)
    for cell in range(COLUMNS * ROWS):
        bit = word >> (COLUMNS * ROWS - 1 - cell) & 1
        x0, y0, x1, y1 = _cell_box(cell, width, height)
        picture[y0:y1, x0:x1] = _BRIGHT if bit else _DARK


def read_counter(picture: Picture) -> int | None:
    """Read the number from a whole picture at any scale; None when it cannot be trusted."""
    height, width = picture.shape[:2]
    word = 0
    for cell in range(COLUMNS * ROWS):
        x0, y0, x1, y1 = _cell_box(cell, width, height)
        inset_x, inset_y = (x1 - x0) // 4, (y1 - y0) // 4
        level = float(picture[y0 + inset_y : y1 - inset_y, x0 + inset_x : x1 - inset_x].mean())
        if abs(level - 127.5) < _SURE:
            return None
        word = word << 1 | (level > 127.5)
    number = word >> 6 & (COUNTER_LIMIT - 1)
    return number if word >> 22 == _MARKS and word & 63 == _check(number) else None


def frame_counter(frame: av.VideoFrame) -> int | None:
    """Read the number from a frame as PyAV decodes it."""
    return read_counter(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))


def looped(path: Path, times: int) -> Path:
    """Return the clip `times` times in a row in one file, timestamps going on (no re-encoding)."""
    return _looped(path, times)


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="clips-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _new_file(suffix: str) -> Path:
    handle, name = tempfile.mkstemp(suffix=suffix, dir=_folder())
    os.close(handle)
    return Path(name)


@functools.cache
def _made(recipe: Recipe) -> Path:
    return make_clip(_new_file(recipe.suffix), recipe)


@functools.cache
def _made_resized(recipe: Recipe, sizes: tuple[tuple[int, int], ...]) -> Path:
    path = _new_file(recipe.suffix)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(_ENCODERS[recipe.codec], rate=recipe.fps)
        _set_up(stream.codec_context, replace(recipe, width=sizes[0][0], height=sizes[0][1]))
        done = 0
        for width, height in sizes:
            part = replace(recipe, width=width, height=height, first=recipe.first + done)
            for packet in _encode_apart(part, done):
                packet.stream = stream
                output.mux(packet)
            done += part.frames
    return path


def _encode_apart(recipe: Recipe, delay: int) -> Iterator[Any]:
    """Encode with an encoder of its own; pts and dts start `delay` pictures late."""
    context = av.CodecContext.create(_ENCODERS[recipe.codec], "w")
    context.framerate = Fraction(recipe.fps)
    _set_up(context, recipe)
    for frame in [*_frames(recipe, None), None]:
        for packet in context.encode(frame):
            packet.time_base = Fraction(1, recipe.fps)
            packet.pts = None if packet.pts is None else packet.pts + delay
            packet.dts = None if packet.dts is None else packet.dts + delay
            yield packet


@functools.cache
def _looped(path: Path, times: int) -> Path:
    copy = _new_file(path.suffix)
    with av.open(str(path)) as source, av.open(str(copy), "w") as output:
        stream = source.streams.video[0]
        target = output.add_stream_from_template(stream)
        shift = 0
        for _ in range(times):
            source.seek(0)
            end = 0
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = target
                output.mux(packet)
            shift += end
    return copy


def _frames(recipe: Recipe, draw: Callable[[int], Picture] | None) -> Iterator[av.VideoFrame]:
    for index in range(recipe.frames):
        number = recipe.first + index
        picture = (
            synthetic(number, recipe.width, recipe.height) if draw is None else draw(number).copy()
        )
        if recipe.noise:
            picture = _with_noise(picture, recipe.noise, seed=number)
        burn_counter(picture, number)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = index
        frame.time_base = Fraction(1, recipe.fps)
        yield frame


def _with_noise(picture: Picture, amplitude: int, seed: int) -> Picture:
    random = np.random.default_rng(seed)
    grains = random.integers(-amplitude, amplitude + 1, picture.shape[:2], dtype=np.int16)
    return (picture + grains[..., None]).clip(0, 255).astype(np.uint8)


def _set_up(context: VideoCodecContext, recipe: Recipe) -> None:
    context.width, context.height = recipe.width, recipe.height
    context.pix_fmt = "yuvj420p" if recipe.codec == "mjpeg" else "yuv420p"
    context.time_base = Fraction(1, recipe.fps)
    if recipe.bit_rate is not None:
        context.bit_rate = recipe.bit_rate
    if recipe.codec == "mjpeg":
        return
    context.gop_size = recipe.gop
    context.max_b_frames = recipe.b_frames
    # Threads of their own would reorder nothing, but several encoders share two cores here.
    parameters = {
        "keyint": recipe.gop,
        "min-keyint": recipe.gop,
        "scenecut": 0,
        "bframes": recipe.b_frames,
        "b-adapt": 0,
        "open-gop": int(recipe.open_gop),
    }
    if recipe.codec == "h264":
        parameters["intra-refresh"] = int(recipe.intra_refresh)
    else:
        if recipe.intra_refresh:
            raise ValueError("intra_refresh: only for h264")
        parameters |= {"log-level": 0, "pools": 1, "frame-threads": 1}
    text = ":".join(f"{key}={value}" for key, value in parameters.items())
    option = "x264-params" if recipe.codec == "h264" else "x265-params"
    context.options = {"preset": "ultrafast", option: text}


def _cell_box(cell: int, width: int, height: int) -> tuple[int, int, int, int]:
    row, column = divmod(cell, COLUMNS)
    tall = STRIP_HEIGHT / ROWS
    return (
        round(column * width / COLUMNS),
        round(row * tall * height),
        round((column + 1) * width / COLUMNS),
        round((row + 1) * tall * height),
    )


def _check(number: int) -> int:
    """Remainder of the number modulo 61: any burst of up to 5 wrong bits changes it."""
    return (number + 1) % 61


@functools.cache
def _background(width: int, height: int) -> Picture:
    """Blocks of grey, the same for one size in every run."""
    random = np.random.default_rng(1)
    coarse = random.integers(60, 180, (height // 8 + 1, width // 8 + 1, 1), dtype=np.uint8)
    picture = coarse.repeat(8, axis=0).repeat(8, axis=1).repeat(3, axis=2)[:height, :width]
    return np.ascontiguousarray(picture)
