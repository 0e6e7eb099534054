"""A recording looked at closely for a while: which pictures that gives. See Lane for cameras."""

import math
from collections.abc import Iterator

from av.video.frame import VideoFrame

from streams.decoder import RunDecoder
from streams.due import DueGrid
from streams.lane import CLOSE_EARLY
from streams.packet import CodecParameters, Packet


class Closely:
    """Whether a close look is wanted, which pictures are due for it, and its decoder."""

    def __init__(self) -> None:
        self._until_s = -math.inf
        self._every_s = 0.0
        self._grid = DueGrid(0.0)
        self._run: RunDecoder | None = None
        self._shown_s = -math.inf

    def ask(self, until_s: float, every_s: float) -> None:
        """Look every every_s until until_s; asked again while it lasts, it lasts longer."""
        if self._shown_s >= self._until_s or every_s != self._every_s:
            self._grid, self._every_s = DueGrid(every_s), every_s
            if not math.isinf(self._shown_s):
                self._grid.take(self._shown_s)  # the next is due every_s after it
        self._until_s = max(self._until_s, until_s)

    def covers(self, at_s: float) -> bool:
        """Say whether a moment is to be looked at closely."""
        return at_s < self._until_s

    def note_shown(self, at_s: float) -> None:
        """Remember the last picture handed out: those of a close look come after it."""
        self._shown_s = at_s

    def takes(self, at_s: float) -> bool:
        """Say whether a picture is due in a close look and, if so, take it."""
        due = at_s > self._shown_s and self.covers(at_s)
        return due and self._grid.take(at_s, early=CLOSE_EARLY)

    @property
    def decoding(self) -> bool:
        """True while it has a decoder."""
        return self._run is not None

    def feed(
        self, packet: Packet, parameters: CodecParameters
    ) -> Iterator[tuple[Packet, VideoFrame]]:
        """Decode a packet; yield the pictures that are due. The first packet is a key packet."""
        if self._run is None:
            self._run = RunDecoder(parameters)
        yield from self._due(self._run.feed(packet, parameters))

    def finish(self) -> Iterator[tuple[Packet, VideoFrame]]:
        """Yield what the decoder still holds and is due; then it is freed."""
        run, self._run = self._run, None
        if run is not None:
            yield from self._due(run.drain())

    def _due(
        self, pictures: Iterator[tuple[Packet, VideoFrame]]
    ) -> Iterator[tuple[Packet, VideoFrame]]:
        for packet, frame in pictures:
            if self.takes(packet.at_s):
                yield packet, frame
