"""Frames of videos for a teacher to label."""

from pathlib import Path

import pytest

from training.assemble import Sources, assemble
from training.example import DatasetError
from training.frames import take_frames


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
