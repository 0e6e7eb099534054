"""Who keeps evidence, and who takes copies of it: hold, release, export, each into the journal."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cases.errors import EvidenceError, EvidenceReason, NoEvidence
from cases.evidence.chain import Chain
from cases.evidence.durable import alone, disk_errors, flush, sha256_of, write_file
from cases.evidence.journal import Act, Journal, JournalEntry, holds
from cases.evidence.keys import SigningKey
from cases.evidence.manifest import MANIFEST_NAME, SIGNATURE_NAME, read_evidence
from cases.evidence.removal import DAYS, removed_error
from cases.evidence.supplement import supplements_of
from cases.evidence.tombstone import (
    REMOVED_SUFFIX,
    Tombstone,
    read_tombstone,
    tombstone_path,
)

DAY_STEPS = 3
"""Folders between the root and the evidence of a case: YYYY/MM/DD."""
CHAIN_PART = "chain-lines.jsonl"
"""In a copy: the lines of the chain that name what was copied."""


@dataclass(frozen=True, slots=True)
class CustodyNotes:
    """What has happened to one case's evidence since it was written."""

    holds: tuple[JournalEntry, ...]
    """Those in force."""
    exports: tuple[JournalEntry, ...]
    removed: Tombstone | None


def custody_notes(folder: Path) -> CustodyNotes:
    """Read what is noted about the evidence in `folder`, below its root. CasesError."""
    path = tombstone_path(folder)
    with disk_errors(str(path)):
        try:
            removed = read_tombstone(path) if path.exists() else None
        except ValueError as error:
            raise NoEvidence(f"{path}: {error}") from error
    entries = Journal(folder.parents[DAY_STEPS]).entries()
    exports = tuple(
        entry for entry in entries if entry.act is Act.EXPORT and entry.violation_id == folder.name
    )
    return CustodyNotes(holds(entries).get(folder.name, ()), exports, removed)


@dataclass(frozen=True, slots=True)
class Custody:
    """Acts of people on the evidence below one root."""

    root: Path
    key: SigningKey
    clock: Callable[[], datetime]

    def hold(self, violation_id: str, *, by: str, reason: str) -> None:
        """Keep a case's evidence from being removed until it is released.

        NoEvidence where there is none (any more); EvidenceError; LinesBroken.
        """
        with disk_errors(str(self.root)), alone(self.root):
            folder = self._folder(violation_id)
            self._note(Act.HOLD, folder, by, reason)

    def release(self, violation_id: str, *, by: str, reason: str) -> tuple[JournalEntry, ...]:
        """End every hold of a case; returns those. NoEvidence where it is under none."""
        with disk_errors(str(self.root)), alone(self.root):
            held = holds(Journal(self.root).entries()).get(violation_id, ())
            if not held:
                raise NoEvidence(f"the evidence of {violation_id} is under no hold")
            self._note(Act.RELEASE, self._folder(violation_id), by, reason)
        return held

    def export(self, violation_id: str, to: Path, *, by: str, reason: str) -> Path:
        """Copy a case's evidence, originals included, into `to`/ID; returns that folder.

        The journal has it before the first file is copied. Every copy is checked against its
        manifest. NoEvidence; EvidenceError; LinesBroken.
        """
        with disk_errors(str(self.root)), alone(self.root):
            folder = self._folder(violation_id)
            target = self._target(to, violation_id)
            folders = (folder, *supplements_of(folder))
            files = {
                f"{each.name}/{path.name}": sha256_of(path)
                for each in folders
                for path in sorted(each.iterdir())
            }
            more = {"files": files, "to": str(target)}
            self._note(Act.EXPORT, folder, by, reason, more)
            with disk_errors(str(target)):
                try:
                    self._copy(folders, target, files)
                except BaseException:
                    shutil.rmtree(target, ignore_errors=True)
                    raise
        return target

    def _folder(self, violation_id: str) -> Path:
        if not violation_id.isalnum():
            raise NoEvidence(f"{violation_id!r} is no id of a case, as `cases list` prints it")
        found = next(self.root.glob(f"{DAYS}/{violation_id}/{MANIFEST_NAME}"), None)
        if found is not None:
            return found.parent
        note = next(self.root.glob(f"{DAYS}/{violation_id}{REMOVED_SUFFIX}"), None)
        error = None if note is None else removed_error(note.with_suffix(""))
        raise NoEvidence(str(error or f"no evidence of {violation_id} lies below {self.root}"))

    def _target(self, to: Path, violation_id: str) -> Path:
        target = to.resolve() / violation_id
        if target.is_relative_to(self.root.resolve()):
            raise NoEvidence(f"{to} lies in the evidence itself; name a folder elsewhere")
        if target.exists():
            raise NoEvidence(f"{target} is there already; name another folder")
        return target

    def _note(
        self, act: Act, folder: Path, by: str, reason: str, more: Mapping[str, object] | None = None
    ) -> None:
        entry = JournalEntry(
            act=act,
            violation_id=folder.name,
            at=self.clock(),
            by=by,
            reason=reason,
            manifest_sha256=sha256_of(folder / MANIFEST_NAME),
            more=more or {},
        )
        Journal(self.root).append(entry, self.key)

    def _copy(self, folders: tuple[Path, ...], target: Path, files: dict[str, str]) -> None:
        target.mkdir(mode=0o700, parents=True)
        for folder in folders:
            _checked_manifest(folder)
            copied = target / folder.name
            copied.mkdir(mode=0o700)
            for path in sorted(folder.iterdir()):
                copy = copied / path.name
                shutil.copyfile(path, copy, follow_symlinks=False)
                copy.chmod(0o600)
                flush(copy)
                if sha256_of(copy) != files[f"{folder.name}/{path.name}"]:
                    raise EvidenceError(EvidenceReason.FAILED, f"{copy} is not what was copied")
        names = {folder.relative_to(self.root).as_posix() for folder in folders}
        lines = [link.line() for link in Chain(self.root).links() if link.folder in names]
        write_file(target / CHAIN_PART, b"".join(lines))
        flush(target / CHAIN_PART)
        flush(target)


def _checked_manifest(folder: Path) -> None:
    """See that what goes out is what was written; else nobody should carry it away as such."""
    try:
        evidence = read_evidence(folder)
    except ValueError as error:
        raise EvidenceError(EvidenceReason.FAILED, f"{folder.name}: {error}") from error
    wrong = [file.path.name for file in evidence.files if _changed(file.path, file.sha256)]
    if wrong or not (folder / SIGNATURE_NAME).exists():
        what = ", ".join(wrong) or SIGNATURE_NAME
        raise EvidenceError(
            EvidenceReason.FAILED,
            f"{folder.name}: {what} is not what was written; see `evidence verify`",
        )


def _changed(path: Path, sha256: str) -> bool:
    return path.is_symlink() or not path.exists() or sha256_of(path) != sha256
