"""journal.jsonl: who put evidence under hold, released it, or took copies away; signed lines.

A hold keeps evidence from being removed until somebody releases it. Lines are linked (each names
the hash of the one before) and each is signed by the key of the box.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from cases.errors import LinesBroken
from cases.evidence.keys import PublicKeys, SigningKey
from cases.evidence.linked_lines import BEFORE, JOURNAL_NAME, LinkedLines
from cases.record import canonical_json

_FORMAT: Final = "streetwarden-journal/1"
"""Inside what is signed: no signature of a line is one of a manifest."""


class Act(StrEnum):
    """What somebody did."""

    HOLD = "hold"
    RELEASE = "release"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A line of the journal."""

    act: Act
    violation_id: str
    at: datetime
    by: str
    reason: str
    manifest_sha256: str
    """Of the evidence that was meant."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Of an export: `to` and `files` (name to SHA-256)."""
    key_id: str = ""
    before: str = ""
    signature: bytes = b""

    def text(self) -> str:
        """Say in one line who, when and why."""
        return f"by {self.by}, {self.at.isoformat(timespec='seconds')}: {self.reason}"

    def signed_by(self, keys: PublicKeys) -> bool:
        """Tell whether the signature is right, by a key that is one of these."""
        return self.key_id in keys and keys.signed(
            self.key_id, self.signature, self._signed_bytes()
        )

    def facts(self) -> dict[str, Any]:
        """Everything that is signed but the link to the line before."""
        return {
            "act": self.act.value,
            "at": self.at.astimezone(UTC).isoformat(),
            "by": self.by,
            "format": _FORMAT,
            "key_id": self.key_id,
            "manifest_sha256": self.manifest_sha256,
            "more": dict(self.more),
            "reason": self.reason,
            "violation_id": self.violation_id,
        }

    def _signed_bytes(self) -> bytes:
        return canonical_json(self.facts() | {BEFORE: self.before}).encode()

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Self:
        """Read a line. ValueError where it is none."""
        try:
            if line["format"] != _FORMAT:
                raise ValueError(f"format {line['format']!r}, expected {_FORMAT!r}")
            return cls(
                act=Act(line["act"]),
                violation_id=str(line["violation_id"]),
                at=datetime.fromisoformat(line["at"]),
                by=str(line["by"]),
                reason=str(line["reason"]),
                manifest_sha256=str(line["manifest_sha256"]),
                more=dict(line["more"]),
                key_id=str(line["key_id"]),
                before=str(line[BEFORE]),
                signature=bytes.fromhex(line["signature"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no line of a journal: {error}") from error


class Journal:
    """The journal below one evidence root. Processes and threads may append at the same time."""

    def __init__(self, root: Path) -> None:
        self._lines = LinkedLines(root / JOURNAL_NAME)

    def append(self, entry: JournalEntry, key: SigningKey) -> None:
        """Sign and append an entry, durably. EvidenceError; LinesBroken."""

        def line(before: str) -> dict[str, Any]:
            facts = {**entry.facts(), "key_id": key.key_id}
            signature = key.sign(canonical_json(facts | {BEFORE: before}).encode())
            return {**facts, "signature": signature.hex()}

        with self._lines.opened() as lines:
            lines.append(line)

    def entries(self) -> tuple[JournalEntry, ...]:
        """Return all lines in order. EvidenceError; LinesBroken where the file was changed."""
        try:
            return tuple(JournalEntry.from_line(line) for line in self._lines.entries())
        except ValueError as error:
            raise LinesBroken(f"{JOURNAL_NAME}: {error}") from error


def holds(
    entries: Iterable[JournalEntry], keys: PublicKeys | None = None
) -> dict[str, tuple[JournalEntry, ...]]:
    """Return the holds in force, by violation id, oldest first.

    With `keys` a release counts only where one of them has signed it; a hold always counts.
    """
    found: dict[str, tuple[JournalEntry, ...]] = {}
    for entry in entries:
        if entry.act is Act.HOLD:
            found[entry.violation_id] = (*found.get(entry.violation_id, ()), entry)
        elif entry.act is Act.RELEASE and (keys is None or entry.signed_by(keys)):
            found.pop(entry.violation_id, None)
    return found
