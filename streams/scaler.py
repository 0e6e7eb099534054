"""Decoded frames into RGB arrays of the size that is asked for."""

from collections import OrderedDict

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from streams.frame import Picture
from streams.shrink import shrunk

SCALING = Interpolation.BILINEAR
"""swscale's filter where it scales. It widens it with the scale, so that every pixel counts; with a
dearer one the street model finds as much; point and fast bilinear alias (benchmarks.key_frame).
Said by name, as PyAV's default may change."""
_PLANAR = frozenset({"yuv420p", "yuvj420p"})
"""What cameras send, but for 10 bits: three planes of 8 bits, which are shrunk before they are made
RGB."""
_SCALERS = 8


class Scaler:
    """Turns decoded frames into RGB arrays of their own memory. Used by one thread."""

    def __init__(self, scaling: Interpolation | None = None) -> None:
        """Take the way to scale: a filter of swscale's, or by default the quickest there is.

        That shrinks planes by streams.shrink and leaves to swscale only what has other planes.
        """
        self._scaling = scaling
        self._reformatters: OrderedDict[tuple[int, ...], VideoReformatter] = OrderedDict()

    def picture(self, frame: VideoFrame, longest_px: int | None = None) -> Picture:
        """Return (h, w, 3) uint8 RGB, the longer side at most longest_px, never enlarged."""
        width, height = scaled_size(frame.width, frame.height, longest_px)
        smaller = width < frame.width and height < frame.height
        if self._scaling is None and smaller and frame.format.name in _PLANAR:
            frame = _shrunk(frame, width, height)
        scaled = self._reformatter(frame.width, frame.height, width, height).reformat(
            frame,
            width=width,
            height=height,
            format="rgb24",
            interpolation=self._scaling or SCALING,
            threads=1,
        )
        return np.array(scaled.to_ndarray(), dtype=np.uint8, order="C")

    def _reformatter(self, *sizes: int) -> VideoReformatter:
        """One for each pair of sizes: it keeps its filter tables."""
        reformatter = self._reformatters.pop(sizes, None)
        if reformatter is None:
            reformatter = VideoReformatter()
            while len(self._reformatters) >= _SCALERS:
                self._reformatters.popitem(last=False)
        self._reformatters[sizes] = reformatter
        return reformatter


def scaled_size(width: int, height: int, longest_px: int | None) -> tuple[int, int]:
    """Return the size that keeps the aspect ratio with the longer side at most longest_px."""
    longest = max(width, height)
    if longest_px is None or longest <= longest_px:
        return width, height
    return max(1, round(width * longest_px / longest)), max(1, round(height * longest_px / longest))


def _shrunk(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """Shrink each plane; what the colours mean stays as it is."""
    small = av.VideoFrame(width, height, frame.format.name)
    small.colorspace, small.color_range = frame.colorspace, frame.color_range
    for large, plane in zip(frame.planes, small.planes, strict=True):
        _pixels(plane)[:] = shrunk(_pixels(large), plane.width, plane.height)
    return small


def _pixels(plane: VideoPlane) -> NDArray[np.uint8]:
    """Return a plane's pixels, (h, w), in its own memory."""
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    return rows.reshape(-1, plane.line_size)[: plane.height, : plane.width]
