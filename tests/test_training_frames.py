"""Frames of videos for a teacher to label."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import PictureError
from tests.conftest import REPOSITORY
from training.assemble import Sources, assemble
from training.example import DatasetError
from training.frames import take_frames, take_pictures

WEIGHTS = REPOSITORY / "models" / "weights"


def test_a_frame_a_second(shared_data: Path, tmp_path: Path) -> None:
    """A clip of 14 s gives a frame a second of its first two thirds, without labels."""
    frames = take_frames(shared_data / "videos" / "plaza.mp4", tmp_path)
    assert 9 <= len(frames) <= 10
    assert frames[1].picture.name == "plaza-000025.jpg"
    assert (frames[0].width, frames[0].height, frames[0].boxes) == (1280, 720, ())


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    """A file that is no video, and frames without a teacher, end in one message."""
    text = tmp_path / "notes.mp4"
    text.write_text("not a video", encoding="utf-8")
    with pytest.raises(DatasetError, match="not a video"):
        take_frames(text, tmp_path / "out")
    with pytest.raises(DatasetError, match="teacher"):
        assemble(Sources(frames=(text,)), None, tmp_path / "data")


def test_a_folder_of_pictures_is_labelled_by_the_teacher(tmp_path: Path) -> None:
    """Two folders may use the same names; all pictures are learned from, what is none is left."""
    for name in ("quay", "market"):
        (tmp_path / name).mkdir()
        shutil.copy(WEIGHTS / "street-selfcheck.jpg", tmp_path / name / "0001.jpg")
        (tmp_path / name / "notes.txt").touch()
    sources = Sources(frames=(tmp_path / "quay", tmp_path / "market"))
    counts = assemble(sources, WEIGHTS / "street.onnx", tmp_path / "out")
    train = counts["train"]
    assert isinstance(train, dict)
    assert train["pictures"] == {"frames": 2}
    assert train["boxes"]["car"] >= 2
    names = [path.name for path in sorted((tmp_path / "out" / "labels" / "train").iterdir())]
    assert names == ["frames-market-0001.txt", "frames-quay-0001.txt"]


def test_a_folder_that_cannot_be_taken_is_refused(tmp_path: Path) -> None:
    """No pictures, a broken one, one name twice, one that only judges: named, nothing copied."""
    folder, out = tmp_path / "quay", tmp_path / "out"
    folder.mkdir()
    with pytest.raises(DatasetError, match="quay: no pictures"):
        take_pictures(folder, out)
    (folder / "0001.jpg").write_text("not a picture")
    with pytest.raises(PictureError, match=r"0001\.jpg"):
        take_pictures(folder, out)
    cv2.imwrite(str(folder / "0001.png"), np.zeros((20, 40, 3), np.uint8))
    with pytest.raises(DatasetError, match="the same name"):
        take_pictures(folder, out)
    (folder / "0001.jpg").unlink()
    (folder / "0001.png").rename(folder / "empty_road-1.png")
    with pytest.raises(DatasetError, match="only judges"):
        take_pictures(folder, out)
    assert list(out.iterdir()) == []
    sources = Sources(frames=(folder, tmp_path / "other" / "quay"))
    with pytest.raises(DatasetError, match="same name: rename one"):
        assemble(sources, WEIGHTS / "street.onnx", out)
