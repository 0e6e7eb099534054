"""Write evidence so that a folder that bears its name is whole and on the disk.

Order: every file into `.partial/ID/`, each flushed; the manifest, its signature, the new head of
the chain; the folder flushed; the link into the chain, flushed; the head to its place; the rename;
the folders around it flushed. A crash before the link leaves a partial
folder that the next start removes; a crash after it is completed by renaming.
"""

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.errors import EvidenceError, EvidenceReason
from cases.evidence.chain import Chain, Link
from cases.evidence.clips import clips_of
from cases.evidence.drafts import Drafts
from cases.evidence.durable import (
    alone,
    disk_errors,
    flush,
    make_folders,
    remove,
    sha256_of,
    write_file,
)
from cases.evidence.evidence import Evidence
from cases.evidence.head import HEAD_NAME, Head
from cases.evidence.keys import SigningKey
from cases.evidence.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ManifestFacts,
    manifest_bytes,
    read_evidence,
)
from cases.evidence.removal import finish_removals, removed_error
from cases.evidence.request import EvidenceRequest
from cases.evidence.supplement import SHOWN_NAME, Supplement, supplement_folder
from cases.wording import Language
from detectors import Violation

_PARTIAL = ".partial"


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)


class EvidenceWriter:
    """Writes evidence folders under one root. Any thread; other processes wait their turn."""

    def __init__(
        self,
        root: Path,
        *,
        site_id: str,
        key: SigningKey,
        language: Language,
        timezone: ZoneInfo,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Make the root where it is missing and put right what a crash has left. EvidenceError."""
        self._root = root.absolute()
        self._site_id = site_id
        self._key = key
        self._language = language
        self._timezone = timezone
        self._clock = clock
        self._software = f"streetwarden {version('streetwarden')}"
        self._chain = Chain(self._root)
        with disk_errors(f"evidence folder {self._root}"):
            make_folders(self._root / _PARTIAL, self._root)
            with alone(self._root):
                self._complete()
                finish_removals(self._root, self._key.public_keys())
                for leftover in (self._root / _PARTIAL).iterdir():
                    remove(leftover)

    @property
    def root(self) -> Path:
        """Absolute path of the evidence of this site."""
        return self._root

    def folder_of(self, violation: Violation) -> Path:
        """Where a violation's evidence lies: by the UTC day on which it was opened."""
        day = violation.opened_at.astimezone(UTC)
        return self._root / f"{day:%Y}" / f"{day:%m}" / f"{day:%d}" / violation.violation_id

    def write(self, request: EvidenceRequest) -> Evidence:
        """Write the evidence of a violation, or return what is complete already.

        Blocks until the disk has it. EvidenceError: nothing that looks finished exists, and the
        same request can be made again.
        """
        folder = self.folder_of(request.violation)
        return self._add(folder, lambda partial: self._fill(request, partial, folder))

    def add(self, supplement: Supplement) -> Evidence:
        """Write a supplement beside a violation's evidence, or return what is complete already.

        EvidenceError as of `write`, and where there is nothing that it could be added to.
        """
        violation = supplement.request.violation
        folder = self.folder_of(violation)
        target = supplement_folder(folder, supplement.name)
        return self._add(target, lambda partial: self._fill_more(supplement, partial, target))

    def _add(self, folder: Path, fill: Callable[[Path], Link]) -> Evidence:
        with disk_errors(f"evidence {folder.name}"), alone(self._root):
            self._complete()
            removed = removed_error(folder)
            if removed is not None:
                raise removed
            if not (folder / MANIFEST_NAME).exists():
                self._write(folder, fill)
            return _read(folder)

    def _write(self, folder: Path, fill: Callable[[Path], Link]) -> None:
        partial = self._partial(folder)
        if partial.exists():
            shutil.rmtree(partial)
        make_folders(folder.parent, self._root)
        partial.mkdir(mode=0o700)
        try:
            self._chain.append(fill(partial))
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        self._rename(partial, folder)

    def _fill(self, request: EvidenceRequest, partial: Path, folder: Path) -> Link:
        drafts = self._drafts(request, partial)
        drafts.write_crop(request.stills)
        drafts.write_clips(clips_of(request))
        return self._seal(request, drafts, folder, None)

    def _fill_more(self, supplement: Supplement, partial: Path, target: Path) -> Link:
        request = supplement.request
        folder = self.folder_of(request.violation)
        if not (folder / MANIFEST_NAME).exists():
            raise EvidenceError(
                EvidenceReason.FAILED, f"{folder.name} has no evidence to add to: {target.name}"
            )
        drafts = self._drafts(request, partial)
        clips = {name: clip for name, clip in clips_of(request).items() if clip}
        drafts.write_clips(clips)
        if supplement.shown is not None:
            began = [clip[0].captured_at(clip[0].packets[0].at_s) for clip in clips.values()]
            drafts.take_shown(supplement.shown, SHOWN_NAME, min(began, default=None))
        adds_to = {
            "name": supplement.name,
            "manifest_sha256": sha256_of(folder / MANIFEST_NAME),
        }
        return self._seal(request, drafts, target, adds_to)

    def _drafts(self, request: EvidenceRequest, partial: Path) -> Drafts:
        drafts = Drafts(partial)
        for number, still in enumerate(request.stills, start=1):
            drafts.write_still(number, still, request, self._language, self._timezone)
        return drafts

    def _seal(
        self,
        request: EvidenceRequest,
        drafts: Drafts,
        folder: Path,
        supplement: dict[str, str] | None,
    ) -> Link:
        before = self._tail()
        sequence = 1 if before is None else before.sequence + 1
        previous = None if before is None else before.manifest_sha256
        facts = ManifestFacts(
            site_id=self._site_id,
            sequence=sequence,
            previous_sha256=previous,
            key_id=self._key.key_id,
            software=self._software,
            written_at=self._clock(),
            stills=drafts.stills,
            files=drafts.files,
            crop=drafts.crop,
            missing=drafts.missing,
            supplement=supplement,
        )
        manifest = manifest_bytes(request, facts)
        sha256 = hashlib.sha256(manifest).hexdigest()
        head = Head(self._site_id, sequence, sha256, self._key.key_id)
        for name, data in (
            (MANIFEST_NAME, manifest),
            (SIGNATURE_NAME, self._key.sign(manifest)),
            (HEAD_NAME, head.signed(self._key)),
        ):
            write_file(drafts.folder / name, data)
            flush(drafts.folder / name)
        flush(drafts.folder)
        return Link(
            sequence=sequence,
            folder=folder.relative_to(self._root).as_posix(),
            manifest_sha256=sha256,
            previous_sha256=previous,
            key_id=self._key.key_id,
        )

    def _complete(self) -> None:
        """Finish the last link's folder when a crash came between link and rename."""
        link = self._tail()
        if link is None:
            return
        folder = self._root / link.folder
        partial = self._partial(folder)
        manifest = partial / MANIFEST_NAME
        if folder.exists() or not manifest.exists():
            return
        if sha256_of(manifest) == link.manifest_sha256:
            self._rename(partial, folder)

    def _rename(self, partial: Path, folder: Path) -> None:
        """Put the head of the chain and then the folder into their places."""
        head = partial / HEAD_NAME
        if head.exists():  # else a crash came between these two
            head.rename(self._root / HEAD_NAME)
            flush(self._root)
        partial.rename(folder)
        flush(folder.parent)
        flush(partial.parent)

    def _partial(self, folder: Path) -> Path:
        return self._root / _PARTIAL / folder.name

    def _tail(self) -> Link | None:
        try:
            return self._chain.tail()
        except ValueError as error:
            raise EvidenceError(
                EvidenceReason.FAILED, f"{self._chain.path} is damaged at its end: {error}"
            ) from error


def _read(folder: Path) -> Evidence:
    try:
        return read_evidence(folder)
    except ValueError as error:
        raise EvidenceError(
            EvidenceReason.FAILED, f"{folder / MANIFEST_NAME} is damaged: {error}"
        ) from error
