"""A file of JSON lines, each with the hash of the line before: what people did about evidence.

Lines are only ever appended; a changed, removed or swapped one is found by reading.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cases.errors import CasesError, LinesBroken
from cases.evidence.durable import disk_errors, flush, make_folders
from cases.record import canonical_json

VERDICTS_NAME: Final = "verdicts.jsonl"
"""What people have decided about cases."""
JOURNAL_NAME: Final = "journal.jsonl"
"""Who held, released or exported evidence."""
BEFORE: Final = "before"
"""Key under which a line names the hash of the one before."""
_FIRST: Final = "0" * 64


@dataclass(slots=True)
class OpenLines:
    """The file while its lock is held."""

    file: int
    texts: list[str] = field(repr=False)
    entries: tuple[dict[str, Any], ...] = field(repr=False)

    def append(self, make: Callable[[str], Mapping[str, Any]]) -> None:
        """Append what `make` says of the hash of the line before; not on the disk yet."""
        before = _hash(self.texts[-1]) if self.texts else _FIRST
        text = canonical_json({**make(before), BEFORE: before})
        os.write(self.file, text.encode() + b"\n")
        self.texts.append(text)


class LinkedLines:
    """One such file. Processes and threads may append at the same time."""

    def __init__(self, path: Path, broken: type[CasesError] = LinesBroken) -> None:
        self.path = path
        self._broken = broken

    @contextmanager
    def opened(self) -> Iterator[OpenLines]:
        """Lock the file for appending; on the disk at the end. EvidenceError; the broken error."""
        with disk_errors(str(self.path)), self._locked() as file:
            texts = _whole_lines(file)
            yield OpenLines(file, texts, tuple(self._checked(texts)))
            os.fsync(file)

    def entries(self) -> tuple[dict[str, Any], ...]:
        """Return all lines in order. EvidenceError; the broken error where one was changed."""
        with disk_errors(str(self.path)):
            if not self.path.exists():
                return ()
            text = self.path.read_text(encoding="utf-8", errors="replace")
        return tuple(self._checked(text.split("\n")[:-1]))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        make_folders(self.path.parent, self.path.parent)
        new = not self.path.exists()
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if new:
                flush(self.path.parent)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _checked(self, texts: list[str]) -> Iterator[dict[str, Any]]:
        before = _FIRST
        for number, text in enumerate(texts, start=1):
            try:
                entry = json.loads(text)
            except ValueError:
                entry = None
            if not isinstance(entry, dict) or entry.get(BEFORE) != before:
                raise self._broken(
                    f"{self.path.name}: line {number} does not follow the one before"
                )
            before = _hash(text)
            yield entry


def _whole_lines(file: int) -> list[str]:
    """Read the lines, cutting off one that a crash has left without its end."""
    data = os.pread(file, os.fstat(file).st_size, 0)
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.ftruncate(file, whole)
    return data[:whole].decode("utf-8", "replace").split("\n")[:-1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
