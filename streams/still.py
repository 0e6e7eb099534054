"""One full-size picture out of an excerpt."""

from collections.abc import Iterator
from itertools import islice

from av.video.frame import VideoFrame

from streams.decoder import RunDecoder
from streams.errors import Reason, stream_error
from streams.frame import Picture
from streams.packet import Excerpt, Packet
from streams.scaler import Scaler


def decode_still(excerpt: Excerpt, at_s: float) -> Picture:
    """Decode the picture that is shown at at_s: the nearest not after it, else the first.

    Returns (height, width, 3) uint8 RGB at full size and full quality. Raises FixError (codec)
    when nothing can be decoded.
    """
    later: VideoFrame | None = None
    for start in _entries(excerpt, at_s):
        shown, after = _around(excerpt, start, at_s)
        if shown is not None:
            return Scaler().picture(shown)
        later = later or after
    if later is None:
        raise stream_error(
            Reason.CODEC, excerpt.camera_id, "no picture of the excerpt can be decoded"
        )
    return Scaler().picture(later)


def _entries(excerpt: Excerpt, at_s: float) -> list[int]:
    """Order entry points by how well they serve at_s: the last one before it, then earlier ones.

    Those after it come last: they serve a moment before the excerpt, or one that is damaged.
    """
    entries = [index for index, packet in enumerate(excerpt.packets) if packet.key]
    before = [index for index in entries if excerpt.packets[index].at_s <= at_s]
    return [*reversed(before), *entries[len(before) :]]


def _around(
    excerpt: Excerpt, start: int, at_s: float
) -> tuple[VideoFrame | None, VideoFrame | None]:
    """Decode from an entry point: the last picture not after at_s, and the first one after it."""
    shown: VideoFrame | None = None
    for packet, frame in pictures(excerpt, start):
        if packet.at_s > at_s:
            return shown, frame
        shown = frame
    return shown, None


def pictures(excerpt: Excerpt, start: int = 0) -> Iterator[tuple[Packet, VideoFrame]]:
    """Yield every picture of an excerpt from the packet `start` on, in the order shown."""
    decoder = RunDecoder(excerpt.parameters)
    lone = False
    for packet in islice(excerpt.packets, start, None):
        if lone and packet.key:
            # What followed the last key packet was not kept: to the decoder it would be a loss,
            # and of an open GOP it would show nothing.
            yield from decoder.drain()
        yield from decoder.feed(packet, excerpt.parameters)
        lone = packet.key and not packet.warmup
    yield from decoder.drain()
