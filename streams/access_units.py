"""RTP packets of one video stream into whole pictures (RFC 3550; H.264: RFC 6184; H.265: RFC 7798).

A picture ends where the next time stamp begins. Waiting for that delays each picture by one, so
the marker bit is believed once it has been right for a while, and never again after it was wrong
(two fields of a picture, or a camera that marks each slice). A picture that lost a packet is left
out: half of it would be decoded as if it were whole.
"""

from dataclasses import dataclass
from struct import Struct

from streams.nal import START_CODE, Family

BELIEVED = 20
"""Pictures whose marker bit was right until it is believed."""
_HEADER = Struct(">BBHI")
_FRAMED = Struct(">HHHHIIB")
"""Before an RTP packet, its own header, and the first byte of what it carries."""
_HEAD, _FRAME_HEAD = 12, 4
_FRAME = 0x2400
"""An interleaved packet on channel 0 (RFC 2326, 10.12)."""
_LIKE, _UNLIKE = 0x8000, 0xFF80
"""Of a plain packet that is not a picture's last one."""
_EDGES = 0xC0
"""The first or last fragment of a unit."""
_ROOM_BYTES, _KEPT_BYTES = 32 * 1024, 512 * 1024
"""For a picture at first; more is given back after it."""
_VERSION = 2 << 6
_MARKER, _PADDING, _EXTENSION, _SOURCES = 0x80, 0x20, 0x10, 0x0F
_START = 0x80
"""Of a fragmented unit; in slices, the bit that says that a picture begins with it."""
MOST_BYTES = 16 * 1024 * 1024
"""A larger picture is none: the time stamps stand still."""


_NEVER = -(1 << 62)


class Unsupported(Exception):  # noqa: N818  # it names what came
    """A way to pack NAL units that is not read here."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a codec's NAL units lie in RTP packets."""

    aggregated: int
    fragmented: int
    unread: frozenset[int]
    header_bytes: int
    slices: frozenset[int]
    entries: frozenset[int]
    """Where decoding may start; for H.264 also what may say so (SEI)."""


