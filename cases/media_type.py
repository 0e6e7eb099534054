"""What a file of pictures or video is, told from its first bytes; names and headers may lie."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 16
"""How much of a file has to be seen."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A kind of file that a case may carry."""

    content_type: str
    suffix: str


_TYPES: Final[tuple[tuple[MediaType, Callable[[bytes], bool]], ...]] = (
    (MediaType("image/jpeg", ".jpg"), lambda head: head.startswith(b"\xff\xd8\xff")),
    (MediaType("image/png", ".png"), lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    (MediaType("image/webp", ".webp"), lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    (MediaType("video/mp4", ".mp4"), lambda head: head[4:8] == b"ftyp"),
    (MediaType("video/webm", ".webm"), lambda head: head.startswith(b"\x1a\x45\xdf\xa3")),
)


def media_type(head: bytes) -> MediaType | None:
    """Tell a file's type from its first `HEAD_BYTES`; None for anything but a picture or video."""
    for known, matches in _TYPES:
        if matches(head):
            return known
    return None
