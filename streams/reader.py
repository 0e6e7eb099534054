"""A recording, picture by picture, in lockstep with whoever iterates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

from av.video.frame import VideoFrame

from streams.attempt import OPEN_S, STALL_S
from streams.closely import Closely
from streams.decoder import KeyDecoder, RunDecoder
from streams.demuxer import Demuxer
from streams.due import DueGrid, early_share
from streams.errors import Reason, stream_error
from streams.frame import Frame
from streams.packet import CodecParameters, Packet
from streams.scaler import Scaler
from streams.source import Source
from streams.timeline import BACKWARDS_S
from streams.unit import Unit

KEYS_FIT = 1.05
"""Key packets at most this many intervals apart give a picture for every due time."""
MEASURED_S = 60.0
"""Part of a recording that is read to find out how far its key packets are apart."""
_ALL_KEYS = frozenset({"mjpeg"})
"""Every picture stands alone: those that are not due need not be decoded to get at the others."""
_STEP_S = 0.04
"""Assumed between two pictures where a recording does not say."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a recording is."""

    codec: str
    """FFmpeg's codec name."""
    width: int
    height: int
    fps: float | None
    """Average pictures a second as the container says; None if it does not."""
    duration_s: float | None
    key_interval_s: float | None
    """Largest gap between clean key packets in the first minute, 0 where every packet is one; None
    when it was not measured, or with fewer than two."""
    decode: Literal["key", "all"]
    """What the reader does: decode key packets alone, or everything."""


class FileReader:
    """Iterate over the frames of a file: nothing dropped, the same frames every time.

    interval_s 0 gives every picture. at_s counts from 0 at the first picture; captured_at is
    start + at_s. decode="auto" decodes key packets alone when each due time has one, else
    everything and takes the first picture at or after each due time. A network source is read as
    it comes, always completely. look_closely(), called between two frames, acts before the next
    packet is read. Raises StreamError: on opening, and while iterating.
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
        if start.tzinfo is None:
            raise ValueError("start: expected an aware time")
        self._source = Source.of_file(source) if isinstance(source, Path) else source
        self._camera_id = camera_id
        self._interval_s = interval_s
        self._longest_px = longest_px
        self._start = start
        self._closely = Closely()
        demuxer = self._open()
        self.info = self._inspect(demuxer, may_skip=decode == "auto")
        self._opened: Demuxer | None = demuxer
        """A camera's connection, for the first reading; a file is opened again."""
        if self._source.is_file:
            self._opened = None
            demuxer.close()

    def _inspect(self, demuxer: Demuxer, *, may_skip: bool) -> FileInfo:
        parameters = demuxer.parameters
        key_interval_s = 0.0 if parameters.codec in _ALL_KEYS else None
        if key_interval_s is None and may_skip and self._source.is_file and self._interval_s:
            key_interval_s = _largest_key_gap_s(demuxer)
        fits = key_interval_s is not None and key_interval_s <= KEYS_FIT * self._interval_s
        return FileInfo(
            codec=parameters.codec,
            width=parameters.width,
            height=parameters.height,
            fps=demuxer.average_fps,
            duration_s=demuxer.duration_s,
            key_interval_s=key_interval_s,
            decode="key" if fits else "all",
        )

    def __iter__(self) -> Iterator[Frame]:
        """Read from the beginning."""
        scaler = Scaler()
        key = self.info.decode == "key"
        seq = 0
        self._closely = Closely()
        opened, self._opened = self._opened, None
        with opened or self._open() as demuxer:
            due = self._due_keys(demuxer) if key else self._due(demuxer)
            for packet, decoded, close in due:
                self._closely.note_shown(packet.at_s)
                yield Frame(
                    camera_id=self._camera_id,
                    session=0,
                    seq=seq,
                    at_s=packet.at_s,
                    captured_at=self._start + timedelta(seconds=packet.at_s),
                    width=decoded.width,
                    height=decoded.height,
                    picture=scaler.picture(decoded, self._longest_px),
                    arrival_s=packet.arrival_s,
                    key=key and not close,
                    close=close,
                )
                seq += 1
        if seq == 0:
            raise stream_error(Reason.CODEC, self._source, "it holds no picture to decode")

    def look_closely(self, until_s: float, every_s: float) -> None:
        """Give a picture every every_s until until_s, beginning after the last one given."""
        if every_s <= 0:
            raise ValueError(f"every_s: expected more than 0, got {every_s}")
        self._closely.ask(until_s, every_s)

    def _open(self) -> Demuxer:
        if self._source.is_file:
            return Demuxer(self._source)
        return Demuxer(self._source, open_timeout_s=OPEN_S, read_timeout_s=STALL_S)

    def _due_keys(self, demuxer: Demuxer) -> Iterator[tuple[Packet, VideoFrame, bool]]:
        """Decode the due key packets, as a camera's; True with pictures of close looks."""
        grid, decoder, closely = DueGrid(self._interval_s), KeyDecoder(), self._closely
        early = early_share(self._interval_s, self.info.key_interval_s)
        for packet, parameters in _placed(demuxer):
            if closely.decoding:
                if closely.covers(packet.at_s):
                    yield from _marked(closely.feed(packet, parameters), grid)
                    continue
                yield from _marked(closely.finish(), grid)
            clean = packet.key and not packet.warmup
            if clean and grid.take(packet.at_s, early=early):
                frame = decoder.decode(packet, parameters)
                if frame is not None:
                    yield packet, frame, False
                if closely.covers(packet.at_s):  # asked for just now: from this packet on
                    yield from _marked(closely.feed(packet, parameters), grid)
        yield from _marked(closely.finish(), grid)

    def _due(self, demuxer: Demuxer) -> Iterator[tuple[Packet, VideoFrame, bool]]:
        """Decode everything; leave out what is not due."""
        grid = DueGrid(self._interval_s)
        for packet, frame in _pictures(demuxer):
            if self._closely.covers(packet.at_s):
                if self._closely.takes(packet.at_s):
                    grid.take(packet.at_s)
                    yield packet, frame, True
            elif grid.take(packet.at_s):
                yield packet, frame, False


