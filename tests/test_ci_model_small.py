"""When CI makes a toy model, and when it leaves that out, in a throw-away history."""

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

BEGUN = datetime.fromisoformat("2026-01-05T12:00:00+00:00")
STUB = """\
#!/bin/sh
echo "$@" >> made.txt
exit "${MAKE_EXIT:-0}"
"""
"""Stands for make, so that nothing is built: notes what was asked for."""


class History:
    """A repository with the script in it, and with both environments as if made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.hours = folder / "repository", 0
        bare = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        self.environment = bare | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        for name in (".ci", ".venv-training", ".venv-scenes"):
            (self.folder / name).mkdir(parents=True)
            (self.folder / name / "installed").touch()
        shutil.copy(REPOSITORY / ".ci" / "model-small", self.folder / ".ci")
        (folder / "bin").mkdir()
        stub = folder / "bin" / "make"
        stub.write_text(STUB, encoding="utf-8")
        stub.chmod(0o755)
        self.git("init", "--quiet")

    def git(self, *words: str) -> None:
        """Run git there; time stands at `hours`."""
        now = (BEGUN + timedelta(hours=self.hours)).isoformat()
        dates = {"GIT_AUTHOR_DATE": now, "GIT_COMMITTER_DATE": now}
        subprocess.run(["git", *words], cwd=self.folder, env=self.environment | dates, check=True)

    def commit(self, *files: str, hours: int = 1) -> None:
        """Change files and commit them, so many hours after the commit before."""
        self.hours += hours
        for name in files:
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{self.hours}\n", encoding="utf-8")
        self.git("add", *files)
        self.git("commit", "--quiet", "--message", "x")

    def small(self, **extra: str) -> tuple[int, str, list[str]]:
        """Run the script; return its exit, what it said, and what it had made."""
        made = self.folder / "made.txt"
        made.unlink(missing_ok=True)
        done = subprocess.run(
            [".ci/model-small"],
            cwd=self.folder,
            env=self.environment | extra,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        lines = made.read_text(encoding="utf-8").splitlines() if made.exists() else []
        return done.returncode, done.stderr, lines


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Begin with one commit that touches training/ and README.md."""
    history = History(tmp_path)
    history.commit("training/a.py", "README.md")
    return history


def test_on_main_the_last_day_is_what_counts(history: History) -> None:
    """Skipped with a word while training/ and models/ are as a day ago; made once they are not."""
    code, said, made = history.small()
    assert (code, made) == (0, [])
    assert "skipped, no earlier commit" in said
    history.commit("README.md", hours=30)
    code, said, made = history.small()
    assert (code, made) == (0, [])
    assert "skipped, training/ and models/ are as in" in said
    history.commit("training/a.py")
    history.commit("README.md")
    assert history.small() == (0, "", ["model-small"])
    history.commit("README.md", hours=30)
    assert history.small()[2] == []
    history.commit("models/b.py")
    assert history.small(MAKE_EXIT="2")[::2] == (2, ["model-small"])


def test_on_a_branch_its_own_changes_count(history: History) -> None:
    """What came to origin/main an hour before is not the branch's; its own change is."""
    history.commit("training/a.py", hours=30)
    history.git("update-ref", "refs/remotes/origin/main", "HEAD")
    history.commit("README.md")
    code, said, made = history.small()
    assert (code, made) == (0, [])
    assert "skipped" in said
    history.commit("pyproject.toml")
    assert history.small() == (0, "", ["model-small"])


def test_without_environments_they_are_made_first_or_it_is_skipped(history: History) -> None:
    """Too little disk, or environments that cannot be made, are no fault of the change."""
    history.commit("training/a.py", hours=30)
    (history.folder / ".venv-scenes" / "installed").unlink()
    disk = history.folder.parent / "bin" / "df"
    for free, exit_code, said, made in (
        (11, "0", "skipped, 11 GB of disk free", []),
        (13, "2", "skipped, its environments could not be made", ["model-environments"]),
        (13, "0", "", ["model-environments", "model-small"]),
    ):
        disk.write_text(f"#!/bin/sh\nprintf 'head\\n- - - {free * 1048576}\\n'\n", encoding="utf-8")
        disk.chmod(0o755)
        code, told, asked = history.small(MAKE_EXIT=exit_code)
        assert (code, asked) == (0, made)
        assert said in told
