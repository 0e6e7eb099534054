"""RTP and RTCP packets of one video stream (RFC 3550, RFC 6184, RFC 7798).

Knows nothing of sockets and clocks: bytes and numbers in, packets out.
"""

import struct
from collections.abc import Iterator, Sequence

from streams.simulated.nal import H264, CodecSyntax

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
MAX_PAYLOAD_BYTES = 1400
"""As cameras do it: fits an Ethernet frame, although TCP would take more."""

_VERSION = 2 << 6
_MARKER = 0x80
_FU_A = 28  # RFC 6184, 5.8
_FU = 49  # RFC 7798, 4.4.3
_FU_START, _FU_END = 0x80, 0x40
_SENDER_REPORT, _SOURCE_DESCRIPTION, _BYE = 200, 202, 203
_NTP_EPOCH_S = 2_208_988_800  # 1900 to 1970


class Packetizer:
    """Turns access units into RTP packets with running sequence numbers."""

    def __init__(self, syntax: CodecSyntax, *, ssrc: int, first_sequence: int) -> None:
        self._syntax = syntax
        self._ssrc = ssrc
        self._sequence = first_sequence

    @property
    def next_sequence(self) -> int:
        """Sequence number of the next packet."""
        return self._sequence

    def packets(self, units: Sequence[bytes], timestamp: int) -> list[bytes]:
        """Packets of one access unit; the last carries the marker bit."""
        payloads = [payload for unit in units for payload in self._payloads(unit)]
        last = len(payloads) - 1
        return [
            self._packet(payload, timestamp, marker=index == last)
            for index, payload in enumerate(payloads)
        ]

    def _packet(self, payload: bytes, timestamp: int, *, marker: bool) -> bytes:
        kind = PAYLOAD_TYPE | (_MARKER if marker else 0)
        header = struct.pack(
            ">BBHII", _VERSION, kind, self._sequence, timestamp % 2**32, self._ssrc
        )
        self._sequence = (self._sequence + 1) % 2**16
        return header + payload

    def _payloads(self, unit: bytes) -> Iterator[bytes]:
        if len(unit) <= MAX_PAYLOAD_BYTES:
            yield unit
            return
        header_bytes = self._syntax.header_bytes
        indicator = self._fragment_header(unit)
        body = memoryview(unit)[header_bytes:]
        step = MAX_PAYLOAD_BYTES - header_bytes - 1
        for start in range(0, len(body), step):
            flags = _FU_START if start == 0 else 0
            flags |= _FU_END if start + step >= len(body) else 0
            flags |= self._syntax.unit_type(unit)
            yield b"".join((indicator, bytes((flags,)), body[start : start + step]))

    def _fragment_header(self, unit: bytes) -> bytes:
        if self._syntax is H264:
            return bytes((unit[0] & 0xE0 | _FU_A,))
        return bytes((unit[0] & 0x81 | _FU << 1, unit[1]))


def sender_report(
    ssrc: int, *, unix_s: float, timestamp: int, packets: int, octets: int, name: str
) -> bytes:
    """Compound RTCP packet: when `timestamp` was on the sender's wall clock, and what was sent."""
    seconds = int(unix_s)
    fraction = int((unix_s - seconds) * 2**32)
    report = struct.pack(
        ">BBHIIIIII",
        _VERSION,
        _SENDER_REPORT,
        6,
        ssrc,
        (seconds + _NTP_EPOCH_S) % 2**32,
        fraction,
        timestamp % 2**32,
        packets % 2**32,
        octets % 2**32,
    )
    return report + _description(ssrc, name)


def goodbye(ssrc: int) -> bytes:
    """RTCP packet that ends the stream."""
    return struct.pack(">BBHI", _VERSION | 1, _BYE, 1, ssrc)


def _description(ssrc: int, name: str) -> bytes:
    text = name.encode()
    item = struct.pack(">IBB", ssrc, 1, len(text)) + text  # 1 is CNAME
    item += bytes(4 - len(item) % 4)  # at least one zero ends the items
    return struct.pack(">BBH", _VERSION | 1, _SOURCE_DESCRIPTION, len(item) // 4) + item
