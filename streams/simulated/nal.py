"""NAL units of H.264 and H.265: taking them out of packets and of a container's extradata.

Formats: ISO/IEC 14496-15 (avcC, hvcC, length-prefixed units) and Annex B of the two standards
(start codes). Nothing here looks inside a slice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_START_CODE = b"\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class CodecSyntax:
    """Where a codec keeps what a sender must know; numbers are nal_unit_type values."""

    name: str
    """FFmpeg's name of the codec."""
    header_bytes: int
    parameter_sets: tuple[int, ...]
    """Types in the order in which a decoder needs them."""
    delimiter: int

    def unit_type(self, unit: bytes) -> int:
        """nal_unit_type of a unit."""
        return unit[0] & 0x1F if self.header_bytes == 1 else unit[0] >> 1 & 0x3F


H264 = CodecSyntax("h264", 1, (7, 8), 9)
"""SPS, PPS; access unit delimiter (ITU-T H.264 table 7-1)."""
H265 = CodecSyntax("hevc", 2, (32, 33, 34), 35)
"""VPS, SPS, PPS; access unit delimiter (ITU-T H.265 table 7-1)."""
SYNTAXES = {syntax.name: syntax for syntax in (H264, H265)}


def split_start_codes(data: bytes) -> Iterator[bytes]:
    """Units of an Annex B byte stream, without start codes and trailing zeros."""
    start = data.find(_START_CODE)
    while start >= 0:
        start += len(_START_CODE)
        end = data.find(_START_CODE, start)
        unit = data[start : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        start = end


def split_lengths(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """Units that each follow their length; ValueError when a length does not fit."""
    position = 0
    while position < len(data):
        start = position + length_bytes
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise ValueError("a NAL unit's length points past the end of its packet")
        if position > start:
            yield data[start:position]


@dataclass(frozen=True, slots=True)
class Extradata:
    """What a container says about its units."""

    length_bytes: int | None
    """Bytes of the length before each unit; None when units follow start codes."""
    units: tuple[bytes, ...]
    """Parameter sets; empty when they are only in the packets."""

    def split(self, data: bytes) -> Iterator[bytes]:
        """Units of one of the container's packets; ValueError when it is damaged."""
        if self.length_bytes is None:
            return split_start_codes(data)
        return split_lengths(data, self.length_bytes)


def read_extradata(syntax: CodecSyntax, extradata: bytes) -> Extradata:
    """Read avcC, hvcC or Annex B extradata; ValueError when it is cut short."""
    if not extradata or extradata[0] != 1:  # version 1 of avcC and hvcC
        return Extradata(None, tuple(split_start_codes(extradata)))
    try:
        if syntax is H264:
            return Extradata((extradata[4] & 3) + 1, tuple(_avcc_units(extradata)))
        return Extradata((extradata[21] & 3) + 1, tuple(_hvcc_units(extradata)))
    except IndexError:
        raise ValueError("the container's decoder configuration is cut short") from None


def _avcc_units(record: bytes) -> Iterator[bytes]:
    position = 5
    for mask in (0x1F, 0xFF):  # SPS, then PPS
        count = record[position] & mask
        position += 1
        for _ in range(count):
            unit, position = _sized(record, position)
            yield unit


def _hvcc_units(record: bytes) -> Iterator[bytes]:
    position = 23
    for _ in range(record[22]):
        count = record[position + 1] << 8 | record[position + 2]
        position += 3
        for _ in range(count):
            unit, position = _sized(record, position)
            yield unit


def _sized(record: bytes, position: int) -> tuple[bytes, int]:
    start = position + 2
    end = start + (record[position] << 8 | record[position + 1])
    if end > len(record):
        raise IndexError
    return record[start:end], end
