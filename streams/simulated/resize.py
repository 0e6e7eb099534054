"""A second, smaller variant of a film, for the fault that changes the resolution."""

from fractions import Fraction
from pathlib import Path
from typing import Literal

import av

from streams.simulated.film import Film, UnservableFileError
from streams.simulated.nal import H264

_LONGEST_S = 8.0
"""Re-encoding takes time before the camera starts; the variant repeats instead."""
_KEY_INTERVAL_S = 2.0
_SMALLEST_PX = 64


def resized_copy(film: Film, folder: Path) -> Film:
    """Encode the film's first seconds at two thirds of its width and height, in the same codec.

    Raises UnservableFileError when the film cannot be decoded.
    """
    copy = folder / "resized.mp4"
    try:
        _encode(film, copy)
    except av.FFmpegError as error:
        raise UnservableFileError(f"{film.file}: cannot be decoded to resize it") from error
    return Film(copy)


def _encode(film: Film, copy: Path) -> None:
    width, height = (
        max(_SMALLEST_PX, size * 2 // 3 // 2 * 2) for size in (film.width, film.height)
    )
    encoder: Literal["libx264", "libx265"] = "libx264" if film.syntax is H264 else "libx265"
    rate = Fraction(film.fps).limit_denominator(1001)
    with av.open(str(film.file)) as source, av.open(str(copy), "w") as output:
        stream = output.add_stream(encoder, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = max(1, round(_KEY_INTERVAL_S * film.fps))
        stream.codec_context.max_b_frames = 0
        stream.options = {"preset": "ultrafast"}
        if encoder == "libx265":
            stream.options["x265-params"] = "log-level=0:bframes=0"
        for index, picture in enumerate(source.decode(source.streams.video[0])):
            if index >= _LONGEST_S * film.fps:
                break
            smaller = picture.reformat(width=width, height=height, format="yuv420p")
            smaller.pts, smaller.time_base = index, 1 / rate
            output.mux(stream.encode(smaller))
        output.mux(stream.encode(None))
