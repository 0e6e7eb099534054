"""A video file as an endless run of access units, ready to be sent."""

import itertools
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from streams.simulated.nal import SYNTAXES, CodecSyntax, Extradata, read_extradata

_FALLBACK_FPS = 25
_LONGEST_SEARCH = 500
"""Packets looked at for parameter sets: a key frame every 20 s at 25 fps."""


class UnservableFileError(ValueError):
    """The file cannot be sent as a camera's stream; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture. Times are seconds from the camera's start."""

    units: tuple[bytes, ...]
    """NAL units in decoding order; a key picture has its parameter sets before it."""
    send_s: float
    """When it is sent (decoding order)."""
    shown_s: float
    """When its picture is shown; not before send_s."""
    key: bool


class Film:
    """An H.264 or H.265 file. Reads it packet by packet: memory does not grow with its length.

    Raises UnservableFileError when it is missing, no video, another codec, or without timestamps.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            with av.open(str(file)) as container:
                self._read_head(container)
        except (OSError, av.FFmpegError) as error:
            raise UnservableFileError(
                f"{file}: cannot be read as video ({_cause(error)})"
            ) from error

    def access_units(self, at_s: float, *, loop: bool) -> Iterator[AccessUnit]:
        """Access units from the file's start, the first sent at at_s; with loop it never ends.

        Times go on without a break from one round to the next.
        """
        for _ in itertools.count() if loop else range(1):
            at_s = yield from self._round(at_s)

    def _read_head(self, container: av.container.InputContainer) -> None:
        stream = self._video(container)
        context = stream.codec_context
        self.syntax: CodecSyntax = SYNTAXES[context.name]
        self.width, self.height = context.width, context.height
        rate = stream.average_rate or stream.guessed_rate or Fraction(_FALLBACK_FPS)
        self.fps = float(rate)
        self._extradata: Extradata = self._read_extradata(context.extradata or b"")
        self.parameter_sets: tuple[bytes, ...] = self._sorted_sets(self._extradata.units)
        packets = (packet for packet in container.demux(stream) if packet.size)
        first = next(packets, None)
        if first is None or first.pts is None:
            reason = "holds no picture" if first is None else "has no timestamps; put it into .mp4"
            raise UnservableFileError(f"{self.file}: {reason}")
        for packet in itertools.islice(itertools.chain([first], packets), _LONGEST_SEARCH):
            if self._complete(self.parameter_sets):
                break
            self.parameter_sets = self._sorted_sets(self._split(bytes(packet)))
        if not self._complete(self.parameter_sets):
            raise UnservableFileError(f"{self.file}: no parameter sets (SPS, PPS) found")

    def _video(self, container: av.container.InputContainer) -> VideoStream:
        if not container.streams.video:
            raise UnservableFileError(f"{self.file}: holds no video")
        stream = container.streams.video[0]
        name = stream.codec_context.name
        if name not in SYNTAXES:
            raise UnservableFileError(
                f"{self.file}: is {name}; a simulated camera sends H.264 or H.265, "
                "so convert the file first"
            )
        return stream

    def _read_extradata(self, extradata: bytes) -> Extradata:
        try:
            return read_extradata(self.syntax, extradata)
        except ValueError as error:
            raise UnservableFileError(f"{self.file}: {error}") from error

    def _split(self, data: bytes) -> tuple[bytes, ...]:
        try:
            return tuple(self._extradata.split(data))
        except ValueError as error:
            raise UnservableFileError(f"{self.file}: {error}") from error

    def _sorted_sets(self, units: tuple[bytes, ...]) -> tuple[bytes, ...]:
        order = self.syntax.parameter_sets
        sets = [unit for unit in units if self.syntax.unit_type(unit) in order]
        return tuple(sorted(sets, key=lambda unit: order.index(self.syntax.unit_type(unit))))

    def _complete(self, sets: tuple[bytes, ...]) -> bool:
        return {self.syntax.unit_type(unit) for unit in sets} == set(self.syntax.parameter_sets)

    def _round(self, at_s: float) -> Generator[AccessUnit, None, float]:
        """One pass over the file; returns the time at which the last access unit ends."""
        step_s = 1.0 / self.fps
        base_s: float | None = None
        send_s, ended_s = at_s - step_s, at_s
        for packet, tick_s in self._packets():
            units = self._prepared(bytes(packet), key=packet.is_keyframe)
            if packet.dts is None:
                send_s += step_s
            else:
                if base_s is None:
                    base_s = packet.dts * tick_s - (send_s + step_s)
                send_s = max(send_s, packet.dts * tick_s - base_s)
            shown_s = send_s
            if packet.pts is not None and base_s is not None:
                shown_s = packet.pts * tick_s - base_s
            ended_s = send_s + (packet.duration * tick_s if packet.duration else step_s)
            yield AccessUnit(units, send_s, shown_s, packet.is_keyframe)
        if ended_s <= at_s:
            raise UnservableFileError(f"{self.file}: holds no picture")
        return ended_s

    def _packets(self) -> Iterator[tuple["av.Packet[VideoStream]", float]]:
        """Packets of the file, each with the seconds of one tick of its times."""
        try:
            with av.open(str(self.file)) as container:
                stream = self._video(container)
                tick_s = float(stream.time_base or Fraction(1, 1000))
                for packet in container.demux(stream):
                    if packet.size:
                        yield packet, tick_s
        except (OSError, av.FFmpegError) as error:
            raise UnservableFileError(f"{self.file}: cannot be read ({_cause(error)})") from error

    def _prepared(self, data: bytes, *, key: bool) -> tuple[bytes, ...]:
        """Units to send: parameter sets before a key picture, no delimiters (RTP has a marker)."""
        units = self._split(data)
        types = [self.syntax.unit_type(unit) for unit in units]
        if self.syntax.delimiter in types:
            units = tuple(
                unit
                for unit, kind in zip(units, types, strict=True)
                if kind != self.syntax.delimiter
            )
        if key and not self._complete(self._sorted_sets(units)):
            return self.parameter_sets + units
        return units


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
