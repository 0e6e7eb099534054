"""Verify that evidence still says what it said when it was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cases.errors import EvidenceError, LinesBroken, NoEvidence
from cases.evidence.chain import CHAIN_NAME, Chain, Link
from cases.evidence.durable import sha256_of
from cases.evidence.head import HEAD_NAME, Head, read_head
from cases.evidence.journal import Journal, JournalEntry, holds
from cases.evidence.keys import PUBLIC_NAME, PublicKeys, read_keys
from cases.evidence.linked_lines import JOURNAL_NAME, VERDICTS_NAME, LinkedLines
from cases.evidence.manifest import MANIFEST_NAME, SIGNATURE_NAME, parse_manifest
from cases.evidence.removal import DAYS
from cases.evidence.tombstone import REMOVED_SUFFIX, read_tombstone, tombstone_path
from cases.evidence.verdict import FileVerdict, Verdict

_DEPTH = 4
"""Folders between the root and an evidence folder, itself included: YYYY/MM/DD/ID."""
KEYS_FOLDER = "keys"
"""Beside the evidence of a site."""
_UNKEYED = "the signature was not checked: give the box's public key"


def verify(
    folder: Path, keys: PublicKeys | None = None, *, expect_last: str | None = None
) -> list[FileVerdict]:
    """Check one evidence folder, or a site's whole evidence with its chain.

    One folder inside a site's evidence is also checked against the chain; a copy elsewhere only
    against its own manifest, which then says so. Without `keys` signatures are checked by the
    public key that the box keeps beside its evidence, if there is one. `expect_last` is a number
    of the chain or (the beginning of) a manifest's hash that a whole site must still have.
    Raises NoEvidence when it is neither; KeyRefused.
    """
    if (folder / CHAIN_NAME).exists():
        return list(_Site(folder, keys or keys_beside(folder)).verdicts(expect_last))
    removed = tombstone_path(folder.absolute()).exists()
    if not removed and not (folder / MANIFEST_NAME).exists():
        raise NoEvidence(
            f"{folder} holds neither {MANIFEST_NAME} (one violation's evidence) "
            f"nor {CHAIN_NAME} (a site's evidence)"
        )
    if expect_last is not None:
        raise NoEvidence(f"{folder} is one violation's evidence: it has no last one to expect")
    return list(_verify_one(folder.absolute(), keys))


def keys_beside(root: Path) -> PublicKeys | None:
    """Read the public keys that a box keeps beside its evidence; None without. KeyRefused."""
    path = root.absolute().parent / KEYS_FOLDER / PUBLIC_NAME
    return read_keys(path, pinned=False) if path.exists() else None


def _verify_one(folder: Path, keys: PublicKeys | None) -> Iterator[FileVerdict]:
    root = folder.parents[_DEPTH - 1] if len(folder.parents) >= _DEPTH else folder
    name = folder.relative_to(root).as_posix()
    if not (root / CHAIN_NAME).exists():
        if tombstone_path(folder).exists():
            yield _removed(folder, keys, "", None)
        else:
            yield from _Folder(folder, keys, note="not checked against a chain").verdicts()
        return
    keys = keys or keys_beside(root)
    try:
        link = next((link for link in Chain(root).links() if link.folder == name), None)
    except (OSError, ValueError) as error:
        yield FileVerdict(MANIFEST_NAME, Verdict.CHAIN_BROKEN, f"{CHAIN_NAME}: {error}")
        link = None
    if tombstone_path(folder).exists():
        yield _removed(folder, keys, "", link)
        return
    journal = _read_journal(root, keys)
    if isinstance(journal, dict):
        yield from _held(journal, folder.name, MANIFEST_NAME)
    else:
        yield journal
    if link is None:
        yield from _Folder(folder, keys, note="the site's chain does not name it").verdicts()
        yield FileVerdict(MANIFEST_NAME, Verdict.CHAIN_BROKEN, "the site's chain does not name it")
        return
    yield from _Folder(folder, keys, link=link).verdicts()


@dataclass(slots=True)
class _Site:
    """The evidence of a site: its chain, where that ends, and every folder."""

    root: Path
    keys: PublicKeys | None
    hashes: list[str] = field(default_factory=list)
    """Of the manifests that the chain names, in order."""
    known: set[str] = field(default_factory=set)
    signed: bool = False
    held: Mapping[str, tuple[JournalEntry, ...]] = field(default_factory=dict)

    def verdicts(self, expect_last: str | None) -> Iterator[FileVerdict]:
        before: Link | None = None
        broken = ""
        yield from self._records()
        try:
            for link in Chain(self.root).links():
                broken = broken or _gap(before, link)
                before = link
                self.known.add(link.folder)
                self.hashes.append(link.manifest_sha256)
                self.signed = self.signed or link.key_id is not None
                yield from self._folder(link)
        except (OSError, ValueError) as error:
            broken = str(error)
        head = self._read_head()
        yield self._chain(broken, head, expect_last)
        if head is not None:
            yield self._signed_head(head) if isinstance(head, Head) else head
        for folder in sorted(self.root.glob(f"{DAYS}/*")):
            name = folder.relative_to(self.root).as_posix()
            if name.removesuffix(REMOVED_SUFFIX) not in self.known:
                yield FileVerdict(name, Verdict.EXTRA, "the chain does not name it")

    def _records(self) -> Iterator[FileVerdict]:
        """Check what people did, where anything is written; remember the holds."""
        if (self.root / VERDICTS_NAME).exists():
            yield _checked_lines(self.root)
        if (self.root / JOURNAL_NAME).exists():
            journal = _read_journal(self.root, self.keys)
            if isinstance(journal, FileVerdict):
                yield journal
                return
            self.held = journal
            yield _unkeyed_or_ok(JOURNAL_NAME, self.keys)

    def _folder(self, link: Link) -> Iterator[FileVerdict]:
        steps = PurePosixPath(link.folder).parts
        if len(steps) != _DEPTH or ".." in steps or link.folder.startswith("/"):
            detail = f"{link.folder} is no place for evidence"
            yield FileVerdict(CHAIN_NAME, Verdict.CHANGED, detail)
            return
        folder = self.root / link.folder
        if tombstone_path(folder).exists():
            yield _removed(folder, self.keys, f"{folder.parent.relative_to(self.root)}/", link)
            return
        yield from _held(self.held, folder.name, link.folder)
        if not folder.is_dir():
            yield FileVerdict(link.folder, Verdict.MISSING, f"number {link.sequence} of the chain")
            return
        yield from _Folder(folder, self.keys, prefix=f"{link.folder}/", link=link).verdicts()

    def _chain(
        self, broken: str, head: Head | FileVerdict | None, expect_last: str | None
    ) -> FileVerdict:
        if broken:
            return FileVerdict(CHAIN_NAME, Verdict.CHAIN_BROKEN, broken)
        cut = self._unmet(expect_last)
        if isinstance(head, Head) and head.sequence > len(self.hashes):
            cut = f"it ends at number {len(self.hashes)}, number {head.sequence} was written"
        return FileVerdict(CHAIN_NAME, Verdict.CUT_OFF if cut else Verdict.OK, cut)

    def _unmet(self, expected: str | None) -> str:
        """Say what of the expectation is not there."""
        if expected is None:
            return ""
        if expected.isdecimal() and len(expected) < _SHORTEST_HASH:
            if int(expected) <= len(self.hashes):
                return ""
            return f"it ends at number {len(self.hashes)}, expected at least {expected}"
        if any(sha256.startswith(expected.lower()) for sha256 in self.hashes):
            return ""
        return f"no manifest has the hash {expected}"

    def _read_head(self) -> Head | FileVerdict | None:
        """Read where the chain ends; None where nobody has signed anything yet."""
        try:
            return read_head(self.root / HEAD_NAME)
        except FileNotFoundError:
            gone = FileVerdict(HEAD_NAME, Verdict.MISSING, "it says where the chain ends")
            return gone if self.signed else None
        except OSError as error:
            return FileVerdict(HEAD_NAME, Verdict.UNREADABLE, error.strerror or str(error))
        except ValueError as error:
            return FileVerdict(HEAD_NAME, Verdict.CHANGED, str(error))

    def _place_of(self, head: Head) -> str:
        """Say what the head has to do with another chain; empty when it is this one's."""
        count, sequence = len(self.hashes), head.sequence
        # A crash may leave one link that the head does not know yet.
        if not max(1, count - 1) <= sequence:
            return f"it names number {sequence}, the chain has {count}"
        if sequence <= count and self.hashes[sequence - 1] != head.manifest_sha256:
            return f"it names another manifest as number {sequence} than the chain does"
        return ""

    def _signed_head(self, head: Head) -> FileVerdict:
        if self.keys is None:
            return FileVerdict(HEAD_NAME, Verdict.UNCHECKED, _UNKEYED)
        if head.key_id not in self.keys:
            return _foreign(HEAD_NAME, head.key_id)
        if not head.signed_by(self.keys):
            return FileVerdict(HEAD_NAME, Verdict.BAD_SIGNATURE, "it was changed after signing")
        strange = self._place_of(head)
        if strange:
            return FileVerdict(HEAD_NAME, Verdict.CHAIN_BROKEN, strange)
        return FileVerdict(HEAD_NAME, Verdict.OK, _by(head.key_id, self.keys))


