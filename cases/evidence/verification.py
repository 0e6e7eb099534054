"""Verify that evidence still says what it said when it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from cases.errors import NoEvidence
from cases.evidence.chain import CHAIN_NAME, Chain, Link
from cases.evidence.durable import sha256_of
from cases.evidence.manifest import MANIFEST_NAME, parse_manifest

_DEPTH = 4
"""Folders between the root and an evidence folder, itself included: YYYY/MM/DD/ID."""


class Verdict(StrEnum):
    """What became of a file."""

    OK = "ok"
    CHANGED = "changed"
    """Not the bytes (or not the form) that were written."""
    MISSING = "missing"
    EXTRA = "extra"
    """Nobody wrote it here."""
    CHAIN_BROKEN = "chain_broken"
    """The file is whole, but it does not follow the one that the chain names before it."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """A file (or a folder that is gone), and what became of it."""

    path: str
    """Below the folder that was verified, with forward slashes."""
    verdict: Verdict
    detail: str = ""


def verify(folder: Path) -> list[FileVerdict]:
    """Check one evidence folder, or a site's whole evidence with its chain.

    One folder inside a site's evidence is also checked against the chain; a copy elsewhere only
    against its own manifest, which then says so. Raises NoEvidence when it is neither.
    """
    if (folder / CHAIN_NAME).exists():
        return list(_verify_root(folder))
    if not (folder / MANIFEST_NAME).exists():
        raise NoEvidence(
            f"{folder} holds neither {MANIFEST_NAME} (one violation's evidence) "
            f"nor {CHAIN_NAME} (a site's evidence)"
        )
    return list(_verify_one(folder.absolute()))


def _verify_one(folder: Path) -> Iterator[FileVerdict]:
    root = folder.parents[_DEPTH - 1] if len(folder.parents) >= _DEPTH else folder
    name = folder.relative_to(root).as_posix()
    if not (root / CHAIN_NAME).exists():
        yield from _verify_folder(folder, "", None, "not checked against a chain")
        return
    try:
        link = next((link for link in Chain(root).links() if link.folder == name), None)
    except (OSError, ValueError) as error:
        yield FileVerdict(MANIFEST_NAME, Verdict.CHAIN_BROKEN, f"{CHAIN_NAME}: {error}")
        link = None
    if link is None:
        yield from _verify_folder(folder, "", None, "the site's chain does not name it")
        yield FileVerdict(MANIFEST_NAME, Verdict.CHAIN_BROKEN, "the site's chain does not name it")
        return
    yield from _verify_folder(folder, "", link, "")


def _verify_root(root: Path) -> Iterator[FileVerdict]:
    known: set[str] = set()
    before: Link | None = None
    broken = ""
    try:
        for link in Chain(root).links():
            broken = broken or _gap(before, link)
            before = link
            known.add(link.folder)
            yield from _verify_link(root, link)
    except (OSError, ValueError) as error:
        broken = str(error)
    yield FileVerdict(CHAIN_NAME, Verdict.CHAIN_BROKEN if broken else Verdict.OK, broken)
    for folder in sorted(root.glob("[0-9]*/[0-9]*/[0-9]*/*")):
        name = folder.relative_to(root).as_posix()
        if name not in known:
            yield FileVerdict(name, Verdict.EXTRA, "the chain does not name it")


def _gap(before: Link | None, link: Link) -> str:
    """Say what is wrong between two neighbours; empty when nothing is."""
    sequence = 1 if before is None else before.sequence + 1
    previous = None if before is None else before.manifest_sha256
    if link.sequence != sequence:
        return f"{link.folder} has number {link.sequence}, expected {sequence}"
    if link.previous_sha256 != previous:
        return f"{link.folder} does not follow number {sequence - 1}"
    return ""


def _verify_link(root: Path, link: Link) -> Iterator[FileVerdict]:
    steps = PurePosixPath(link.folder).parts
    if len(steps) != _DEPTH or ".." in steps or link.folder.startswith("/"):
        yield FileVerdict(CHAIN_NAME, Verdict.CHANGED, f"{link.folder} is no place for evidence")
        return
    folder = root / link.folder
    if not folder.is_dir():
        yield FileVerdict(link.folder, Verdict.MISSING, f"number {link.sequence} of the chain")
        return
    yield from _verify_folder(folder, f"{link.folder}/", link, "")


def _verify_folder(
    folder: Path, prefix: str, link: Link | None, note: str
) -> Iterator[FileVerdict]:
    """Check a folder's files against its manifest, and that against its link where it has one."""
    path = folder / MANIFEST_NAME
    name = f"{prefix}{MANIFEST_NAME}"
    try:
        sha256, manifest = sha256_of(path), parse_manifest(path.read_bytes())
    except FileNotFoundError:
        yield FileVerdict(name, Verdict.MISSING)
        return
    except OSError as error:
        yield FileVerdict(name, Verdict.UNREADABLE, error.strerror or str(error))
        return
    except ValueError as error:
        yield FileVerdict(name, Verdict.CHANGED, str(error))
        return
    yield _manifest_verdict(name, sha256, manifest, link, note)
    listed = {stored["path"]: stored for stored in manifest["files"]}
    for file_name, stored in listed.items():
        yield _file_verdict(folder / file_name, f"{prefix}{file_name}", stored)
    for file_name in sorted(path.name for path in folder.iterdir()):
        if file_name not in listed and file_name != MANIFEST_NAME:
            yield FileVerdict(f"{prefix}{file_name}", Verdict.EXTRA, "not in the manifest")


def _manifest_verdict(
    name: str, sha256: str, manifest: dict[str, Any], link: Link | None, note: str
) -> FileVerdict:
    if link is None:
        return FileVerdict(name, Verdict.OK, note)
    if sha256 != link.manifest_sha256:
        return FileVerdict(name, Verdict.CHANGED, "not the manifest that the chain names")
    said = (manifest.get("sequence"), manifest.get("previous_sha256"))
    if said != (link.sequence, link.previous_sha256):
        return FileVerdict(name, Verdict.CHAIN_BROKEN, "follows another than the chain says")
    return FileVerdict(name, Verdict.OK)


def _file_verdict(path: Path, name: str, stored: dict[str, Any]) -> FileVerdict:
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
