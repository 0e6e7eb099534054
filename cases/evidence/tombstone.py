"""ID.removed: a signed note where evidence lay, of who removed it, when, and by which rule.

It names the manifest that stood there, so that the chain of manifests still says what followed
what. Once it is on the disk the removal is decided: what a crash leaves of it is finished later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cases.evidence.keys import PublicKeys, SigningKey
from cases.record import canonical_json

REMOVED_SUFFIX: Final = ".removed"
_FORMAT: Final = "streetwarden-removed/1"
"""Inside what is signed: no signature of a tombstone is one of a manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of removed evidence."""

    folder: str
    """Below the evidence root, with forward slashes."""
    manifest_sha256: str
    at: datetime
    by: str
    """A person, or the program's own retention."""
    rule: Mapping[str, Any]
    """The retention in force; JSON values."""
    reason: str
    """What the rule said of this case."""
    key_id: str
    signature: bytes = b""

    def signed(self, key: SigningKey) -> bytes:
        """Write the tombstone as it stands in the file, signed by a key."""
        signature = key.sign(self.signed_bytes()).hex()
        return canonical_json({**self._facts(), "signature": signature}).encode() + b"\n"

    def signed_by(self, keys: PublicKeys) -> bool:
        """Tell whether the signature is right. KeyError when the key is none of these."""
        return keys.signed(self.key_id, self.signature, self.signed_bytes())

    def text(self) -> str:
        """Say in one line who removed it, when and why."""
        return f"by {self.by}, {self.at.isoformat(timespec='seconds')}: {self.reason}"

    def _facts(self) -> dict[str, Any]:
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "by": self.by,
            "folder": self.folder,
            "format": _FORMAT,
            "key_id": self.key_id,
            "manifest_sha256": self.manifest_sha256,
            "reason": self.reason,
            "rule": dict(self.rule),
        }

    def signed_bytes(self) -> bytes:
        """Return what the signature is over."""
        return canonical_json(self._facts()).encode()


def tombstone_path(folder: Path) -> Path:
    """Where the tombstone of an evidence folder lies."""
    return folder.with_name(folder.name + REMOVED_SUFFIX)


def read_tombstone(path: Path) -> Tombstone:
    """Read a tombstone. OSError; ValueError when it is not what `Tombstone.signed` writes."""
    stored: Any = json.loads(path.read_bytes())
    try:
        if stored["format"] != _FORMAT:
            raise ValueError(f"format {stored['format']!r}, expected {_FORMAT!r}")
        return Tombstone(
            folder=str(stored["folder"]),
            manifest_sha256=str(stored["manifest_sha256"]),
            at=datetime.fromisoformat(stored["at"]),
            by=str(stored["by"]),
            rule=dict(stored["rule"]),
            reason=str(stored["reason"]),
            key_id=str(stored["key_id"]),
            signature=bytes.fromhex(stored["signature"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no note of a removal: {error}") from error
