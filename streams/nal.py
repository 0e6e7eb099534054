"""NAL units of H.264 (ITU-T H.264 7.3, 7.4, Annex B, D.2.8) and H.265 (ITU-T H.265 7.3, Annex B).

Everything inside `streams` uses Annex B start codes; MP4's and Matroska's length prefixes are
rewritten where packets enter. Containers and FFmpeg's parsers mark packets as key that cannot be
decoded alone (every recovery point of an intra-refresh stream), so entry points are read from the
NAL units themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

START_CODE = b"\x00\x00\x00\x01"
_SHORT_START = b"\x00\x00\x01"

# nal_unit_type, H.264 table 7-1 and H.265 table 7-1
_AVC_SLICE, _AVC_PARTITION_A, _AVC_IDR, _AVC_SEI = 1, 2, 5, 6
_AVC_PARAMETER_SETS = frozenset({7, 8, 13, 15})
_HEVC_LAST_SLICE = 31
_HEVC_IRAP = range(16, 24)
_HEVC_PARAMETER_SETS = frozenset({32, 33, 34})
_AVC_SPS, _HEVC_SPS = 7, 33
_SEI_RECOVERY_POINT = 6
_INTRA_SLICES = frozenset({2, 4, 7, 9})
"""slice_type I and SI, H.264 table 7-6."""

Family = Literal["h264", "hevc"]


def family(codec: str) -> Family | None:
    """Say which NAL syntax a codec uses; None for codecs without NAL units."""
    if codec == "h264":
        return "h264"
    return "hevc" if codec == "hevc" else None


@dataclass(frozen=True, slots=True)
class ContainerHeader:
    """A container's codec header (avcC or hvcC, ISO/IEC 14496-15), or Annex B as it is."""

    extradata: bytes
    """The parameter sets with start codes."""
    length_size: int | None
    """Bytes of the length before each NAL unit; None when packets have start codes already."""


def read_header(syntax: Family, extradata: bytes) -> ContainerHeader:
    """Understand a container's extradata. Raises ValueError when it is damaged."""
    if not extradata or extradata.startswith((START_CODE, _SHORT_START)):
        return ContainerHeader(extradata, None)
    try:
        if syntax == "h264":
            return _read_avcc(extradata)
        return _read_hvcc(extradata)
    except IndexError:
        raise ValueError(f"damaged {syntax} header of {len(extradata)} bytes") from None


def to_annex_b(data: bytes, length_size: int) -> bytes:
    """Rewrite length-prefixed NAL units with start codes. Raises ValueError when it is damaged."""
    parts: list[bytes] = []
    position = 0
    while position < len(data):
        end = position + length_size + int.from_bytes(data[position : position + length_size])
        if end > len(data):
            raise ValueError(f"a NAL unit reaches {end - len(data)} bytes beyond its packet")
        parts.append(data[position + length_size : end])
        position = end
    return START_CODE + START_CODE.join(parts)


def parameter_sets(syntax: Family, data: bytes) -> bytes:
    """Return the parameter sets of an access unit with start codes; empty without a full one."""
    wanted, sps = (
        (_AVC_PARAMETER_SETS, _AVC_SPS) if syntax == "h264" else (_HEVC_PARAMETER_SETS, _HEVC_SPS)
    )
    found: list[bytes] = []
    complete = False
    for unit in _units_until_slice(syntax, data):
        kind = _kind(syntax, unit[0])
        if kind in wanted and unit not in found:
            found.append(unit)
            complete = complete or kind == sps
    return b"".join(START_CODE + unit for unit in found) if complete else b""


def warmup(syntax: Family, data: bytes) -> int | None:
    """Say whether decoding may start at an access unit, and after how many pictures it is whole.

    0: alone. n: at a recovery point that is whole n pictures later. None: not here.
    """
    return _avc_warmup(data) if syntax == "h264" else _hevc_warmup(data)


def resets(syntax: Family, data: bytes) -> bool:
    """Say whether a clean entry lets a decoder forget what came before, also after a loss.

    An H.264 recovery point that is no IDR does not: to a decoder that is already running, the
    pictures missing before it are a loss that it makes good with what it has.
    """
    if syntax == "hevc":
        return _hevc_warmup(data) == 0
    return any(_kind("h264", unit[0]) == _AVC_IDR for unit in _units(data))


