"""A recording, picture by picture, in lockstep with whoever iterates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from streams.frame import Frame
from streams.source import Source


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a recording is."""

    codec: str
    """FFmpeg's codec name."""
    width: int
    height: int
    fps: float | None
    """Average pictures a second; None if unknown."""
    duration_s: float | None
    key_interval_s: float | None
    """Largest gap between clean key packets in the part that was measured; None without two."""
    decode: Literal["key", "all"]
    """What the reader does: decode key packets alone, or everything."""


class FileReader:
    """Iterate over the frames of a file: nothing dropped, the same frames every time.

    interval_s 0 gives every picture. at_s counts from 0 at the first picture; captured_at is
    start + at_s. decode="auto" uses key packets alone when each due time has one.
    Raises StreamError.
    """

    info: FileInfo

    def __init__(
        self,
        source: Path | Source,
        *,
        camera_id: str = "file",
        interval_s: float = 2.0,
        longest_px: int = 640,
        start: datetime,
        decode: Literal["auto", "all"] = "auto",
    ) -> None:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Frame]:
        """Read from the beginning."""
        raise NotImplementedError
