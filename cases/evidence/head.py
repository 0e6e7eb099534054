"""chain.head: a signed note of where the chain ends, so that its end cannot just be cut off."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.evidence.keys import PublicKeys, SigningKey
from cases.record import canonical_json

HEAD_NAME = "chain.head"
_FORMAT = "streetwarden-chain-head/1"
"""Inside what is signed: no signature of a head is one of a manifest."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link that has been written."""

    site_id: str
    sequence: int
    manifest_sha256: str
    key_id: str
    signature: bytes = b""

    def signed(self, key: SigningKey) -> bytes:
        """Write the head as it stands in the file, signed by a key."""
        signature = key.sign(self._signed_bytes()).hex()
        return canonical_json({**self._facts(), "signature": signature}).encode() + b"\n"

    def signed_by(self, keys: PublicKeys) -> bool:
        """Tell whether the signature is right. KeyError when the key is none of these."""
        return keys.signed(self.key_id, self.signature, self._signed_bytes())

    def _facts(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "key_id": self.key_id,
            "manifest_sha256": self.manifest_sha256,
            "sequence": self.sequence,
            "site_id": self.site_id,
        }

    def _signed_bytes(self) -> bytes:
        return canonical_json(self._facts()).encode()


def read_head(path: Path) -> Head:
    """Read the head. OSError; ValueError when it is not what `Head.signed` writes."""
    stored: Any = json.loads(path.read_bytes())
    try:
        head = Head(
            site_id=str(stored["site_id"]),
            sequence=int(stored["sequence"]),
            manifest_sha256=str(stored["manifest_sha256"]),
            key_id=str(stored["key_id"]),
            signature=bytes.fromhex(stored["signature"]),
        )
        if stored["format"] != _FORMAT:
            raise ValueError(f"format {stored['format']!r}, expected {_FORMAT!r}")
    except (KeyError, TypeError) as error:
        raise ValueError(f"no head of a chain: {error}") from error
    return head
