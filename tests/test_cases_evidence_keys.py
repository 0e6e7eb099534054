"""Signatures of evidence: whose they are, and what a forger without the key cannot hide."""

import hashlib
import json
import shutil
import stat
import subprocess
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases import EvidenceWriter, KeyRefused, SigningKey, Verdict, read_keys, verify
from cases.record import canonical_json
from tests.evidence_requests import WRITTEN_AT, small_request
from tests.site import in_process

BOX, OTHER = "box", "other"


def box_writer(data: Path, key: SigningKey | None = None) -> EvidenceWriter:
    """Return the writer of a box whose data folder is `data`."""
    return EvidenceWriter(
        data / "evidence",
        site_id="site",
        key=key or SigningKey.of_box(data / "keys"),
        language="en",
        timezone=ZoneInfo("Asia/Shanghai"),
        clock=lambda: WRITTEN_AT,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write three violations of one box, and a public key taken away before."""
    writer = box_writer(tmp_path / BOX)
    for number in range(3):
        writer.write(small_request(number))
    shutil.copy(tmp_path / BOX / "keys" / "evidence.pub", tmp_path / "pinned.pub")
    return tmp_path / BOX


def wrong(data: Path, *, expect_last: str | None = None) -> dict[str, Verdict]:
    """Return what does not stand by the pinned key, by the end of its path."""
    rows = verify(data / "evidence", read_keys(data.parent / "pinned.pub"), expect_last=expect_last)
    return {"/".join(row.path.split("/")[-2:]): row.verdict for row in rows if row.verdict != "ok"}


def name(number: int, file: str = "") -> str:
    """Return the end of a path of a violation's evidence."""
    violation_id = small_request(number).violation.violation_id
    return f"{violation_id}/{file}" if file else f"05/{violation_id}"


def folder(data: Path, number: int) -> Path:
    """Return the evidence folder of a violation."""
    return data / "evidence" / "2026" / "01" / "05" / name(number).removeprefix("05/")


def test_the_key_of_a_box_is_made_once(data: Path) -> None:
    """Private for its owner alone; the public one is text; a second start finds the same."""
    private, public = data / "keys" / "evidence.key", data / "keys" / "evidence.pub"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"-----BEGIN PUBLIC KEY-----" in public.read_bytes()
    before = private.read_bytes(), public.read_bytes()
    key = SigningKey.of_box(data / "keys")
    assert (private.read_bytes(), public.read_bytes()) == before
    assert key.key_id in read_keys(public)
    assert sorted(path.name for path in (data / "keys").iterdir()) == [private.name, public.name]
    assert "private" not in repr(key)


def test_untouched_evidence_stands_by_the_pinned_key(data: Path) -> None:
    """And by the box's own one, which is said not to be pinned."""
    assert wrong(data) == {}
    rows = verify(data / "evidence")
    assert {row.verdict for row in rows} == {Verdict.OK}
    said = [row for row in rows if row.path.endswith(("manifest.sig", "chain.head"))]
    assert len(said) == 4
    assert all(row.detail.endswith("not pinned") for row in said)


def test_every_line_of_the_chain_names_its_key(data: Path) -> None:
    """So does every manifest, inside what is signed."""
    key = SigningKey.of_box(data / "keys")
    lines = (data / "evidence" / "chain.jsonl").read_text().splitlines()
    assert [json.loads(line)["key_id"] for line in lines] == [key.key_id] * 3
    manifest = json.loads((folder(data, 1) / "manifest.json").read_bytes())
    assert manifest["signed_by"] == key.key_id


def test_openssl_agrees(data: Path) -> None:
    """Another program checks the signature with the exported key: accepted, changed: refused."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    manifest = folder(data, 0) / "manifest.json"
    command = [
        *("openssl", "pkeyutl", "-verify", "-rawin", "-pubin"),
        *("-inkey", str(data / "keys" / "evidence.pub"), "-in", str(manifest)),
        *("-sigfile", str(manifest.with_suffix(".sig"))),
    ]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    manifest.write_bytes(manifest.read_bytes() + b" ")
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0


def forge(data: Path, key: SigningKey) -> None:
    """Write all evidence again, otherwise, by another key, and leave that key as the box's."""
    shutil.rmtree(data)
    own = data / "keys"
    own.mkdir(parents=True)
    pem = key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (own / "evidence.key").write_bytes(pem)
    writer = box_writer(data)
    for number in range(3):
        writer.write(small_request(number))


def test_evidence_written_again_by_a_foreign_key_is_named(data: Path) -> None:
    """The whole folder forged with care: only the pinned key shows it."""
    forge(data, SigningKey(Ed25519PrivateKey.generate()))
    assert {row.verdict for row in verify(data / "evidence")} == {Verdict.OK}
    assert wrong(data) == {
        **{name(number, "manifest.sig"): Verdict.FOREIGN_KEY for number in range(3)},
        "chain.head": Verdict.FOREIGN_KEY,
    }


def test_a_foreign_signature_under_the_boxs_name_is_named(data: Path) -> None:
    """One manifest changed, the chain made to fit: without the key the signature cannot."""
    manifest, chain = folder(data, 2) / "manifest.json", data / "evidence" / "chain.jsonl"
    before = SigningKey.of_box(data / "keys")
    facts = json.loads(manifest.read_bytes())
    manifest.write_bytes(canonical_json({**facts, "title": "nothing"}).encode())
    forger = SigningKey(Ed25519PrivateKey.generate())
    manifest.with_suffix(".sig").write_bytes(forger.sign(manifest.read_bytes()))
    lines = chain.read_bytes().splitlines(keepends=True)
    link = json.loads(lines[2])
    link["manifest_sha256"] = hashlib.sha256(manifest.read_bytes()).hexdigest()
    chain.write_bytes(b"".join(lines[:2]) + canonical_json(link).encode() + b"\n")
    assert link["key_id"] == before.key_id
    assert wrong(data) == {
        name(2, "manifest.sig"): Verdict.BAD_SIGNATURE,
        "chain.head": Verdict.CHAIN_BROKEN,
    }


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"x" * 1000])
def test_a_changed_signature_is_named(data: Path, signature: bytes) -> None:
    """The manifest itself still is what the chain says."""
    (folder(data, 1) / "manifest.sig").write_bytes(signature)
    assert wrong(data) == {name(1, "manifest.sig"): Verdict.BAD_SIGNATURE}


