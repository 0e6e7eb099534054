"""Ed25519 keys: the box signs with its own, whoever verifies pins the public ones.

Both kinds are PEM files, so that `openssl pkeyutl -verify -rawin` can check a signature as well.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cases.errors import KeyRefused
from cases.evidence.durable import disk_errors, flush, make_folders, write_file

PRIVATE_NAME = "evidence.key"
PUBLIC_NAME = "evidence.pub"
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_ID_DIGITS = 16
_LONGEST_BYTES = 1 << 20
"""No file of keys is longer."""


def key_id(key: Ed25519PublicKey) -> str:
    """Name a key: the first 16 hex digits of SHA-256 over its 32 raw bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:_ID_DIGITS]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key of a box."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def key_id(self) -> str:
        """Name of its public key."""
        return key_id(self.private.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the signature of some bytes, 64 bytes long."""
        return self.private.sign(data)

    def public_keys(self) -> "PublicKeys":
        """Return its public key alone, to check what it has signed itself."""
        return PublicKeys({self.key_id: self.private.public_key()})

    def public_pem(self) -> bytes:
        """Write the public key as PEM text."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a private key in PEM form. KeyRefused says what the file is instead."""
        data = _read(file)
        try:
            private = serialization.load_pem_private_key(data, password=None)
        except TypeError as error:
            raise KeyRefused(f"{file}: the key is encrypted") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyRefused(f"{file} holds no private key in PEM form") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyRefused(f"{file} holds a key of another kind than Ed25519")
        return cls(private)

    @classmethod
    def of_box(cls, folder: Path, file: Path | None = None) -> Self:
        """Return a box's key: from `file`, else from `folder`, where it is made once.

        Its public key is added to `folder`/evidence.pub; keys of former times stay there.
        Raises KeyRefused, EvidenceError (disk).
        """
        own = folder / PRIVATE_NAME
        with disk_errors(f"key folder {folder}"):
            make_folders(folder, folder)
            if file is None and not own.exists():
                _make(own)
            key = cls.load(file or own)
            _export(key, folder / PUBLIC_NAME)
        return key


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The keys by which signatures are accepted."""

    keys: Mapping[str, Ed25519PublicKey]
    """By key id; never empty."""
    pinned: bool = True
    """False: taken from beside the evidence, where a forger could have put them as well."""

    def __contains__(self, name: str) -> bool:
        """Tell whether a key is accepted."""
        return name in self.keys

    def signed(self, name: str, signature: bytes, data: bytes) -> bool:
        """Tell whether the key of this name signed these bytes. KeyError."""
        try:
            self.keys[name].verify(signature, data)
        except InvalidSignature:
            return False
        return True


def read_keys(file: Path, *, pinned: bool = True) -> PublicKeys:
    """Read public keys, one PEM block each; text around them is ignored. KeyRefused."""
    keys = {key_id(key): key for key in _public_keys(file, _read(file))}
    if not keys:
        raise KeyRefused(
            f"{file} holds no public key; give the box's {PUBLIC_NAME} "
            "(-----BEGIN PUBLIC KEY-----), one block for each key"
        )
    return PublicKeys(keys, pinned)


def _public_keys(file: Path, data: bytes) -> Iterator[Ed25519PublicKey]:
    for block in _BLOCK.finditer(data):
        if block[1] != b"PUBLIC KEY":
            raise KeyRefused(
                f"{file} holds a {block[1].decode().lower()}; "
                f"give the public key alone, as the box's {PUBLIC_NAME} has it"
            )
        try:
            key = serialization.load_pem_public_key(block[0])
        except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
            raise KeyRefused(f"{file}: a public key in it is damaged") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyRefused(f"{file} holds a public key of another kind than Ed25519")
        yield key


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LONGEST_BYTES)
    except OSError as error:
        raise KeyRefused(f"{file} cannot be read: {error.strerror or error}") from error


def _make(path: Path) -> None:
    """Make a private key; of two processes that try at once, one's key stands. OSError."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    partial = path.with_name(f".{path.name}.{base64.b32encode(os.urandom(5)).decode()}")
    write_file(partial, pem)
    try:
        flush(partial)
        path.hardlink_to(partial)
    except FileExistsError:
        return
    finally:
        partial.unlink()
    flush(path.parent)


def _export(key: SigningKey, path: Path) -> None:
    """Add the public key to the file of this box's public keys. OSError, KeyRefused."""
    before = path.read_bytes() if path.exists() else b""
    if before and key.key_id in read_keys(path):
        return
    note = f"# streetwarden evidence key {key.key_id}\n".encode()
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    write_file(partial, before + note + key.public_pem())
    partial.chmod(0o644)
    flush(partial)
    partial.replace(path)
    flush(path.parent)
