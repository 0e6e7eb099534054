"""One open stream: compressed pictures as they come, with clean entry points told apart.

Knows nothing of time beyond the stream's own ticks, nothing of reconnecting and nothing of
decoding. H.264 and H.265 leave here with Annex B start codes, whatever the container used.
"""

import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from streams import nal
from streams.diagnosis import diagnose
from streams.errors import Reason, StreamError, stream_error
from streams.packet import CodecParameters
from streams.parameters import Parameters
from streams.source import Source
from streams.translation import UNREADABLE, clear_reason, scrub
from streams.unit import Unit

DIAGNOSIS_S = 3.0
"""A camera that answers at all does so within this."""

_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mjpeg,mpjpeg,h264,hevc,m4v,mpegts,mpeg,flv"
"""Recordings and plain streams. No playlists (they name further files and hosts), no pictures."""
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "rtsp": {
        "rtsp_transport": "tcp",  # UDP loses packets, and a lost packet is a broken GOP
        # FFmpeg shifts pts at the first RTCP report as soon as there is a second stream.
        "allowed_media_types": "video",
        "protocol_whitelist": "rtsp,rtsps,rtp,srtp,tcp,tls,udp",
        # Enough to find the codec's header; counting pictures for a frame rate takes a second.
        "fpsprobesize": "0",
        "analyzeduration": "500000",
    },
    "http": {
        "protocol_whitelist": "http,https,tcp,tls",
        "format_whitelist": _FORMATS,
        "max_redirects": "0",  # the hosts that may be spoken to are named by the site
        "analyzeduration": "500000",
    },
    "file": {"protocol_whitelist": "file", "format_whitelist": _FORMATS},
}


class Demuxer:
    """An open stream. Use it from one thread; iterate over units(), then close it."""

    def __init__(
        self,
        source: Source,
        *,
        open_timeout_s: float | None = None,
        read_timeout_s: float | None = None,
    ) -> None:
        """Open a stream. Raises StreamError.

        FFmpeg applies open_timeout_s twice, to connecting and to looking for the codec. After
        read_timeout_s without data its parser hands out what it still has, so that reading fails
        only after a second read_timeout_s. Whoever needs a firm deadline keeps it outside.
        """
        self._source = source
        started_s = time.monotonic()
        try:
            self._container = _open(source, open_timeout_s, read_timeout_s)
        except av.error.FFmpegError as error:
            late = open_timeout_s is not None and time.monotonic() - started_s >= open_timeout_s
            raise _explain(error, source, late=late) from scrub(error)
        try:
            self._stream, parameters, self._length_size = self._set_up()
        except BaseException:
            self._container.close()
            raise
        self._parameters = Parameters(parameters)

    def _set_up(self) -> tuple[VideoStream, CodecParameters, int | None]:
        streams = self._container.streams.video
        if not streams:
            raise stream_error(Reason.CODEC, self._source, "it holds no video")
        stream = streams[0]
        context = stream.codec_context
        if context is None:  # typed as always there; FFmpeg has no decoder for some codecs
            raise stream_error(Reason.CODEC, self._source, "its codec is not supported")
        for other in self._container.streams:
            if other is not stream:
                other.discard = av.stream.Discard.all
        extradata, length_size = context.extradata or b"", None
        syntax = nal.family(context.name)
        if syntax is not None:
            try:
                header = nal.read_header(syntax, extradata)
            except ValueError as error:
                raise stream_error(Reason.CODEC, self._source, str(error)) from error
            extradata = nal.parameter_sets(syntax, header.extradata)
            length_size = header.length_size
        time_base = stream.time_base or Fraction(1, 90000)
        parameters = CodecParameters(
            context.name, extradata, context.width or 0, context.height or 0, time_base
        )
        return stream, parameters, length_size

    def __enter__(self) -> Self:
        """Use it as a context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @property
    def parameters(self) -> CodecParameters:
        """Parameters in force after the last unit read."""
        return self._parameters.current

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick."""
        return self._parameters.current.time_base

    @property
    def average_fps(self) -> float | None:
        """Pictures a second as the container says; None if it does not."""
        rate = self._stream.average_rate
        return float(rate) if rate else None

    @property
    def duration_s(self) -> float | None:
        """Length as the container says; None if it does not."""
        duration = self._container.duration
        return duration / 1e6 if duration else None

    @property
    def has_b_frames(self) -> bool:
        """True when the codec's header says that pictures are reordered."""
        return bool(self._stream.codec_context.has_b_frames)

    @property
    def camera_start_s(self) -> float | None:
        """UTC of pts 0 by the camera's own clock (RTCP); None until it has told."""
        start = self._container.start_time_realtime
        return start / 1e6 if start else None

    def units(self) -> Iterator[Unit]:
        """Yield what comes until the stream ends. Raises StreamError.

        Broken packets (a length prefix that does not fit) are left out.
        """
        try:
            for packet in self._container.demux(self._stream):
                if packet.size and not packet.is_corrupt:
                    unit = self._unit(packet)
                    if unit is not None:
                        yield unit
        except av.error.FFmpegError as error:
            reason, message = clear_reason(error) or (Reason.ENDED, "reading failed")
            if reason is Reason.TIMEOUT:
                reason = Reason.STALLED
            raise stream_error(reason, self._source, message) from scrub(error)

    def close(self) -> None:
        """Close the stream; harmless when closed already."""
        self._container.close()

    def _unit(self, packet: "av.Packet[VideoStream]") -> Unit | None:
        arrival_s = time.monotonic()
        data = bytes(packet)
        if self._length_size is not None:
            try:
                data = nal.to_annex_b(data, self._length_size)
            except ValueError:
                return None
        return self._parameters.unit(
            data,
            packet.pts,
            packet.dts,
            packet.duration or None,
            key=packet.is_keyframe,
            arrival_s=arrival_s,
        )


def _open(
    source: Source, open_timeout_s: float | None, read_timeout_s: float | None
) -> InputContainer:
    kind = {"rtsps": "rtsp", "https": "http"}.get(source.scheme, source.scheme)
    url = f"file:{source.path}" if source.is_file else source.url_with_credentials()
    options = dict(_OPTIONS[kind])
    if kind == "rtsp" and read_timeout_s is not None:
        # PyAV's own deadline for reading asks Python's clock, and so takes the interpreter's lock,
        # several times for each RTP packet; with many cameras they all wait for it. FFmpeg keeps
        # this one by itself.
        options["timeout"] = str(round(max(read_timeout_s, open_timeout_s or 0.0) * 1e6))
        read_timeout_s = None
    return av.open(
        url,
        mode="r",
        format="rtsp" if kind == "rtsp" else None,
        options=options,
        timeout=(open_timeout_s, read_timeout_s),
        metadata_errors="replace",
    )


def _explain(error: av.error.FFmpegError, source: Source, *, late: bool) -> StreamError:
    if late:
        return stream_error(Reason.TIMEOUT, source, "no answer in time")
    clear = clear_reason(error)
    if clear is None and source.is_file:
        clear = Reason.CODEC, UNREADABLE
    if clear is None:
        clear = diagnose(source, DIAGNOSIS_S)
    return stream_error(*(clear[0], source, clear[1]))
