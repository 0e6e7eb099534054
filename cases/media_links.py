"""Addresses under which a case system fetches the covered pictures of a case.

Many GeoReport servers take a picture only as `media_url`. Such an address opens one file and
nothing else: it holds a signature by a key of the box, so that nobody can make up another.
"""

import hashlib
import hmac
import os
import secrets
import threading
from pathlib import Path, PurePosixPath
from typing import Final

PREFIX: Final = "/shown/"
"""Of the path: /shown/SIGNATURE/VIOLATION_ID/FILE."""

_KEY_BYTES: Final = 32


class MediaLinks:
    """Makes the addresses below one base, and recognises their paths. Safe from any thread."""

    def __init__(self, base: str, key_file: Path) -> None:
        """Take the address by which the case system reaches this box, and where the key is."""
        self._base = base.rstrip("/")
        self._key_file = key_file
        self._lock = threading.Lock()
        self._key = b""

    def url(self, media_path: str) -> str:
        """Return the address of a picture by its path below the evidence root. Raises `OSError`."""
        path = PurePosixPath(media_path)
        what = f"{path.parent.name}/{path.name}"
        return f"{self._base}{PREFIX}{self._signature(what)}/{what}"

    def opens(self, path: str) -> bool:
        """Tell whether the path of a request is one that was given out. Raises `OSError`."""
        signature, _, what = path.removeprefix(PREFIX).partition("/")
        known = path.startswith(PREFIX) and what.count("/") == 1
        return known and hmac.compare_digest(signature.encode(), self._signature(what).encode())

    def _signature(self, what: str) -> str:
        return hmac.new(self._secret(), what.encode(), hashlib.sha256).hexdigest()[:40]

    def _secret(self) -> bytes:
        with self._lock:
            self._key = self._key or self._kept() or self._made()
            return self._key

    def _kept(self) -> bytes:
        try:
            kept = bytes.fromhex(self._key_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return b""
        return kept if len(kept) == _KEY_BYTES else b""

    def _made(self) -> bytes:
        key = secrets.token_bytes(_KEY_BYTES)
        self._key_file.parent.mkdir(parents=True, exist_ok=True)
        part = self._key_file.with_name(f".{self._key_file.name}.{os.getpid()}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex())
        part.replace(self._key_file)
        return key
