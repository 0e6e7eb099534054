"""Files that are on the disk when the call returns, and disk errors in plain words."""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cases.errors import EvidenceError, EvidenceReason

_FULL = {errno.ENOSPC, errno.EDQUOT}
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
_READ_PIECE = 1 << 20
_LOCK = ".lock"


def write_file(path: Path, data: bytes) -> None:
    """Write a new file, readable by its owner alone. OSError."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(data)


def flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk. OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def make_folders(folder: Path, root: Path) -> None:
    """Make a folder below `root` with what is missing on the way, durably. OSError."""
    missing = [step for step in (folder, *folder.parents) if not step.is_dir()]
    for step in reversed(missing):
        step.mkdir(mode=0o700, exist_ok=True)
        if step != root:
            flush(step.parent)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep other threads and processes out of the evidence under `root`. OSError."""
    # Each opening has a lock of its own, so that threads wait for each other as well.
    opened = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def remove(path: Path) -> None:
    """Remove a file or a folder with what is in it. OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def sha256_of(path: Path) -> str:
    """Hash a file's bytes: 64 hex digits. OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn an OSError into the EvidenceError that says what to do about it."""
    try:
        yield
    except OSError as error:
        raise _told(what, error) from error


def _told(what: str, error: OSError) -> EvidenceError:
    detail = error.strerror or str(error)
    if error.errno in _FULL:
        return EvidenceError(EvidenceReason.FULL, f"{what}: the disk is full: {detail}")
    if error.errno in _UNWRITABLE:
        return EvidenceError(EvidenceReason.UNWRITABLE, f"{what}: no access: {detail}")
    return EvidenceError(EvidenceReason.FAILED, f"{what}: {detail}")
