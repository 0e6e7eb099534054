"""Excerpts on disk: exactly what was in memory.

A file is a magic word, the size of the header, the header (JSON), the packets' bytes one after the
other, and the SHA-256 of all that. Python's JSON writes floats so that they read back exactly.
"""

import base64
import hashlib
import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from streams.packet import CodecParameters, Excerpt, Packet

_MAGIC = b"SWEXC1\n"
_SIZE_BYTES = 8
_DIGEST_BYTES = hashlib.sha256().digest_size
_FIELDS = ("pts", "dts", "duration", "key", "arrival_s", "at_s", "parameter_set", "warmup")


def save_excerpt(excerpt: Excerpt, path: Path) -> None:
    """Write an excerpt; a crash leaves either the whole file or none. Raises OSError."""
    header = json.dumps(_header(excerpt)).encode()
    content = b"".join(
        [
            _MAGIC,
            len(header).to_bytes(_SIZE_BYTES),
            header,
            *(packet.data for packet in excerpt.packets),
        ]
    )
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(content)
        file.write(hashlib.sha256(content).digest())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_folder(path.parent)


def load_excerpt(path: Path) -> Excerpt:
    """Read what save_excerpt wrote. Raises OSError, and ValueError when the file is damaged."""
    content = path.read_bytes()
    body, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    if not body.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
        raise ValueError(f"{path} is not a whole excerpt")
    start = len(_MAGIC) + _SIZE_BYTES
    end = start + int.from_bytes(body[len(_MAGIC) : start])
    header = json.loads(body[start:end])
    packets: list[Packet] = []
    for size, *values in header["packets"]:
        packets.append(
            Packet(data=body[end : end + size], **dict(zip(_FIELDS, values, strict=True)))
        )
        end += size
    parameters = header["parameters"]
    return Excerpt(
        header["camera_id"],
        header["session"],
        CodecParameters(
            parameters["codec"],
            base64.b64decode(parameters["extradata"]),
            parameters["width"],
            parameters["height"],
            Fraction(parameters["time_base"]),
        ),
        tuple(packets),
        header["utc_offset_s"],
    )


def _header(excerpt: Excerpt) -> dict[str, Any]:
    parameters = excerpt.parameters
    return {
        "camera_id": excerpt.camera_id,
        "session": excerpt.session,
        "utc_offset_s": excerpt.utc_offset_s,
        "parameters": {
            "codec": parameters.codec,
            "extradata": base64.b64encode(parameters.extradata).decode(),
            "width": parameters.width,
            "height": parameters.height,
            "time_base": str(parameters.time_base),
        },
        "packets": [
            [len(packet.data), *(getattr(packet, name) for name in _FIELDS)]
            for packet in excerpt.packets
        ],
    }


def _sync_folder(folder: Path) -> None:
    """Make a rename outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