def _read_journal(
    root: Path, keys: PublicKeys | None
) -> dict[str, tuple[JournalEntry, ...]] | FileVerdict:
    """Return the holds in force, or what is wrong with the journal."""
    try:
        entries = Journal(root).entries()
    except LinesBroken as error:
        return FileVerdict(JOURNAL_NAME, Verdict.CHANGED, str(error))
    except EvidenceError as error:
        return FileVerdict(JOURNAL_NAME, Verdict.UNREADABLE, str(error))
    for number, entry in enumerate(entries, start=1):
        if keys is not None and entry.key_id not in keys:
            return _foreign(JOURNAL_NAME, entry.key_id)
        if keys is not None and not entry.signed_by(keys):
            return FileVerdict(JOURNAL_NAME, Verdict.BAD_SIGNATURE, f"line {number}")
    return holds(entries)


def _unkeyed_or_ok(name: str, keys: PublicKeys | None) -> FileVerdict:
    if keys is None:
        return FileVerdict(name, Verdict.UNCHECKED, _UNKEYED)
    return FileVerdict(name, Verdict.OK)


def _checked_lines(root: Path) -> FileVerdict:
    try:
        LinkedLines(root / VERDICTS_NAME).entries()
    except LinesBroken as error:
        return FileVerdict(VERDICTS_NAME, Verdict.CHANGED, str(error))
    except EvidenceError as error:
        return FileVerdict(VERDICTS_NAME, Verdict.UNREADABLE, str(error))
    return FileVerdict(VERDICTS_NAME, Verdict.OK)


