"""Bad input about evidence and store is refused by `check`, with what to do about it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cases import SigningKey
from pipeline.check_evidence import check_evidence, check_store
from pipeline.problem import Findings, Gravity, Problem
from tests.site_text import GOOD, site_of


def found(folder: Path, more: str = "") -> list[Problem]:
    """Check the good site with more written at its end; its data lies in `folder`/data."""
    text = GOOD.replace("./demo-data", "./data") + more
    site = site_of(text, folder)
    findings = Findings(site)
    check_evidence(site, findings)
    check_store(site, findings)
    return list(findings)


@contextmanager
def nobody() -> Iterator[None]:
    """Give up root's right to write everywhere, where we have it."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    """Before the first start, and after it."""
    assert found(tmp_path) == []
    (tmp_path / "data" / "evidence").mkdir(parents=True)
    SigningKey.of_box(tmp_path / "data" / "keys")
    assert found(tmp_path) == []


@pytest.mark.parametrize("name", ["evidence", "keys", "spool"])
def test_a_folder_that_cannot_be_written(name: str) -> None:
    """The data folder can, a folder inside it (restored by root, say) cannot."""
    with tempfile.TemporaryDirectory() as parent:  # pytest's own folders let nobody in
        Path(parent).chmod(0o755)
        folder = Path(parent) / "data" / name
        folder.mkdir(parents=True)
        folder.chmod(0o500)
        with nobody():
            problems = found(Path(parent))
    (only,) = (each for each in problems if "cannot be written" in each.problem)
    assert (only.key, only.level) == ("data", Gravity.ERROR)
    assert str(folder) in only.problem
    assert "chmod 700" in only.remedy


def test_a_file_in_its_place(tmp_path: Path) -> None:
    """And a link that leads nowhere."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "evidence").write_text("in the way")
    (tmp_path / "data" / "spool").symlink_to(tmp_path / "nowhere")
    problems = found(tmp_path)
    assert [each.key for each in problems] == ["data", "data"]
    assert all("is a file, not a folder" in each.problem for each in problems)


def test_a_key_of_the_box_that_is_none(tmp_path: Path) -> None:
    """Half-written or of another kind: found before the night, not in it."""
    keys = tmp_path / "data" / "keys"
    keys.mkdir(parents=True)
    (keys / "evidence.key").write_text("-----BEGIN PRIVATE KEY-----\nxx\n")
    (only,) = found(tmp_path)
    assert (only.key, only.level) == ("evidence.key", Gravity.ERROR)
    assert "holds no private key" in only.problem
    assert "restore it" in only.remedy


@pytest.mark.parametrize("text", ["no key", ""])
def test_a_configured_key_that_is_none(tmp_path: Path, text: str) -> None:
    """The command that makes one is named; a missing file is as bad."""
    if text:
        (tmp_path / "own.pem").write_text(text)
    (only,) = found(tmp_path, "evidence: {key: own.pem}\n")
    assert only.key == "evidence.key"
    assert "openssl genpkey" in only.remedy


def test_a_database_without_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that installs it is named."""
    store = 'store: {url: "postgresql://127.0.0.1:5432/site"}\n'
    assert found(tmp_path, store) == []
    monkeypatch.setattr("pipeline.check_evidence.POSTGRES_DRIVER", "psycopg_that_is_not_there")
    (only,) = found(tmp_path, store)
    assert (only.key, only.level) == ("store.url", Gravity.ERROR)
    assert "pip install 'streetwarden[postgres]'" in only.remedy
