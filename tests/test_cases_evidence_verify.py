"""Tampering with evidence: each kind is named."""

import json
import shutil
from pathlib import Path

import pytest

from cases import Evidence, NoEvidence, Verdict, verify
from cases.record import canonical_json
from tests.evidence_requests import KEYS, make_writer, small_request


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write the evidence of three violations."""
    writer = make_writer(tmp_path / "evidence")
    for number in range(3):
        writer.write(small_request(number))
    return tmp_path / "evidence"


def folder(root: Path, number: int) -> Path:
    """Return the evidence folder of a violation."""
    return make_writer(root).folder_of(small_request(number).violation)


def wrong(path: Path) -> dict[str, Verdict]:
    """Return what is not ok, by path."""
    return {row.path: row.verdict for row in verify(path, KEYS) if row.verdict is not Verdict.OK}


def name(root: Path, number: int, file: str = "") -> str:
    """Return a path as verdicts on the whole root show it."""
    return (folder(root, number) / file).relative_to(root).as_posix()


def test_untouched_evidence_is_ok(root: Path) -> None:
    """Every file, every manifest and the chain have a verdict of their own."""
    assert wrong(root) == {}
    assert wrong(folder(root, 1)) == {}
    assert {row.path for row in verify(folder(root, 1))} == {
        "manifest.json",
        "manifest.sig",
        "1-confirmation.jpg",
        "1-confirmation-annotated.jpg",
        "crop.jpg",
    }
    assert len(verify(root)) == 3 * 5 + 2


def test_a_changed_file_is_named(root: Path) -> None:
    """One bit in one picture."""
    path = folder(root, 1) / "1-confirmation.jpg"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert wrong(folder(root, 1)) == {"1-confirmation.jpg": Verdict.CHANGED}
    assert wrong(root) == {name(root, 1, "1-confirmation.jpg"): Verdict.CHANGED}


def test_a_file_replaced_by_a_link_is_named(root: Path, tmp_path: Path) -> None:
    """Even when the link leads to the same bytes: it could lead elsewhere tomorrow."""
    path = folder(root, 1) / "1-confirmation.jpg"
    path.rename(tmp_path / "away.jpg")
    path.symlink_to(tmp_path / "away.jpg")
    assert wrong(folder(root, 1)) == {"1-confirmation.jpg": Verdict.CHANGED}


def test_a_missing_file_and_an_added_file_are_named(root: Path) -> None:
    """Neither can hide the other."""
    (folder(root, 1) / "1-confirmation.jpg").rename(folder(root, 1) / "other.jpg")
    assert wrong(folder(root, 1)) == {
        "1-confirmation.jpg": Verdict.MISSING,
        "other.jpg": Verdict.EXTRA,
    }


def rewrite(path: Path, **changes: object) -> None:
    """Change facts of a manifest, in the form that we write."""
    manifest = json.loads(path.read_bytes())
    path.write_bytes(canonical_json({**manifest, **changes}).encode())


def test_a_changed_manifest_is_named(root: Path) -> None:
    """Facts changed with care, hashes and form right: the chain knows another manifest."""
    rewrite(folder(root, 1) / "manifest.json", title="something else")
    assert wrong(folder(root, 1)) == {
        "manifest.json": Verdict.CHANGED,
        "manifest.sig": Verdict.BAD_SIGNATURE,
    }
    assert wrong(root) == {
        name(root, 1, "manifest.json"): Verdict.CHANGED,
        name(root, 1, "manifest.sig"): Verdict.BAD_SIGNATURE,
    }


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":"other/9"}', b"\xff\xfe", b"{ }"])
def test_a_manifest_that_is_none_is_named(root: Path, data: bytes) -> None:
    """No traceback for whatever lies there."""
    (folder(root, 1) / "manifest.json").write_bytes(data)
    assert wrong(folder(root, 1)) == {"manifest.json": Verdict.CHANGED}


def test_a_manifest_that_points_out_of_its_folder_is_refused(root: Path) -> None:
    """Verifying must not read files of the host."""
    path = folder(root, 1) / "manifest.json"
    files = json.loads(path.read_bytes())["files"]
    rewrite(path, files=[{**files[0], "path": "../../../../../../etc/hostname"}])
    assert wrong(folder(root, 1)) == {"manifest.json": Verdict.CHANGED}


def test_a_removed_manifest_is_named(root: Path) -> None:
    """By the chain; the folder alone is then no evidence any more."""
    (folder(root, 1) / "manifest.json").unlink()
    assert wrong(root) == {name(root, 1, "manifest.json"): Verdict.MISSING}
    with pytest.raises(NoEvidence):
        verify(folder(root, 1))


def test_a_removed_folder_is_named(root: Path) -> None:
    """Also the last one, for which no later manifest could tell."""
    shutil.rmtree(folder(root, 1))
    shutil.rmtree(folder(root, 2))
    assert wrong(root) == {name(root, 1): Verdict.MISSING, name(root, 2): Verdict.MISSING}


def test_a_folder_removed_from_the_chain_as_well_is_noticed(root: Path) -> None:
    """The manifest after it names the hash of the one that is gone."""
    shutil.rmtree(folder(root, 1))
    chain = root / "chain.jsonl"
    lines = chain.read_bytes().splitlines(keepends=True)
    chain.write_bytes(lines[0] + lines[2])
    assert wrong(root) == {"chain.jsonl": Verdict.CHAIN_BROKEN}
    # And with its line made to fit, the manifest itself disagrees.
    last = json.loads(lines[2])
    first = json.loads(lines[0])
    last.update(sequence=2, previous_sha256=first["manifest_sha256"])
    chain.write_bytes(lines[0] + canonical_json(last).encode() + b"\n")
    assert wrong(root) == {
        name(root, 2, "manifest.json"): Verdict.CHAIN_BROKEN,
        "chain.jsonl": Verdict.CUT_OFF,
    }


def test_a_folder_that_was_slipped_in_is_named(root: Path) -> None:
    """Whole in itself, but the chain does not know it: on the root and on the folder alone."""
    strange = folder(root, 1).with_name("0" * 20)
    shutil.copytree(folder(root, 1), strange)
    assert wrong(root) == {strange.relative_to(root).as_posix(): Verdict.EXTRA}
    assert wrong(strange) == {"manifest.json": Verdict.CHAIN_BROKEN}


@pytest.mark.parametrize(
    "line",
    [
        b"rubbish\n",
        b"{}\n",
        b"[]\n",
        b'{"folder":"../../../etc","manifest_sha256":"0","previous_sha256":null,"sequence":4}\n',
    ],
)
def test_a_damaged_chain_is_named(root: Path, line: bytes) -> None:
    """A line that is none, or that leads out of the root."""
    with (root / "chain.jsonl").open("ab") as file:
        file.write(line)
    assert set(wrong(root)) == {"chain.jsonl"}


def test_a_removed_chain_leaves_no_evidence_of_a_site(root: Path) -> None:
    """The root without its chain is refused, not called ok; a folder says what was not checked."""
    (root / "chain.jsonl").unlink()
    with pytest.raises(NoEvidence, match="chain"):
        verify(root)
    (manifest,) = [row for row in verify(folder(root, 1)) if row.path == "manifest.json"]
    assert (manifest.verdict, manifest.detail) == (Verdict.OK, "not checked against a chain")


def test_a_copy_elsewhere_is_checked_by_its_manifest(root: Path, tmp_path: Path) -> None:
    """An exported folder can be verified without the rest of the site."""
    copy = tmp_path / "copy"
    shutil.copytree(folder(root, 2), copy)
    assert wrong(copy) == {}
    (copy / "1-confirmation-annotated.jpg").write_bytes(b"x")
    assert wrong(copy) == {"1-confirmation-annotated.jpg": Verdict.CHANGED}


def test_relative_paths_work(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person types them."""
    monkeypatch.chdir(folder(root, 1))
    assert wrong(Path()) == {}
    monkeypatch.chdir(root)
    assert wrong(Path()) == {}


def test_an_ordinary_folder_is_no_evidence(tmp_path: Path) -> None:
    """The message says what was looked for."""
    with pytest.raises(NoEvidence, match=r"neither manifest\.json.*nor chain\.jsonl"):
        verify(tmp_path)
    with pytest.raises(NoEvidence):
        verify(tmp_path / "missing")


def test_evidence_objects_name_absolute_files(root: Path) -> None:
    """What `write` returned can be opened from anywhere."""
    evidence: Evidence = make_writer(root).write(small_request(0))
    assert all(file.path.is_absolute() and file.path.is_file() for file in evidence.files)