SYNTAXES: dict[Family, Syntax] = {
    "h264": Syntax(
        aggregated=24,
        fragmented=28,
        unread=frozenset({0, 25, 26, 27, 29, 30, 31}),
        header_bytes=1,
        slices=frozenset({1, 2, 5}),
        entries=frozenset({5, 6}),
    ),
    "hevc": Syntax(
        aggregated=48,
        fragmented=49,
        unread=frozenset(range(50, 64)),
        header_bytes=2,
        slices=frozenset(range(32)),
        entries=frozenset(range(16, 24)),
    ),
}


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One compressed picture."""

    data: bytes
    """With Annex B start codes."""
    timestamp: int
    """As RTP has it, 32 bits."""
    entry: bool
    """Whether decoding may start here: to be asked of the NAL units."""


class AccessUnits:
    """Takes one stream's packets in order. Used by one thread."""

    def __init__(self, family: Family) -> None:
        self.whole: list[AccessUnit] = []
        """Pictures to be taken away by the caller."""
        self.damaged = 0
        """Pictures left out as packets of them were missing."""
        self._family = family
        self._syntax = SYNTAXES[family]
        shift, mask = (0, 0x1F) if family == "h264" else (1, 0x7E)
        self._mask = mask, self._syntax.fragmented << shift
        self._data = bytearray(_ROOM_BYTES)
        """Written in place: growing it for each picture costs as much as reading."""
        self._size = 0
        self._timestamp = -1
        self._sequence = -1
        self._sliced = self._entry = self._lost = False
        self._marked = self._marked_early = False
        self._good = 0
        self._given = -1
        """Time stamp of a picture that was given away at its marker."""

    def take(self, view: memoryview, place: int, filled: int) -> int:
        """Take the interleaved packets of one picture that only go on with what it has begun.

        From `place` on, at most to `filled`; returns where they end. There are hundreds a second.
        """
        data, size, sequence, timestamp = self._data, self._size, self._sequence, self._timestamp
        body = _FRAME_HEAD + _HEAD + self._syntax.header_bytes + 1
        mask, fragmented = self._mask
        while place + body < filled:
            frame, length, kind, number, stamp, _, unit = _FRAMED.unpack_from(view, place)
            end = place + _FRAME_HEAD + length
            sequence = sequence + 1 & 0xFFFF
            if (
                number != sequence
                or stamp != timestamp
                or frame != _FRAME
                or kind & _UNLIKE != _LIKE
                or unit & mask != fragmented
                or view[place + body - 1] & _EDGES
                or end > filled
                or size + length > len(data)
            ):
                break
            after = size + end - place - body
            data[size:after] = view[place + body : end]
            size, place, self._sequence = after, end, sequence
        self._size = size
        return place

    def add(self, packet: memoryview) -> None:
        """Take an RTP packet. Raises Unsupported."""
        flags, kind, sequence, timestamp = _HEADER.unpack_from(packet)
        missing = sequence != self._sequence + 1 & 0xFFFF and self._sequence >= 0
        if timestamp != self._timestamp:
            self._lost = self._lost or (missing and not self._marked)
            self._finish()
            self._timestamp = timestamp
        elif missing:
            self._lost = True
        self._sequence = sequence
        self._marked_early = self._marked
        payload = packet[_HEAD:] if flags == _VERSION else _payload(packet, flags)
        header = self._syntax.header_bytes
        if len(payload) > header:
            unit = self._kind(payload[0])
            if unit == self._syntax.fragmented:
                self._fragment(payload)
            elif unit == self._syntax.aggregated:
                self._aggregate(payload[header:])
            else:
                self._begin(unit, payload[header])
                self._append(START_CODE)
                self._append(payload)
        if kind & _MARKER:
            self._mark()

    def _append(self, part: bytes | memoryview) -> None:
        after = self._size + len(part)
        if after > MOST_BYTES:
            raise Unsupported(f"a picture of more than {MOST_BYTES} bytes")
        if after > len(self._data):
            self._data += bytes(after)
        self._data[self._size : after] = part
        self._size = after

    def end(self) -> None:
        """Finish the last picture: no more packets come."""
        self._finish()

    def _kind(self, first: int) -> int:
        return first & 0x1F if self._family == "h264" else first >> 1 & 0x3F

    def _fragment(self, payload: memoryview) -> None:
        header = self._syntax.header_bytes
        if len(payload) < header + 2:
            return
        fragment = payload[header]
        if fragment & _START:
            if self._family == "h264":
                unit = fragment & 0x1F
                own = bytes((payload[0] & 0xE0 | unit,))
            else:
                unit = fragment & 0x3F
                own = bytes((payload[0] & 0x81 | unit << 1, payload[1]))
            self._begin(unit, payload[header + 1])
            self._append(START_CODE + own)
        elif not self._size:
            self._lost = True
        self._append(payload[header + 1 :])

    def _aggregate(self, units: memoryview) -> None:
        header, place = self._syntax.header_bytes, 0
        while place + 2 < len(units):
            end = place + 2 + int.from_bytes(units[place : place + 2])
            unit = units[place + 2 : end]
            if len(unit) > header:
                self._begin(self._kind(unit[0]), unit[header])
                self._append(START_CODE)
                self._append(unit)
            place = end

    def _begin(self, unit: int, first: int) -> None:
        """Note that a NAL unit begins; `first` is the first byte after its header."""
        if unit in self._syntax.unread:
            raise Unsupported(f"NAL unit or packet of type {unit}")
        if unit in self._syntax.slices:
            if self._given == self._timestamp:  # more of a picture after its marker
                self._good = _NEVER
                self._lost = True
            elif not self._sliced and not first & _START:
                self._lost = True  # what came before this slice is missing
            self._sliced = True
        self._entry = self._entry or unit in self._syntax.entries

    def _mark(self) -> None:
        self._marked = True
        if self._good >= BELIEVED and self._sliced:
            self._give()
            self._given = self._timestamp

    def _finish(self) -> None:
        """End the picture at hand where the next one begins; what has no slice is its beginning."""
        if self._sliced or self._lost:
            right = self._marked and not self._marked_early
            self._good = self._good + 1 if right else min(self._good, 0)
            self._give()
        self._given = -1

    def _give(self) -> None:
        if self._lost:
            self.damaged += self._sliced
        else:
            data = bytes(memoryview(self._data)[: self._size])
            self.whole.append(AccessUnit(data, self._timestamp, self._entry))
        self._size = 0
        if len(self._data) > _KEPT_BYTES:
            self._data = bytearray(_ROOM_BYTES)
        self._sliced = self._entry = self._lost = False
        self._marked = self._marked_early = False


def _payload(packet: memoryview, flags: int) -> memoryview:
    """Leave out contributing sources, a header extension and padding (RFC 3550, 5.1)."""
    start = _HEAD + 4 * (flags & _SOURCES)
    if flags & _EXTENSION:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
    end = len(packet) - (packet[-1] if flags & _PADDING else 0)
    return packet[start:end]
