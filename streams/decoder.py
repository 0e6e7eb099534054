"""Compressed pictures into decoded ones, which stay inside this module's users.

A decoder belongs to one thread; PyAV objects used from two hang the process.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from streams import nal
from streams.hardware import Hardware, Opened
from streams.packet import CodecParameters, Packet

KEY_OPTIONS: Mapping[str, str] = MappingProxyType({"skip_loop_filter": "all", "flags2": "+fast"})
"""For looks. Without the loop filter block edges show a little; a key frame costs 25 to 30 % less
and the street model finds the same (benchmarks.key_frame). The flag changes no bit of H.264 on one
thread. Only for pictures decoded alone: where others are predicted from them the errors would add
up."""
_CONTEXTS = 4
"""Decoders that a worker keeps: one for each codec and size it meets, each 3 to 15 MB."""
_AGAIN = 750
"""Packets since the last key packet that are kept for going on in software: 30 s. Those of a camera
are in its ring anyway."""
_SILENT = 32
"""Packets after which a device that gave no picture is taken for broken: no codec reorders so far.
"""


class KeyDecoder:
    """Decodes clean key packets, each alone; one decoder serves every camera of a codec and size.

    H.264 and H.265 bring their parameter sets with each packet and the decoder is drained and
    flushed after each, so nothing of one camera reaches the next.
    """

    def __init__(self, options: Mapping[str, str] = KEY_OPTIONS) -> None:
        self._options = dict(options)
        self._contexts: OrderedDict[tuple[str, bytes, int, int], VideoCodecContext] = OrderedDict()

    def decode(self, packet: Packet, parameters: CodecParameters) -> VideoFrame | None:
        """Decode one clean key packet; None when it does not decode to a whole picture."""
        if not packet.key or packet.warmup:
            raise ValueError("only a clean key packet can be decoded alone")
        context = self._context(parameters)
        try:
            frames = context.decode(_compressed(packet, parameters, 0))
            frames += context.decode(None)
        except av.error.FFmpegError:
            return None
        finally:
            context.flush_buffers()
        return next((frame for frame in frames if not frame.is_corrupt), None)

    def _context(self, parameters: CodecParameters) -> VideoCodecContext:
        out_of_band = b"" if nal.family(parameters.codec) else parameters.extradata
        wanted = (parameters.codec, out_of_band, parameters.width, parameters.height)
        context = self._contexts.pop(wanted, None)
        if context is None:
            context = _new_context(parameters, threads=1)
            context.options = dict(self._options)
            while len(self._contexts) >= _CONTEXTS:
                self._contexts.popitem(last=False)
        self._contexts[wanted] = context
        return context


class RunDecoder:
    """Decodes everything of one stream from an entry point on, pictures in the order shown.

    On a device where `hardware` has one for the codec. Where the device fails, the packets since
    the last key packet are decoded again in software: no picture is lost, some may come twice.
    """

    def __init__(
        self,
        parameters: CodecParameters,
        *,
        threads: int = 1,
        hardware: Hardware | None = None,
    ) -> None:
        self._parameters, self._threads = parameters, threads
        self._hardware = hardware
        self._opened: Opened | None = hardware.open(parameters.codec) if hardware else None
        self._context = self._opened.context if self._opened else self._software()
        self._again: list[tuple[Packet, CodecParameters]] | None = []
        """What came since a key packet whose picture was shown, while a device decodes; None: too
        much."""
        self._again_key: Packet | None = None
        """The newest key packet in it, until a picture from there on was shown."""
        self._silent = 0
        """Packets that a device took since its last picture."""
        self._waiting: dict[int, Packet] = {}
        self._count = 0
        self._entry: Packet | None = None
        self._entry_number = 0
        self.undecodable = 0
        """Packets that gave an error, and pictures that came out damaged."""

    @property
    def device(self) -> str | None:
        """What decodes: a device's name, None for software."""
        return self._opened.device if self._opened else None

    def feed(
        self, packet: Packet, parameters: CodecParameters
    ) -> Iterator[tuple[Packet, VideoFrame]]:
        """Decode a packet; yield what can be shown now. Starts at the first entry point.

        After an error nothing is shown until the next entry point.
        """
        if self._entry is None:
            if not packet.key:
                return
            self._entry, self._entry_number = packet, self._count
        self._keep(packet, parameters)
        self._waiting[self._count] = packet
        compressed = _compressed(packet, parameters, self._count)
        self._count += 1
        try:
            frames = self._context.decode(compressed)
        except av.error.FFmpegError as error:
            if self._opened is not None:
                yield from self._go_on_in_software(str(error))
                return
            self.undecodable += 1
            self.restart()
            return
        self._silent = 0 if frames else self._silent + 1
        if self._opened is not None and self._silent >= _SILENT:
            yield from self._go_on_in_software(f"no picture out of {_SILENT} packets")
            return
        for shown, frame in self._whole(frames):
            self._forget(shown)
            yield shown, frame

    def _keep(self, packet: Packet, parameters: CodecParameters) -> None:
        """Keep what software would have to decode again."""
        if self._opened is None:
            return
        if (packet.key and not packet.warmup) or packet is self._entry:
            self._again = self._again or []
            self._again_key = packet
        if self._again is not None:
            self._again.append((packet, parameters))
            if len(self._again) > _AGAIN:
                self._again = None

    def _forget(self, shown: Packet) -> None:
        """Drop what lies before the last key packet once a picture from there on was shown."""
        key = self._again_key
        if self._again and key is not None and shown.at_s >= key.at_s:
            start = next(n for n, (packet, _) in enumerate(self._again) if packet is key)
            del self._again[:start]
            self._again_key = None

    def _go_on_in_software(self, reason: str) -> Iterator[tuple[Packet, VideoFrame]]:
        """Decode what came since the last key packet once more.

        If that is free of errors, it was the device that failed, and it is left alone.
        """
        opened, self._opened = self._opened, None
        again, self._again = self._again or (), []
        self._context = self._software()
        self._waiting.clear()
        self._entry = None
        failed = self.undecodable
        for packet, parameters in again:
            yield from self.feed(packet, parameters)
        if self._hardware is not None and opened is not None and self.undecodable == failed:
            self._hardware.failed(opened.device, reason)

    def _software(self) -> VideoCodecContext:
        return _new_context(self._parameters, threads=self._threads)

    def drain(self) -> Iterator[tuple[Packet, VideoFrame]]:
        """Yield what the decoder still holds; then it waits for an entry point."""
        try:
            frames = self._context.decode(None)
        except av.error.FFmpegError as error:
            frames = []
            if self._opened is not None:
                yield from self._go_on_in_software(str(error))
                frames = self._context.decode(None)
        yield from self._whole(frames)
        self.restart()

    def restart(self) -> None:
        """Forget everything; show nothing before the next entry point."""
        self._context.flush_buffers()
        self._waiting.clear()
        self._entry, self._again, self._silent = None, [], 0

    def _whole(self, frames: list[VideoFrame]) -> Iterator[tuple[Packet, VideoFrame]]:
        """Leave out damaged pictures, those before the entry, and those it needs to warm up.

        FFmpeg itself shows nothing of H.264 before the recovery point is reached; the count here
        only makes sure of it.
        """
        for frame in frames:
            number = frame.pts or 0
            packet = self._waiting.pop(number, None)
            if packet is None or self._entry is None or packet.at_s < self._entry.at_s:
                continue
            if frame.is_corrupt:
                self.undecodable += 1
            elif number - self._entry_number >= self._entry.warmup:
                yield packet, frame
        self._forget_lost()

    def _forget_lost(self) -> None:
        """Packets that never gave a picture must not pile up; no codec reorders this far."""
        while len(self._waiting) > 64:
            del self._waiting[next(iter(self._waiting))]


