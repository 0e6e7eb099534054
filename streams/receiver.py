"""A camera's RTSP stream, received by ourselves: H.264 and H.265 over one TCP connection.

FFmpeg asks the kernel six times for each packet of 1400 bytes and copies it four times; with
hundreds of packets a second and camera that is most of what an idle camera costs. Here whatever
has gathered is read at once. Everything else (other codecs and transports, TLS, redirections,
whatever a camera does that is not understood here) is left to FFmpeg: see Unsuitable.
"""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from streams.access_units import AccessUnit, AccessUnits, Unsupported
from streams.diagnosis import judge
from streams.errors import Reason, stream_error
from streams.media import Media, media_of
from streams.packet import CodecParameters
from streams.parameters import Parameters
from streams.rtsp import Reply, Talk, connect
from streams.source import Source
from streams.unit import Unit

BUFFER_BYTES = 128 * 1024
"""More than an interleaved packet at its largest, 64 KiB."""
KEEP_ALIVE_SHARE = 0.4
"""Of the camera's time-out, between two signs of life."""
USUAL_TIMEOUT_S = 60.0
_FRAME = 0x24
_FRAME_HEAD = 4
_LEAST_RTP = 12
_SENDER_REPORT, _BYE = 200, 203
_NTP_EPOCH_S = 2_208_988_800  # 1900 to 1970
_WRAP = 1 << 32


class Unsuitable(Exception):  # noqa: N818  # not an error: FFmpeg may know how
    """Something for FFmpeg."""


