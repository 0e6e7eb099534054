"""Remove evidence so that it stays known that, when and by whom it was removed.

First the signed tombstone gets its name, flushed; then the folder goes. Killed in between, the
folder is gone or half there, with a tombstone beside it: `finish_removals` takes the rest.
"""

import shutil
from pathlib import Path

from cases.errors import EvidenceError, EvidenceReason
from cases.evidence.durable import flush, sha256_of, write_file
from cases.evidence.keys import PublicKeys, SigningKey
from cases.evidence.manifest import MANIFEST_NAME
from cases.evidence.tombstone import REMOVED_SUFFIX, Tombstone, read_tombstone, tombstone_path

DAYS = "[0-9]*/[0-9]*/[0-9]*"
"""Folders of days below an evidence root: YYYY/MM/DD."""


def remove_evidence(folder: Path, tombstone: Tombstone, key: SigningKey) -> None:
    """Replace an evidence folder by its signed tombstone. The caller has `alone`. OSError."""
    path = tombstone_path(folder)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    write_file(partial, tombstone.signed(key))
    flush(partial)
    partial.rename(path)
    flush(path.parent)
    _finish(folder)


def finish_removals(root: Path, keys: PublicKeys) -> int:
    """Take away what a crash has left of removed folders; returns how many. OSError.

    Only a tombstone that one of `keys` has signed is believed.
    """
    finished = 0
    for path in root.glob(f"{DAYS}/*{REMOVED_SUFFIX}"):
        folder = path.with_suffix("")
        if folder.is_dir() and _speaks_of(path, folder, keys):
            _finish(folder)
            finished += 1
    for partial in root.glob(f"{DAYS}/.*{REMOVED_SUFFIX}.partial"):
        partial.unlink()
    return finished


def removed_error(folder: Path) -> EvidenceError | None:
    """Return the error for evidence that is to be written where it has been removed."""
    try:
        tombstone = read_tombstone(tombstone_path(folder))
    except FileNotFoundError:
        return None
    except ValueError as error:
        return EvidenceError(EvidenceReason.FAILED, f"{tombstone_path(folder)}: {error}")
    return EvidenceError(
        EvidenceReason.FAILED, f"the evidence {folder.name} was removed {tombstone.text()}"
    )


def _speaks_of(path: Path, folder: Path, keys: PublicKeys) -> bool:
    """Whether a tombstone is this folder's: a foreign one must not cost any evidence."""
    try:
        tombstone = read_tombstone(path)
        if not tombstone.signed_by(keys):
            return False
    except (ValueError, KeyError):
        return False
    manifest = folder / MANIFEST_NAME
    return not manifest.exists() or sha256_of(manifest) == tombstone.manifest_sha256


def _finish(folder: Path) -> None:
    shutil.rmtree(folder)
    flush(folder.parent)