def test_a_removed_signature_is_named(data: Path) -> None:
    """Taking it away does not make evidence unsigned: the manifest names its key."""
    (folder(data, 1) / "manifest.sig").unlink()
    assert wrong(data) == {name(1, "manifest.sig"): Verdict.MISSING}


def test_a_changed_manifest_of_a_copy_is_named(data: Path, tmp_path: Path) -> None:
    """A folder handed out alone, without the chain, changed in the form that we write."""
    copy = tmp_path / "copy"
    shutil.copytree(folder(data, 1), copy)
    keys = read_keys(tmp_path / "pinned.pub")
    assert {row.verdict for row in verify(copy, keys)} == {Verdict.OK}
    assert {row.path: row.verdict for row in verify(copy)}["manifest.sig"] is Verdict.UNCHECKED
    facts = json.loads((copy / "manifest.json").read_bytes())
    (copy / "manifest.json").write_bytes(canonical_json({**facts, "title": "no"}).encode())
    verdicts = {row.path: row.verdict for row in verify(copy, keys)}
    assert verdicts["manifest.json"] is Verdict.CHANGED
    assert verdicts["manifest.sig"] is Verdict.BAD_SIGNATURE


def cut(data: Path, left: int) -> None:
    """Remove the newest folders together with their lines."""
    chain = data / "evidence" / "chain.jsonl"
    chain.write_bytes(b"".join(chain.read_bytes().splitlines(keepends=True)[:left]))
    for number in range(left, 3):
        shutil.rmtree(folder(data, number))


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_cut_off_end_is_named(data: Path, left: int) -> None:
    """Newest folders and their lines removed: the signed head knows that there was more."""
    cut(data, left)
    assert wrong(data) == {"chain.jsonl": Verdict.CUT_OFF}