def _marked(
    pictures: Iterator[tuple[Packet, VideoFrame]], grid: DueGrid
) -> Iterator[tuple[Packet, VideoFrame, bool]]:
    """Pass a close look's pictures on; each is its slot's look too."""
    for packet, frame in pictures:
        grid.take(packet.at_s)
        yield packet, frame, True


def _pictures(demuxer: Demuxer) -> Iterator[tuple[Packet, VideoFrame]]:
    decoder = RunDecoder(demuxer.parameters, threads=0)  # as many as there are cores
    for packet, parameters in _placed(demuxer):
        yield from decoder.feed(packet, parameters)
    yield from decoder.drain()


def _placed(demuxer: Demuxer) -> Iterator[tuple[Packet, CodecParameters]]:
    """Place a recording's packets in time, from its first entry point on."""
    clock = RecordingClock()
    for unit in demuxer.units():
        if unit.warmup is None and not clock.started:
            continue
        packet = unit.placed(clock.place_s(unit))
        yield packet, unit.parameters


class RecordingClock:
    """A recording's timeline: seconds since its first picture, by its own time stamps alone.

    Without a time stamp a picture follows the one before; where stamps go back by more than
    B-frames do, the recording was stuck together, and goes on from there. A gap stays a gap.
    """

    def __init__(self) -> None:
        self._base_s: float | None = None
        self._highest_s = 0.0
        self._step_s = _STEP_S

    @property
    def started(self) -> bool:
        """True once a packet was placed."""
        return self._base_s is not None

    def place_s(self, unit: Unit) -> float:
        """Return seconds since the first picture."""
        tick_s = unit.parameters.time_base
        if unit.duration:
            self._step_s = float(unit.duration * tick_s)
        ticks = unit.pts if unit.pts is not None else unit.dts
        following_s = self._highest_s + self._step_s if self.started else 0.0
        if ticks is None:
            at_s = following_s
            self._base_s = self._base_s or 0.0
        else:
            pts_s = float(ticks * tick_s)
            if self._base_s is None:
                self._base_s = pts_s
            if pts_s - self._base_s < self._highest_s - BACKWARDS_S:
                self._base_s = pts_s - following_s
            at_s = pts_s - self._base_s
        self._highest_s = max(self._highest_s, at_s)
        return at_s


def _largest_key_gap_s(demuxer: Demuxer) -> float | None:
    """Measure how far clean key packets are apart in the first minute; None with fewer than two.

    The time from the last one to the end counts too.
    """
    keys: list[float] = []
    end_s = 0.0
    for packet, _ in _placed(demuxer):
        end_s = max(end_s, packet.at_s)
        if packet.key and not packet.warmup:
            keys.append(packet.at_s)
        if packet.at_s > MEASURED_S:
            break
    if len(keys) < 2:
        return None
    return max(after - before for before, after in pairwise([*keys, end_s]))
