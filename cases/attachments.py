"""Pictures of a case, read back and checked before they leave."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cases.media_type import HEAD_BYTES, media_type
from cases.payload import CaseMedia

logger = logging.getLogger(__name__)

_LIMIT_BYTES: Final = 10 * 1024 * 1024
"""A full-size still has about one megabyte; many servers refuse larger uploads."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as it goes out."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


def attachments(media: Iterable[CaseMedia], root: Path) -> tuple[Attachment, ...]:
    """Read a case's pictures from below `root`.

    One that is missing, changed, outside or no picture is left out and logged: the case goes out
    without it, since a case without a picture can be acted upon and a lost one cannot.
    """
    found = []
    for number, item in enumerate(media, start=1):
        try:
            found.append(_read(item, root.resolve(), number))
        except (OSError, ValueError) as error:
            logger.error("a picture of a case stays behind: %s: %s", item.path, error)  # noqa: TRY400  # no traceback: the message says it
    return tuple(found)


def _read(item: CaseMedia, root: Path, number: int) -> Attachment:
    path = (root / item.path).resolve()
    if not path.is_relative_to(root):
        raise ValueError("lies outside the evidence folder")
    if path.stat().st_size > _LIMIT_BYTES:
        raise ValueError(f"is larger than {_LIMIT_BYTES} bytes")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != item.sha256:
        raise ValueError("has changed since it was written")
    kind = media_type(content[:HEAD_BYTES])
    if kind is None:
        raise ValueError("is neither a picture nor a video")
    return Attachment(f"{number}{kind.suffix}", kind.content_type, content)
