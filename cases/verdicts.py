"""What people have decided about cases, appended to the evidence: `verdicts.jsonl`.

The store's history is where a verdict is made, in one transaction with what it does. This file
repeats it beside the manifests, which are never changed: one line a verdict, each with the hash of
the line before. What a crash kept from being appended is caught up with later.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cases.errors import CasesError
from cases.evidence.durable import disk_errors, flush, make_folders
from cases.record import canonical_json
from cases.store import HistoryEntry, Review, Store

VERDICTS_NAME: Final = "verdicts.jsonl"

_DECIDED: Final = (Review.APPROVED, Review.REJECTED)
_CATCH_UP: Final = 1000
"""Cases, the newest ones: older ones were appended by runs before."""
_FIRST: Final = "0" * 64


class VerdictsBroken(CasesError):  # noqa: N818  # named after the state, as its siblings are
    """A line of the file is not one that was written, or one is missing."""


class Verdicts:
    """The file below one evidence root. Processes and threads may append at the same time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / VERDICTS_NAME

    def append(self, store: Store, violation_id: str) -> int:
        """Append a case's verdicts that do not stand here yet; returns how many.

        Raises `StoreError`, `EvidenceError`, `VerdictsBroken`.
        """
        detail = store.case(violation_id)
        wanted = [
            _line(violation_id, detail.case.manifest_sha256, entry)
            for entry in detail.history
            if entry.what in set(_DECIDED)
        ]
        with disk_errors(str(self._path)), self._opened() as file:
            lines = _whole_lines(file)
            known = {_content(line) for line in _checked(lines)}
            new = [line for line in wanted if canonical_json(line) not in known]
            before = _hash(lines[-1]) if lines else _FIRST
            for line in new:
                text = canonical_json(line | {"before": before})
                os.write(file, text.encode() + b"\n")
                before = _hash(text)
            os.fsync(file)
        return len(new)

    def catch_up(self, store: Store) -> int:
        """Append what earlier runs have not; returns how many. Raises as `append` does."""
        decided = {
            case.violation.violation_id: case
            for case in store.cases(reviews=_DECIDED, limit=_CATCH_UP)
        }
        known = {entry["violation_id"] for entry in self.entries()}
        return sum(self.append(store, name) for name in decided if name not in known)

    def entries(self) -> tuple[dict[str, Any], ...]:
        """Return all verdicts in order. Raises `VerdictsBroken` where the file was changed."""
        with disk_errors(str(self._path)):
            if not self._path.exists():
                return ()
            text = self._path.read_text(encoding="utf-8", errors="replace")
        return tuple(_checked(text.split("\n")[:-1]))

    @contextmanager
    def _opened(self) -> Iterator[int]:
        make_folders(self._root, self._root)
        new = not self._path.exists()
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if new:
                flush(self._root)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _line(violation_id: str, manifest: str | None, entry: HistoryEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "by": entry.by,
        "manifest_sha256": manifest or "",
        "reason": entry.reason,
        "verdict": entry.what,
        "violation_id": violation_id,
    }


def _whole_lines(file: int) -> list[str]:
    """Read the lines, cutting off one that a crash has left without its end."""
    data = os.pread(file, os.fstat(file).st_size, 0)
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.ftruncate(file, whole)
    return data[:whole].decode("utf-8", "replace").split("\n")[:-1]


def _checked(lines: list[str]) -> Iterator[dict[str, Any]]:
    before = _FIRST
    for number, text in enumerate(lines, start=1):
        try:
            entry = json.loads(text)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or entry.get("before") != before:
            raise VerdictsBroken(f"{VERDICTS_NAME}: line {number} does not follow the one before")
        before = _hash(text)
        yield entry


def _content(entry: dict[str, Any]) -> str:
    return canonical_json({name: value for name, value in entry.items() if name != "before"})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
