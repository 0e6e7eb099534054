"""One full-size picture out of an excerpt."""

from streams.frame import Picture
from streams.packet import Excerpt


def decode_still(excerpt: Excerpt, at_s: float) -> Picture:
    """Decode the picture that is shown at at_s: the nearest not after it, else the first.

    Returns (height, width, 3) uint8 RGB at full size and full quality. Raises FixError (codec)
    when nothing can be decoded.
    """
    raise NotImplementedError
