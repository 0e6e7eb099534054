"""Picture files into arrays."""

import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import PictureError

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""

MAX_BYTES = 128 << 20
"""Largest file read: a 100-megapixel JPEG of the best quality has some 60 MB."""

MAX_PIXELS = 128_000_000
"""Largest picture decoded (384 MB): no street camera has a tenth, a crafted header may claim it."""

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_BMP = b"BM"
_BMP_PLAIN = (0, 3)  # BI_RGB, BI_BITFIELDS


def read_picture(path: Path) -> Picture:
    """Read a JPEG, PNG or BMP file as RGB, turned the way its EXIF says; raises PictureError.

    The pixels are those of cv2.imread. A file that was cut short is refused: the decoder would
    fill the rest with grey and say nothing.
    """
    data = _read(path)
    size = _declared_size(data)
    if size is None or not _is_whole(data):
        what = "no JPEG, PNG or BMP picture" if size is None else "the picture is cut short"
        raise PictureError(f"{path}: {what}")
    height, width = size
    if not 0 < height * width <= MAX_PIXELS:
        raise PictureError(f"{path}: {width}x{height} pixels are outside 1..{MAX_PIXELS}")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise PictureError(f"{path}: the picture cannot be decoded") from error
    if picture is None:
        raise PictureError(f"{path}: the picture cannot be decoded")
    return np.asarray(picture, np.uint8)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise PictureError(f"{path}: no such file")
        if path.stat().st_size > MAX_BYTES:
            raise PictureError(f"{path}: a picture file has at most {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror}") from error


def _declared_size(data: bytes) -> tuple[int, int] | None:
    """Read (height, width) from the header, before anything is allocated for it."""
    if data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return height, width
    if data.startswith(_BMP) and len(data) >= 26:
        width, height = struct.unpack_from("<ii", data, 18)
        return abs(height), width  # a negative height means top row first
    return _jpeg_size(data) if data.startswith(_JPEG) else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Find the frame header (SOF0..SOF15 without DHT, JPG, DAC; ITU-T T.81, table B.1)."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _is_whole(data: bytes) -> bool:
    """Say whether the end of the picture is there."""
    if data.startswith(_JPEG):
        # Neither marker can stand inside entropy-coded data; a thumbnail's end comes before the
        # picture's own start of scan.
        return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    if data.startswith(_PNG):
        return b"IEND" in data[-64:]
    return len(data) >= _bmp_bytes(data)


def _bmp_bytes(data: bytes) -> int:
    """Count the bytes that an uncompressed BMP must have; 0 where they depend on the pixels."""
    if len(data) < 34:
        return len(data) + 1
    pixels_at, _, width, height, _, bits, packing = struct.unpack_from("<IIiiHHI", data, 10)
    if packing not in _BMP_PLAIN:
        return 0
    row_bytes = (abs(width) * bits + 31) // 32 * 4
    return int(pixels_at + row_bytes * abs(height))