def _avc_warmup(data: bytes) -> int | None:
    recovery: int | None = None
    for unit in _units(data):
        kind = _kind("h264", unit[0])
        if kind == _AVC_IDR:
            return 0
        if kind == _AVC_SEI and recovery is None:
            recovery = _recovery_frames(unit)
        elif kind in (_AVC_SLICE, _AVC_PARTITION_A):
            if recovery is None:
                return None
            if recovery == 0 and _slice_type(unit) not in _INTRA_SLICES:
                return None
    return recovery


def _hevc_warmup(data: bytes) -> int | None:
    for unit in _units(data):
        kind = _kind("hevc", unit[0])
        if kind <= _HEVC_LAST_SLICE:
            return 0 if kind in _HEVC_IRAP else None
    return None


def _kind(syntax: Family, first_byte: int) -> int:
    return first_byte & 0x1F if syntax == "h264" else first_byte >> 1 & 0x3F


def _units(data: bytes) -> Iterator[bytes]:
    """Yield NAL units without start codes; empty ones are left out."""
    start = data.find(_SHORT_START)
    while start >= 0:
        start += len(_SHORT_START)
        end = data.find(_SHORT_START, start)
        unit = data[start : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        start = end


def _units_until_slice(syntax: Family, data: bytes) -> Iterator[bytes]:
    """Yield the NAL units before the first slice, without looking through the slices."""
    start = data.find(_SHORT_START)
    while start >= 0:
        start += len(_SHORT_START)
        if start >= len(data) or _is_slice(syntax, data[start]):
            return
        end = data.find(_SHORT_START, start)
        unit = data[start : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        start = end


def _is_slice(syntax: Family, first_byte: int) -> bool:
    kind = _kind(syntax, first_byte)
    return _AVC_SLICE <= kind <= _AVC_IDR if syntax == "h264" else kind <= _HEVC_LAST_SLICE


def _recovery_frames(sei: bytes) -> int | None:
    """Read recovery_frame_cnt of a recovery point SEI message (H.264 D.1.8), if there is one."""
    payload = sei[1:].replace(b"\x00\x00\x03", b"\x00\x00")
    position = 0
    while position + 2 < len(payload):
        kind, position = _sei_number(payload, position)
        size, position = _sei_number(payload, position)
        if kind == _SEI_RECOVERY_POINT:
            return _Bits(payload[position : position + size]).unsigned()
        position += size
    return None


def _sei_number(payload: bytes, position: int) -> tuple[int, int]:
    number = 0
    while position < len(payload) and payload[position] == 0xFF:
        number += 0xFF
        position += 1
    if position < len(payload):
        number += payload[position]
    return number, position + 1


def _slice_type(unit: bytes) -> int | None:
    bits = _Bits(unit[1:17].replace(b"\x00\x00\x03", b"\x00\x00"))
    return bits.unsigned() if bits.unsigned() is not None else None


class _Bits:
    """Exp-Golomb codes (H.264 9.1)."""

    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._position = 0

    def unsigned(self) -> int | None:
        """Read ue(v); None at the end of the data."""
        one = self._text.find("1", self._position)
        end = 2 * one - self._position + 1
        if one < 0 or end > len(self._text):
            return None
        value = int(self._text[one:end], 2) - 1
        self._position = end
        return value


def _read_avcc(data: bytes) -> ContainerHeader:
    length_size = (data[4] & 3) + 1
    units: list[bytes] = []
    position = 5
    for mask in (0x1F, 0xFF):  # number of SPS, then of PPS
        count = data[position] & mask
        position += 1
        for _ in range(count):
            unit, position = _sized(data, position)
            units.append(unit)
    return ContainerHeader(b"".join(START_CODE + unit for unit in units), length_size)


def _read_hvcc(data: bytes) -> ContainerHeader:
    length_size = (data[21] & 3) + 1
    units: list[bytes] = []
    position = 23
    for _ in range(data[22]):
        count = int.from_bytes(data[position + 1 : position + 3])
        position += 3
        for _ in range(count):
            unit, position = _sized(data, position)
            units.append(unit)
    return ContainerHeader(b"".join(START_CODE + unit for unit in units), length_size)


def _sized(data: bytes, position: int) -> tuple[bytes, int]:
    """Read a unit after its 16-bit size."""
    end = position + 2 + int.from_bytes(data[position : position + 2])
    if end > len(data):
        raise IndexError
    return data[position + 2 : end], end