def _held(
    held: Mapping[str, tuple[JournalEntry, ...]], violation_id: str, name: str
) -> Iterator[FileVerdict]:
    for entry in held.get(violation_id, ()):
        yield FileVerdict(name, Verdict.HELD, entry.text())


def _removed(folder: Path, keys: PublicKeys | None, prefix: str, link: Link | None) -> FileVerdict:
    """Judge the note that stands where evidence was removed."""
    path = tombstone_path(folder)
    name = f"{prefix}{path.name}"
    try:
        tombstone = read_tombstone(path)
    except OSError as error:
        return FileVerdict(name, Verdict.UNREADABLE, error.strerror or str(error))
    except ValueError as error:
        return FileVerdict(name, Verdict.CHANGED, str(error))
    if link is not None:
        said = (tombstone.folder, tombstone.manifest_sha256)
        if said != (link.folder, link.manifest_sha256):
            return FileVerdict(name, Verdict.CHANGED, "it speaks of other evidence")
    checked = _checked(name, keys, tombstone.key_id, tombstone.signature, tombstone.signed_bytes())
    if checked.verdict is Verdict.BAD_SIGNATURE:
        return FileVerdict(name, checked.verdict, "it was changed after signing")
    if not checked.verdict.stands:
        return checked
    rest = "what is left of it goes with the next run" if folder.exists() else ""
    verdict = Verdict.REMOVED if checked.verdict is Verdict.OK else checked.verdict
    details = (tombstone.text(), rest, checked.detail)
    return FileVerdict(name, verdict, "; ".join(part for part in details if part))


_SHORTEST_HASH = 16
"""Digits from which an expectation is a hash rather than a number."""


def _gap(before: Link | None, link: Link) -> str:
    """Say what is wrong between two neighbours; empty when nothing is."""
    sequence = 1 if before is None else before.sequence + 1
    previous = None if before is None else before.manifest_sha256
    if link.sequence != sequence:
        return f"{link.folder} has number {link.sequence}, expected {sequence}"
    if link.previous_sha256 != previous:
        return f"{link.folder} does not follow number {sequence - 1}"
    if before is not None and before.key_id is not None and link.key_id is None:
        return f"{link.folder} is not signed, number {sequence - 1} is"
    return ""