def test_an_end_cut_off_with_its_head_is_named(data: Path) -> None:
    """A removed head is missing; an edited one has no signature; one of old shows by --expect."""
    head = data / "evidence" / "chain.head"
    last = json.loads(head.read_bytes())
    cut(data, 2)
    head.unlink()
    assert wrong(data) == {"chain.head": Verdict.MISSING}
    lines = (data / "evidence" / "chain.jsonl").read_text().splitlines()
    link = json.loads(lines[-1])
    edited = {**last, "sequence": 2, "manifest_sha256": link["manifest_sha256"]}
    head.write_text(canonical_json(edited) + "\n")
    assert wrong(data) == {"chain.head": Verdict.BAD_SIGNATURE}
    key = SigningKey.of_box(data / "keys")
    unsigned = {key: value for key, value in edited.items() if key != "signature"}
    signature = key.sign(canonical_json(unsigned).encode()).hex()
    head.write_text(canonical_json({**unsigned, "signature": signature}) + "\n")
    assert wrong(data) == {}
    assert wrong(data, expect_last="3") == {"chain.jsonl": Verdict.CUT_OFF}
    assert wrong(data, expect_last=last["manifest_sha256"]) == {"chain.jsonl": Verdict.CUT_OFF}
    assert wrong(data, expect_last="2") == {}
    assert wrong(data, expect_last=link["manifest_sha256"][:16]) == {}


def test_a_crash_before_the_head_is_no_accusation(data: Path) -> None:
    """One link more than the head knows: the power went between the two."""
    old = (data / "evidence" / "chain.head").read_bytes()
    box_writer(data).write(small_request(3))
    (data / "evidence" / "chain.head").write_bytes(old)
    assert wrong(data) == {}
    box_writer(data).write(small_request(4))
    (data / "evidence" / "chain.head").write_bytes(old)
    assert wrong(data) == {"chain.head": Verdict.CHAIN_BROKEN}


def test_a_new_key_of_the_box_does_not_disown_the_old_one(data: Path, tmp_path: Path) -> None:
    """A key named in the site file is exported beside the one before; both verify."""
    private = Ed25519PrivateKey.generate()
    named = tmp_path / "named.pem"
    named.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    box_writer(data, SigningKey.of_box(data / "keys", named)).write(small_request(3))
    assert len(read_keys(data / "keys" / "evidence.pub").keys) == 2
    assert {row.verdict for row in verify(data / "evidence")} == {Verdict.OK}
    assert wrong(data) == {
        name(3, "manifest.sig"): Verdict.FOREIGN_KEY,
        "chain.head": Verdict.FOREIGN_KEY,
    }


def pem_of_other_kinds(folder: Path) -> list[Path]:
    """Write files that are no Ed25519 private keys."""
    pkcs8 = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    locked = serialization.BestAvailableEncryption(b"secret")
    pem = serialization.Encoding.PEM
    contents = {
        "empty.pem": b"",
        "text.pem": b"this is no key",
        "cut.pem": b"-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n",
        "curve.pem": generate_private_key(SECP256R1()).private_bytes(pem, pkcs8, plain),
        "locked.pem": Ed25519PrivateKey.generate().private_bytes(pem, pkcs8, locked),
        "public.pem": SigningKey(Ed25519PrivateKey.generate()).public_pem(),
    }
    for file, data in contents.items():
        (folder / file).write_bytes(data)
    return [folder / file for file in contents] + [folder / "missing.pem", folder]


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    """Every wrong file gives one error with its path and none of its content."""
    for file in pem_of_other_kinds(tmp_path):
        with pytest.raises(KeyRefused, match=str(file)) as raised:
            SigningKey.load(file)
        assert "BEGIN" not in str(raised.value)


def test_public_keys_that_are_none_are_refused_by_name(tmp_path: Path) -> None:
    """A private key among them too: it does not belong where evidence is checked."""
    for file in pem_of_other_kinds(tmp_path):
        if file.name != "public.pem":
            with pytest.raises(KeyRefused, match=str(file)):
                read_keys(file)


def test_the_command_names_what_it_trusts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 0 by the pinned key, 1 when the end is cut off, 2 for a key that is none."""
    run = partial(in_process, monkeypatch=monkeypatch)
    pinned, root = tmp_path / "pinned.pub", data / "evidence"
    assert run("evidence", "verify", root, "--keys", pinned).returncode == 0
    done = run("evidence", "verify", root, "--json")
    assert done.returncode == 0
    assert "no pinned key" in done.stderr
    assert all(json.loads(line)["verdict"] == "ok" for line in done.stdout.splitlines())
    cut(data, 1)
    done = run("evidence", "verify", root, "--keys", pinned)
    assert done.returncode == 1
    assert "cut_off   chain.jsonl: it ends at number 1, number 3 was written" in done.stdout
    (tmp_path / "none.pub").write_text("no key")
    done = run("evidence", "verify", root, "--keys", tmp_path / "none.pub")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.pub holds no public key" in done.stderr
    assert "Traceback" not in done.stderr
