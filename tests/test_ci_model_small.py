"""CI goes the whole way to a model when it was touched, and never fails for lack of history."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DAY_1, DAY_5, DAY_8 = ("2026-01-01T00:00:00", "2026-01-05T00:00:00", "2026-01-08T00:00:00")


class Checkout:
    """A small repository with the script, and a `make` that only says what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tools = folder.parent / "tools"
        self._tools.mkdir(exist_ok=True)
        make = self._tools / "make"
        make.write_text('#!/bin/sh\necho "made $*"\n')
        make.chmod(0o755)

    def git(self, *words: str, at: str = DAY_1) -> None:
        """Run git with a date and an author of its own."""
        name = {
            f"GIT_{who}_{what}": "a@b"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        subprocess.run(
            ["git", "-C", str(self.folder), *words],
            check=True,
            capture_output=True,
            env=os.environ | name | dates,
        )

    def commit(self, file: str, at: str) -> None:
        """Change a file and commit it."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{file} {at}")
        self.git("add", ".")
        self.git("commit", "-qm", file, at=at)

    def made(self) -> list[str]:
        """Run the script; return what it asked make for. It must pass."""
        path = f"{self._tools}:{os.environ['PATH']}"
        ended = subprocess.run(
            [str(self.folder / ".ci" / "model-small")],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": path, "MODEL_SMALL_GB": "0"},
        )
        assert ended.stdout or "skipped, " in ended.stderr
        return ended.stdout.split("made ")[1:]


@pytest.fixture
def upstream(tmp_path: Path) -> Checkout:
    """Make a main whose last day touched docs alone."""
    one = Checkout(tmp_path / "up")
    one.folder.mkdir()
    one.git("init", "-q", "-b", "main")
    (one.folder / ".ci").mkdir()
    shutil.copy(REPOSITORY / ".ci" / "model-small", one.folder / ".ci" / "model-small")
    one.commit("training/a.py", DAY_1)
    one.commit("docs/a.md", DAY_5)
    return one


def clone(upstream: Checkout, name: str, *words: str) -> Checkout:
    """Clone it as CI does."""
    one = Checkout(upstream.folder.parent / name)
    address = f"file://{upstream.folder}"
    subprocess.run(["git", "clone", "-q", *words, address, str(one.folder)], check=True)
    return one


def test_main_is_compared_with_the_day_before(upstream: Checkout) -> None:
    """Nothing for docs; a change of training counts although docs came last, shallow or not."""
    assert clone(upstream, "docs").made() == []
    upstream.commit("training/a.py", DAY_8)
    upstream.commit("docs/a.md", DAY_8)
    assert clone(upstream, "both").made() == ["model-environments\n", "model-small\n"]
    assert clone(upstream, "shallow", "--depth", "1").made() == []


def test_a_branch_is_compared_with_where_it_left_main(upstream: Checkout) -> None:
    """A change of models/ on the branch counts, one of docs does not."""
    one = clone(upstream, "branch")
    one.git("checkout", "-q", "-b", "work")
    one.commit("docs/b.md", DAY_8)
    assert one.made() == []
    one.commit("models/b.py", DAY_8)
    assert one.made() == ["model-environments\n", "model-small\n"]


def test_without_git_it_passes_and_says_so(upstream: Checkout) -> None:
    """A bare copy of the files has no history."""
    shutil.rmtree(upstream.folder / ".git")
    assert upstream.made() == []