@dataclass(frozen=True, slots=True)
class _Folder:
    """One violation's evidence, against its manifest, its signature and its link."""

    folder: Path
    keys: PublicKeys | None
    prefix: str = ""
    link: Link | None = None
    note: str = ""
    """Said of a manifest without a link."""

    def verdicts(self) -> Iterator[FileVerdict]:
        path, name = self.folder / MANIFEST_NAME, f"{self.prefix}{MANIFEST_NAME}"
        try:
            sha256, data = sha256_of(path), path.read_bytes()
            manifest = parse_manifest(data)
        except FileNotFoundError:
            yield FileVerdict(name, Verdict.MISSING)
            return
        except OSError as error:
            yield FileVerdict(name, Verdict.UNREADABLE, error.strerror or str(error))
            return
        except ValueError as error:
            yield FileVerdict(name, Verdict.CHANGED, str(error))
            return
        signature = self._signature(data, manifest)
        yield self._manifest(name, sha256, manifest, signature.verdict)
        yield signature
        yield from self._files(manifest["files"])

    def _signature(self, data: bytes, manifest: Mapping[str, Any]) -> FileVerdict:
        name, path = f"{self.prefix}{SIGNATURE_NAME}", self.folder / SIGNATURE_NAME
        signed_by = manifest.get("signed_by")
        if not isinstance(signed_by, str):
            return FileVerdict(name, Verdict.UNSIGNED, "written before evidence was signed")
        try:
            signature = path.read_bytes()
        except FileNotFoundError:
            return FileVerdict(name, Verdict.MISSING)
        except OSError as error:
            return FileVerdict(name, Verdict.UNREADABLE, error.strerror or str(error))
        return _checked(name, self.keys, signed_by, signature, data)

    def _manifest(
        self, name: str, sha256: str, manifest: Mapping[str, Any], signature: Verdict
    ) -> FileVerdict:
        link = self.link
        if link is None:
            if signature is Verdict.BAD_SIGNATURE:
                return FileVerdict(name, Verdict.CHANGED, "not the manifest that was signed")
            return FileVerdict(name, Verdict.OK, self.note)
        if sha256 != link.manifest_sha256:
            return FileVerdict(name, Verdict.CHANGED, "not the manifest that the chain names")
        said = tuple(manifest.get(key) for key in ("sequence", "previous_sha256", "signed_by"))
        if said != (link.sequence, link.previous_sha256, link.key_id):
            return FileVerdict(name, Verdict.CHAIN_BROKEN, "follows another than the chain says")
        return FileVerdict(name, Verdict.OK)

    def _files(self, files: list[dict[str, Any]]) -> Iterator[FileVerdict]:
        listed = {stored["path"]: stored for stored in files}
        for file_name, stored in listed.items():
            name = f"{self.prefix}{file_name}"
            yield _file_verdict(self.folder / file_name, name, stored)
        for file_name in sorted(path.name for path in self.folder.iterdir()):
            if file_name not in listed and file_name not in {MANIFEST_NAME, SIGNATURE_NAME}:
                yield FileVerdict(f"{self.prefix}{file_name}", Verdict.EXTRA, "not in the manifest")


def _checked(
    name: str, keys: PublicKeys | None, signed_by: str, signature: bytes, data: bytes
) -> FileVerdict:
    if keys is None:
        return FileVerdict(name, Verdict.UNCHECKED, _UNKEYED)
    if signed_by not in keys:
        return _foreign(name, signed_by)
    if not keys.signed(signed_by, signature, data):
        detail = f"key {signed_by} did not sign this manifest"
        return FileVerdict(name, Verdict.BAD_SIGNATURE, detail)
    return FileVerdict(name, Verdict.OK, _by(signed_by, keys))


def _foreign(name: str, key_id: str) -> FileVerdict:
    return FileVerdict(name, Verdict.FOREIGN_KEY, f"signed by {key_id}, which is none of the keys")


def _by(key_id: str, keys: PublicKeys) -> str:
    """Say whose signature it is; and that a key from beside the evidence proves little."""
    return "" if keys.pinned else f"by the box's own key {key_id}, not pinned"


def _file_verdict(path: Path, name: str, stored: Mapping[str, Any]) -> FileVerdict:
    if path.is_symlink():
        return FileVerdict(name, Verdict.CHANGED, "a link to somewhere else")
    if not path.exists():
        return FileVerdict(name, Verdict.MISSING)
    try:
        sha256 = sha256_of(path)
    except OSError as error:
        return FileVerdict(name, Verdict.UNREADABLE, error.strerror or str(error))
    if sha256 != stored["sha256"]:
        return FileVerdict(name, Verdict.CHANGED, f"SHA-256 {sha256}")
    return FileVerdict(name, Verdict.OK)
