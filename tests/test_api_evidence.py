"""What of the evidence the API gives out: what is covered, by the manifest's word, and no more."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import HTTPException

from api.server import _shown_file
from cases import CLIP_SUPPLEMENT, Evidence, Supplement
from tests.evidence_requests import make_writer, one_still_request


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """Write evidence with every kind of file, the covered clip in a supplement."""
    writer = make_writer(tmp_path / "evidence")
    request = one_still_request()
    shown = tmp_path / "made.mp4"
    shown.write_bytes(b"covered")
    written = writer.write(request)
    writer.add(Supplement(CLIP_SUPPLEMENT, replace(request, stills=()), shown))
    return written


def test_covered_pictures_the_covered_clip_and_the_manifest(evidence: Evidence) -> None:
    """By their names."""
    for name in ("1-confirmation-annotated.jpg", "manifest.json"):
        assert _shown_file(evidence.folder, name) == evidence.folder / name
    assert _shown_file(evidence.folder, "clip-shown.mp4").read_bytes() == b"covered"


@pytest.mark.parametrize(
    "name",
    [
        "1-confirmation.jpg",  # the original
        "crop.jpg",
        "clip.mp4",
        "1-confirmation.packets",
        "manifest.sig",
        "../manifest.json",
        "../../../../chain.jsonl",
        "",
        ".",
    ],
)
def test_nothing_else(evidence: Evidence, name: str) -> None:
    """Originals, crops, packets and uncovered clips stay on the box, whatever they are called."""
    with pytest.raises(HTTPException) as raised:
        _shown_file(evidence.folder, name)
    assert raised.value.status_code == 404


def test_a_link_or_what_is_gone(evidence: Evidence, tmp_path: Path) -> None:
    """A file replaced by a link, a folder that retention removed: not found."""
    path = evidence.folder / "1-confirmation-annotated.jpg"
    path.unlink()
    path.symlink_to(evidence.folder / "1-confirmation.jpg")
    for folder, name in (
        (evidence.folder, path.name),
        (tmp_path / "removed", "manifest.json"),
    ):
        with pytest.raises(HTTPException):
            _shown_file(folder, name)
