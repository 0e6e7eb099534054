"""docs/violations.md shows each kind beside what only looks like it, and the README shows all."""

import re

import pytest

from detectors import KINDS
from models import read_picture
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)\n\n\*(.+?)\*\n", re.DOTALL)
"""A picture on its own: what is said in its place, its file, and the caption below it."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_shown_beside_an_innocent_twin(kind: str) -> None:
    """Its section has its picture, which can be read; text and caption name what is innocent."""
    text = (DOCS / "violations.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {kind}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    ((instead, file, caption),) = PICTURE.findall(section)
    assert file == f"violations/{kind}.jpg"
    assert instead.startswith(f"{kind}: ")
    assert "; innocent: " in instead
    assert "; innocent: " in caption
    height, width = read_picture(DOCS / file).shape[:2]
    assert width > 3 * height  # two pictures side by side


def test_the_readme_shows_all_kinds() -> None:
    """Its pictures can be read; one of them is of the twelve kinds, and points at the pairs."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = {file: caption for _, file, caption in PICTURE.findall(text)}
    for file in shown:
        assert read_picture(REPOSITORY / file).size > 0
    assert "docs/violations.md" in shown["docs/violations/all.jpg"]
    others = {path.stem for path in (DOCS / "violations").glob("*")} - {"all"}
    assert others == KINDS.keys()