def _new_context(parameters: CodecParameters, *, threads: int) -> VideoCodecContext:
    context = av.CodecContext.create(parameters.codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise TypeError(f"{parameters.codec} is no video codec")
    context.thread_count = threads
    context.thread_type = "SLICE" if threads == 1 else "AUTO"
    if parameters.extradata and not nal.family(parameters.codec):
        context.extradata = parameters.extradata
    return context


def _compressed(
    packet: Packet, parameters: CodecParameters, number: int
) -> "av.Packet[av.stream.Stream]":
    """Make a fresh FFmpeg packet; its pts is a number to find the packet again by."""
    data = packet.data
    syntax = nal.family(parameters.codec)
    if packet.key and syntax is not None and not nal.parameter_sets(syntax, data):
        data = parameters.extradata + data
    compressed = fresh_packet(data)
    compressed.pts = compressed.dts = number
    return compressed


def fresh_packet(data: bytes) -> "av.Packet[av.stream.Stream]":
    """Copy bytes into a packet of FFmpeg's own memory.

    A packet made of a Python object takes the interpreter's lock when it is freed. A decoding
    thread of FFmpeg that frees one while the interpreter frees the decoder waits for ever (PyAV
    18.1; seen with frame threads).
    """
    packet = av.Packet(len(data))
    if data:
        packet.update(data)
    return packet
