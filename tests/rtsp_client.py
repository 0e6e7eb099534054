"""A bare RTSP client that says exactly what a test wants to say, and sees what comes back.

For what FFmpeg's client does by itself, or hides: single requests, raw answers, RTP timestamps.
"""

import base64
import socket
import struct
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Answer:
    """An RTSP response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """Header fields of one RTP packet."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    arrival_s: float

    @property
    def h264_key(self) -> bool:
        """Whether the packet starts an H.264 sequence parameter set."""
        return self.payload[0] & 0x1F == 7


class RtspClient:
    """One TCP connection to an RTSP server at `rtsp://127.0.0.1:port/cam0`."""

    def __init__(
        self, port: int, *, timeout_s: float = 5.0, receive_bytes: int | None = None
    ) -> None:
        self.url = f"rtsp://127.0.0.1:{port}/cam0"
        self._socket = socket.socket()
        self._socket.settimeout(timeout_s)
        if receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.connect(("127.0.0.1", port))
        self._buffer = b""
        self._sequence = 0
        self.session: str | None = None
        self.rtp: list[RtpPacket] = []
        """RTP packets in the order in which they came."""
        self.rtcp: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def ask(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Send a request (`Some_Name="x"` becomes `Some-Name: x`) and wait for the answer."""
        self._sequence += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._sequence}"]
        if self.session is not None:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        return self.answer()

    def play(self, **headers: str) -> Answer:
        """DESCRIBE, SETUP, PLAY; returns PLAY's answer."""
        assert self.ask("DESCRIBE", **headers).status == 200
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        answer = self.ask("SETUP", f"{self.url}/trackID=0", Transport=transport, **headers)
        assert answer.status == 200
        self.session = answer.headers["session"].partition(";")[0]
        return self.ask("PLAY", Range="npt=0.000-", **headers)

    def answer(self) -> Answer:
        """Wait for the next response; media on the way to it is kept."""
        while True:
            self._take_media()
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if end and not head.startswith(b"$"):
                break
            self._receive()
        first, *lines = head.decode().split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        self._buffer = rest
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(int(first.split()[1]), headers, body)

    def watch(self, seconds: float) -> list[RtpPacket]:
        """Take media for so long; returns the RTP packets that came. EOFError when closed."""
        before = len(self.rtp)
        until = time.monotonic() + seconds
        timeout_s = self._socket.gettimeout()
        try:
            while (left_s := until - time.monotonic()) > 0:
                self._socket.settimeout(left_s)
                try:
                    self._receive()
                except TimeoutError:
                    break
                self._take_media()
        finally:
            self._socket.settimeout(timeout_s)
        return self.rtp[before:]

    def _receive(self) -> None:
        data = self._socket.recv(_CHUNK_BYTES)
        if not data:
            raise EOFError("the server closed the connection")
        self._buffer += data

    def _take_media(self) -> None:
        while self._buffer[:1] == b"$" and len(self._buffer) >= 4:
            channel, length = struct.unpack(">BH", self._buffer[1:4])
            if len(self._buffer) < 4 + length:
                return
            packet, self._buffer = self._buffer[4 : 4 + length], self._buffer[4 + length :]
            if channel == 0:
                kind, sequence, timestamp = struct.unpack(">xBHI", packet[:8])
                now_s = time.monotonic()
                rtp = RtpPacket(sequence, timestamp, bool(kind & 0x80), packet[12:], now_s)
                self.rtp.append(rtp)
            else:
                self.rtcp.append(packet)


def basic(user: str, password: str) -> str:
    """Value of a Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
