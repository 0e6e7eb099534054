"""An ONNX file on disk, read once and looked over before an engine sees it.

The engine gets exactly the bytes that were hashed. Weights kept outside the file are refused: an
engine would open whatever path the file names, and the hash would not cover them. Only the outline
of the protobuf is walked here (message and field numbers of onnx.proto, IR version 10); whether the
graph makes sense is the engine's to say.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from models.errors import NotAModel

MAX_BYTES = 1 << 30
"""Largest file read: detectors for edge boxes have 2 to 300 MB."""

MAX_FIELDS = 2_000_000
"""Fields walked before giving up: real detectors have some ten thousand."""

# Message -> field number -> message in which a tensor with outside data may sit.
_OUTLINE: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training", 25: "function"},
        "training": {1: "graph", 2: "graph"},
        "function": {7: "node", 11: "attribute"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "node": {5: "attribute"},
        "attribute": {
            5: "tensor",
            6: "graph",
            10: "tensor",
            11: "graph",
            22: "sparse",
            23: "sparse",
        },
        "sparse": {1: "tensor", 2: "tensor"},
        "tensor": {},
    }
)
_TENSOR_EXTERNAL_DATA = 13
_TENSOR_DATA_LOCATION = 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """The bytes of an ONNX file and their hash."""

    path: Path
    data: bytes = field(repr=False)
    sha256: str

    @classmethod
    def read(cls, path: Path) -> "OnnxFile":
        """Read a file and look it over; raises NotAModel, whose message names the file."""
        data = _read(path)
        try:
            _look_over(data)
        except _Malformed as error:
            raise NotAModel(f"{path}: {_what_instead(data)} ({error})") from None
        except _OutsideData:
            raise NotAModel(
                f"{path}: it keeps weights in another file (external data), which its hash does "
                "not cover: export it as one file"
            ) from None
        return cls(path.resolve(), data, hashlib.sha256(data).hexdigest())


class _Malformed(Exception):  # noqa: N818  # never leaves this module
    """The bytes do not follow the outline of an ONNX file."""


class _OutsideData(Exception):  # noqa: N818  # same
    """A tensor lies in another file."""


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise NotAModel(f"{path}: no such file; give the path of an ONNX model")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise NotAModel(f"{path}: {size} bytes are more than a detector has ({MAX_BYTES})")
        return path.read_bytes()
    except OSError as error:
        raise NotAModel(f"{path}: cannot be read: {error.strerror}") from error


def _what_instead(data: bytes) -> str:
    """Name what the bytes look like, so that the message helps."""
    if not data:
        return "the file is empty"
    if data.startswith((b"PK\x03\x04", b"\x80")):
        return (
            "a PyTorch checkpoint or an archive, no ONNX file; checkpoints are pickles, which can "
            "run anything, and are never loaded: export it to ONNX"
        )
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in data[:512]):  # ASCII
        return "a text file, no ONNX file"
    return "no ONNX file, or a damaged or truncated one"


def _look_over(data: bytes) -> None:
    """Walk the outline; raise _Malformed, or _OutsideData for weights in another file."""
    pending: list[tuple[str, memoryview]] = [("model", memoryview(data))]
    walked = 0
    graphs = 0
    while pending:
        message, view = pending.pop()
        inside = _OUTLINE[message]
        for number, value in _fields(view):
            walked += 1
            if walked > MAX_FIELDS:
                raise _Malformed(f"more than {MAX_FIELDS} parts")
            if message == "tensor":
                if _is_outside(number, value):
                    raise _OutsideData
            elif number in inside and isinstance(value, memoryview):
                graphs += inside[number] == "graph"
                pending.append((inside[number], value))
    if not graphs:
        raise _Malformed("it holds no graph")


def _is_outside(number: int, value: int | memoryview) -> bool:
    return number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_DATA_LOCATION and value == 1)


def _fields(view: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, value) of one protobuf message: an int, or the bytes of a length."""
    at, end = 0, len(view)
    while at < end:
        tag, at = _varint(view, at)
        kind = tag & 7
        if tag >> 3 == 0:
            raise _Malformed("field number 0")
        if kind == _VARINT:
            value, at = _varint(view, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            length, at = _varint(view, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise _Malformed(f"wire type {kind}")
        if at + length > end:
            raise _Malformed("it ends in the middle of a part")
        yield tag >> 3, view[at : at + length]
        at += length


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            raise _Malformed("it ends in the middle of a number")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # the continuation bit
            return value, at
    raise _Malformed("a number of more than 10 bytes")
