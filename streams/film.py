"""Pictures of excerpts at chosen times, and pictures encoded into a small film.

A clip that leaves the box has to be encoded again: what is covered in it must not be in its bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streams.errors import Reason, stream_error
from streams.frame import Picture
from streams.packet import Excerpt
from streams.scaler import Scaler
from streams.still import pictures
from streams.translation import scrub

_TICKS = 90_000
_QUALITY = 27
"""x264's constant rate factor: small, and plates of the accused still readable."""
_KEY_EVERY = 10
"""Pictures between key pictures: players jump to these."""
GAP_S = 1.5
"""A picture is not shown for longer than this: then there is a gap."""


def sampled(
    excerpts: Sequence[Excerpt], times_s: Sequence[float], longest_px: int
) -> Iterator[tuple[float, Picture]]:
    """Yield (time, picture shown then) for each of these rising times; those in a gap are left out.

    Times are on the camera's timeline; the picture shown is the last one not after it. Pictures
    are (h, w, 3) uint8 RGB, the longer side at most `longest_px`. One pass, one decoder thread.
    """
    scaler = Scaler()
    wanted = iter(times_s)
    at_s = next(wanted, None)
    shown: tuple[float, VideoFrame] | None = None
    for later in _in_order(excerpts):
        while at_s is not None and shown is not None and at_s < later[0]:
            if shown[0] <= at_s <= shown[0] + GAP_S:
                yield at_s, scaler.picture(shown[1], longest_px)
            at_s = next(wanted, None)
        while at_s is not None and shown is None and at_s < later[0]:
            at_s = next(wanted, None)  # before the first picture there is nothing
        if at_s is None:
            return
        shown = later
    while at_s is not None and shown is not None and at_s <= shown[0] + GAP_S:
        yield at_s, scaler.picture(shown[1], longest_px)
        at_s = next(wanted, None)


def _in_order(excerpts: Sequence[Excerpt]) -> Iterator[tuple[float, VideoFrame]]:
    """Decode everything; each time once, only ever rising."""
    last_s = float("-inf")
    for excerpt in sorted(excerpts, key=lambda one: one.packets[0].at_s):
        for packet, frame in pictures(excerpt):
            if packet.at_s > last_s:
                last_s = packet.at_s
                yield last_s, frame


def write_film(path: Path, film: Iterable[tuple[float, Picture]]) -> int:
    """Encode (time in seconds, picture) as H.264 in MP4 that browsers play; returns how many.

    Times rise; the first becomes 0. Pictures are (h, w, 3) uint8 RGB of one size; an odd last row
    or column is cut. The index stands in front. Raises FixError (codec), ValueError for an empty
    film, OSError.
    """
    count, base_s = 0, 0.0
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
            stream: VideoStream | None = None
            for at_s, picture in film:
                even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
                if stream is None:
                    stream, base_s = output.add_stream("libx264"), at_s
                    _set_up(stream, even.shape[1], even.shape[0])
                frame = av.VideoFrame.from_ndarray(even, format="rgb24")
                frame.pts = round((at_s - base_s) * _TICKS)
                frame.time_base = Fraction(1, _TICKS)
                output.mux(stream.encode(frame))
                count += 1
            if stream is not None:
                output.mux(stream.encode(None))
    except av.error.FFmpegError as error:
        scrub(error)
        raise stream_error(Reason.CODEC, path.name, "the film cannot be encoded") from error
    if count == 0:
        path.unlink(missing_ok=True)
        raise ValueError("a film needs at least one picture")
    return count


def _set_up(stream: VideoStream, width: int, height: int) -> None:
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = Fraction(1, _TICKS)
    context.gop_size = _KEY_EVERY
    context.thread_count = 1  # beside the cameras: one core is enough
    context.options = {
        "preset": "veryfast",
        "crf": str(_QUALITY),
        "x264-params": f"keyint={_KEY_EVERY}:bframes=0:scenecut=0:threads=1",
    }
