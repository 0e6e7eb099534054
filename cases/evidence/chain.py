"""The chain of a site's manifests: one line per evidence folder, each naming the one before.

A line is written before its folder gets its name, so it also serves as the note that completes
a folder whose renaming was cut off: see `Chain.tail`.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.record import canonical_json

CHAIN_NAME = "chain.jsonl"
_TAIL_BYTES = 4096
"""More than a line can have: ids are 20 characters, hashes 64."""


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the chain."""

    sequence: int
    """Counts the site's evidence from 1."""
    folder: str
    """Below the evidence root, with forward slashes."""
    manifest_sha256: str
    previous_sha256: str | None
    """Manifest hash of the link before; None for the first."""
    key_id: str | None = None
    """The key that signed the manifest; None in lines from before evidence was signed."""

    def line(self) -> bytes:
        """Write the link as it stands in the file."""
        facts: dict[str, Any] = {
            "folder": self.folder,
            "manifest_sha256": self.manifest_sha256,
            "previous_sha256": self.previous_sha256,
            "sequence": self.sequence,
        }
        if self.key_id is not None:
            facts["key_id"] = self.key_id
        return canonical_json(facts).encode() + b"\n"


def parse_link(line: bytes) -> Link:
    """Read a line. ValueError when it is not exactly what `Link.line` writes."""
    stored: Any = json.loads(line)
    try:
        link = Link(
            sequence=int(stored["sequence"]),
            folder=str(stored["folder"]),
            manifest_sha256=str(stored["manifest_sha256"]),
            previous_sha256=stored["previous_sha256"],
            key_id=stored.get("key_id"),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no link: {error}") from error
    if link.line() != line:
        raise ValueError("a link is written in another form than ours")
    return link


class Chain:
    """The file of links under an evidence root. One writer at a time (the caller's lock)."""

    def __init__(self, root: Path) -> None:
        self.path = root / CHAIN_NAME

    def append(self, link: Link) -> None:
        """Add a link, durably; a failed one leaves no trace. OSError."""
        opened = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "r+b", buffering=0) as file:
            length = file.seek(0, os.SEEK_END)
            try:
                line = link.line()
                written = 0
                while written < len(line):
                    written += file.write(line[written:]) or 0
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(length)
                raise

    def tail(self) -> Link | None:
        """Return the last link; half a line, left by a crash, is cut off first.

        OSError; ValueError when the last whole line is no link.
        """
        if not self.path.exists():
            return None
        with self.path.open("r+b") as file:
            length = file.seek(0, os.SEEK_END)
            start = max(0, length - _TAIL_BYTES)
            file.seek(start)
            piece = file.read()
            whole = piece.rfind(b"\n") + 1
            if whole < len(piece):
                file.truncate(start + whole)
                os.fsync(file.fileno())
        lines = piece[:whole].splitlines(keepends=True)
        return parse_link(lines[-1]) if lines else None

    def links(self) -> Iterator[Link]:
        """Yield every link in order. OSError; ValueError at the first line that is no link."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield parse_link(line)
                except ValueError as error:
                    raise ValueError(f"line {number}: {error}") from error