class Receiver:
    """An open stream; the same as a Demuxer for whoever reads. For one thread."""

    def __init__(self, source: Source, *, open_timeout_s: float, read_timeout_s: float) -> None:
        """Open a stream. Raises StreamError where the camera's answer is clear, else Unsuitable."""
        if source.scheme != "rtsp":
            raise Unsuitable(source.scheme)
        self._source = source
        self._unwrapped: int | None = None
        self._newest = 0
        self._first = 0
        self._start_s: float | None = None
        self._over = False
        deadline_s = time.monotonic() + open_timeout_s
        try:
            self._socket = connect(source, deadline_s)
        except OSError as error:
            raise Unsuitable("no connection") from error
        try:
            self._talk = Talk(source, self._socket)
            self._media = self._play(deadline_s)
            self._socket.settimeout(read_timeout_s)
        except TimeoutError as error:
            self._socket.close()
            raise stream_error(Reason.TIMEOUT, source, "no answer in time") from error
        except OSError as error:
            self._socket.close()
            raise Unsuitable("the connection broke") from error
        except BaseException:
            self._socket.close()
            raise
        media = self._media
        self._parameters = Parameters(
            CodecParameters(media.family, media.extradata, 0, 0, media.time_base)
        )
        self._units = AccessUnits(media.family)

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

    def close(self) -> None:
        """Close the connection; harmless when closed already."""
        self._socket.close()

    @property
    def camera_start_s(self) -> float | None:
        """UTC of pts 0 by the camera's own clock (RTCP); None until it has told."""
        return self._start_s

    def units(self) -> Iterator[Unit]:
        """Yield what comes until the stream ends. Raises StreamError, Unsuitable."""
        buffer = bytearray(BUFFER_BYTES)
        view = memoryview(buffer)
        filled = len(self._talk.rest)
        view[:filled] = self._talk.rest
        arrival_s = time.monotonic()
        try:
            while not self._over:
                taken = self._take(view, filled)
                yield from self._new_units(arrival_s)
                view[: filled - taken] = view[taken:filled]
                filled -= taken
                self._keep_alive()
                count = self._socket.recv_into(view[filled:])
                arrival_s = time.monotonic()
                if not count:
                    break
                filled += count
        except TimeoutError as error:
            raise stream_error(Reason.STALLED, self._source, "no answer in time") from error
        except OSError as error:
            message = "it closes the connection"
            raise stream_error(Reason.REFUSED, self._source, message) from error
        except Unsupported as error:
            raise Unsuitable(str(error)) from error
        self._units.end()
        yield from self._new_units(arrival_s)

    def _play(self, deadline_s: float) -> Media:
        """Ask for the pictures."""
        talk, url = self._talk, self._source.url
        self._public = self._asked("OPTIONS", url, deadline_s).header("public")
        described = self._asked("DESCRIBE", url, deadline_s, "Accept: application/sdp")
        media = media_of(described, url)
        if media is None:
            raise Unsuitable("no H.264 or H.265 to be had this way")
        offer = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        ready = self._asked("SETUP", media.url, deadline_s, offer)
        transport = ";".join(ready.header("transport")).lower().replace(" ", "")
        session = "".join(ready.header("session")[:1])
        if "interleaved=0-1" not in transport or not session:
            raise Unsuitable("another transport")
        talk.session, _, parameters = session.partition(";")
        timeout = parameters.replace(" ", "").lower().removeprefix("timeout=")
        self._alive_every_s = KEEP_ALIVE_SHARE * (
            float(timeout) if timeout.isdigit() and int(timeout) else USUAL_TIMEOUT_S
        )
        self._asked("PLAY", media.session_url, deadline_s, "Range: npt=0.000-")
        self._alive_s = time.monotonic()
        return media

    def _asked(self, method: str, url: str, deadline_s: float, *headers: str) -> Reply:
        reply = self._talk.ask(method, url, deadline_s, *headers)
        if reply is None:
            raise Unsuitable("it does not speak RTSP")
        if reply.status in (401, 403):
            raise stream_error(*_with_source(judge(reply), self._source))
        if reply.status != 200 and method != "OPTIONS":
            raise Unsuitable(f"{method}: {reply.status}")
        return reply

    def _keep_alive(self) -> None:
        now_s = time.monotonic()
        if now_s - self._alive_s < self._alive_every_s:
            return
        self._alive_s = now_s
        method = "GET_PARAMETER" if "GET_PARAMETER" in ",".join(self._public) else "OPTIONS"
        self._socket.sendall(self._talk.request(method, self._media.session_url))

    def _take(self, view: memoryview, filled: int) -> int:
        """Take the whole packets and answers in the buffer; return how many bytes they were."""
        units = self._units
        place = units.take(view, 0, filled)
        while place + _FRAME_HEAD <= filled:
            if view[place] != _FRAME:
                after = self._skip_text(view, place, filled)
                if after is None:
                    break
                place = after
                continue
            start = place + _FRAME_HEAD
            end = start + (view[place + 2] << 8 | view[place + 3])
            if end > filled:
                break
            if not view[place + 1]:
                if end - start > _LEAST_RTP:
                    units.add(view[start:end])
                    place = units.take(view, end, filled)
                    continue
            elif view[place + 1] == 1:
                self._control(view[start:end])
            place = end
        return place

    def _skip_text(self, view: memoryview, place: int, filled: int) -> int | None:
        """Return where an answer ends (or a request of the camera's); None while it is not whole.

        Raises Unsuitable for what is neither.
        """
        text = bytes(view[place:filled])
        start = len(text) - len(text.lstrip(b"\r\n"))
        if start:
            return place + start
        head, end, _ = text.partition(b"\r\n\r\n")
        if not end:
            if len(text) > BUFFER_BYTES // 2 or not text[:1].isalpha():
                raise Unsuitable("neither a packet nor an answer")
            return None
        length = 0
        for line in head.lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name == b"content-length" and value.strip().isdigit():
                length = int(value)
        if length > BUFFER_BYTES // 2:
            raise Unsuitable("an answer without an end")
        whole = len(head) + len(end) + length
        return place + whole if whole <= len(text) else None

    def _control(self, packet: memoryview) -> None:
        """Take a compound RTCP packet: what time it is, and whether the stream is over."""
        while len(packet) >= 8:
            kind, size = packet[1], 4 + 4 * int.from_bytes(packet[2:4])
            if kind == _BYE:
                self._over = True
            elif kind == _SENDER_REPORT and len(packet) >= 20 and self._unwrapped is not None:
                seconds = int.from_bytes(packet[8:12]) + int.from_bytes(packet[12:16]) / _WRAP
                ticks = self._unwrapped + _step(self._newest, int.from_bytes(packet[16:20]))
                pts_s = (ticks - self._first) * float(self._media.time_base)
                self._start_s = seconds - _NTP_EPOCH_S - pts_s
            packet = packet[size:]

    def _new_units(self, arrival_s: float) -> Iterator[Unit]:
        whole = self._units.whole
        if not whole:
            return
        self._units.whole = []
        for picture in whole:
            pts = self._pts(picture)
            yield self._parameters.unit(
                picture.data, pts, None, None, key=picture.entry, arrival_s=arrival_s
            )

    def _pts(self, picture: AccessUnit) -> int:
        """Count on where 32 bits are over; 0 at the first picture."""
        if self._unwrapped is None:
            self._unwrapped = self._first = picture.timestamp
        else:
            self._unwrapped += _step(self._newest, picture.timestamp)
        self._newest = picture.timestamp
        return self._unwrapped - self._first


def _step(before: int, after: int) -> int:
    """Return by how much a 32-bit time stamp went on, or back."""
    step = (after - before) % _WRAP
    return step - _WRAP if step >= _WRAP // 2 else step


def _with_source(finding: tuple[Reason, str], source: Source) -> tuple[Reason, Source, str]:
    reason, message = finding
    return reason, source, message
