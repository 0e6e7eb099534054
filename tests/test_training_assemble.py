"""Pictures into a dataset in YOLO format."""

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import load
from tests.rendered import rendered
from tests.small_disk import small_disk
from training.annotations import read_scene
from training.assemble import Sources, assemble, main
from training.crops import read_sample
from training.example import CLASSES, Box, DatasetError
from training.real_sets import REAL_SETS
from training.teacher import complete, is_news


def test_labels_come_back_as_they_went_in(tmp_path: Path) -> None:
    """A dataset's label files give the boxes of the renderer's truth, in the picture's pixels."""
    rendered(tmp_path / "scenes", range(16))
    counts = assemble(Sources((tmp_path / "scenes",)), None, tmp_path / "out")
    assert counts["train"] == {"pictures": {"scenes": 14}, "boxes": {"car": 14}}
    assert counts["val"] == {"pictures": {"scenes": 2}, "boxes": {"car": 2}}
    sample = read_sample(tmp_path / "out" / "images" / "val" / "scenes-000007-0.jpg")
    assert sample.xyxy[0] == pytest.approx([200, 100, 300, 160], abs=0.01)
    assert CLASSES[sample.label[0]] == "car"


def test_assembling_again_adds_what_is_new(tmp_path: Path) -> None:
    """A second run keeps what is there and takes in later pictures."""
    rendered(tmp_path / "a", range(3))
    assemble(Sources((tmp_path / "a",)), None, tmp_path / "out")
    kept = tmp_path / "out" / "labels" / "train" / "scenes-000001-0.txt"
    before = kept.stat().st_mtime_ns
    rendered(tmp_path / "b", range(3, 5))
    counts = assemble(Sources((tmp_path / "a", tmp_path / "b")), None, tmp_path / "out")
    assert counts["train"] == {"pictures": {"scenes": 5}, "boxes": {"car": 5}}
    assert kept.stat().st_mtime_ns == before


def test_labels_of_another_picture_are_refused(tmp_path: Path) -> None:
    """A picture whose size is not the one its labels speak of stops the assembly, exit 2."""
    rendered(tmp_path / "scenes", range(1))
    cv2.imwrite(str(tmp_path / "scenes" / "000000-0.jpg"), np.zeros((10, 10, 3), np.uint8))
    assert main(["--scenes", str(tmp_path / "scenes"), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out" / "dataset.json").exists()


def test_an_empty_folder_is_refused_on_the_command_line(tmp_path: Path) -> None:
    """The message names the folder; no traceback."""
    (tmp_path / "none").mkdir()
    command = [sys.executable, "-m", "training.assemble", "--scenes", str(tmp_path / "none")]
    ended = subprocess.run(
        [*command, "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "none: no rendered pictures" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_scene_without_its_picture_is_refused(tmp_path: Path) -> None:
    """A truth file alone is no example for the dataset."""
    rendered(tmp_path / "scenes", range(1))
    (tmp_path / "scenes" / "000000-0.jpg").unlink()
    assert read_scene(tmp_path / "scenes" / "000000-0.json").boxes
    with pytest.raises(DatasetError, match="not a picture"):
        assemble(Sources((tmp_path / "scenes",)), None, tmp_path / "out")


def test_a_wrong_teacher_leaves_a_finished_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A teacher that is no model, or no file, ends in exit 2 and one line; nothing is undone."""
    rendered(tmp_path / "scenes", range(1))
    arguments = ["--scenes", str(tmp_path / "scenes"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    teacher = tmp_path / "teacher.onnx"
    for content in (None, b"not a model"):
        if content is not None:
            teacher.write_bytes(content)
        capsys.readouterr()
        assert main([*arguments, "--teacher", str(teacher)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "teacher.onnx" in line
        assert (tmp_path / "out" / "dataset.json").exists()


@pytest.mark.parametrize(
    ("box", "news"),
    [
        (Box("car", (0.0, 0.0, 40.0, 40.0)), False),  # the labelled car again
        (Box("truck", (0.0, 0.0, 38.0, 41.0)), False),  # the same thing under another name
        (Box("car", (5.0, 5.0, 25.0, 25.0)), False),  # a part of it
        (Box("person", (105.0, 90.0, 125.0, 140.0)), False),  # the labelled bike's rider
        (Box("person", (160.0, 90.0, 180.0, 140.0)), True),  # somebody who walks
        (Box("person", (10.0, 10.0, 20.0, 30.0)), True),  # somebody before the car
    ],
)
def test_the_teacher_adds_only_what_is_missing(box: Box, *, news: bool) -> None:
    """A set's own boxes win, and a rider belongs to his two-wheeler."""
    known = [
        Box("car", (0.0, 0.0, 40.0, 42.0)),
        Box("two_wheeler", (100.0, 95.0, 130.0, 160.0)),
    ]
    assert is_news(box, known) is news


def test_a_real_picture_is_completed(shared_data: Path) -> None:
    """The teacher adds boxes of the classes it knows and leaves the set's own untouched."""
    teacher = load(shared_data / "weights" / "picodet_s_416_coco.onnx", threads=1)
    examples = REAL_SETS[0].read(shared_data / "images")[:4]
    added: list[Box] = []
    for example in examples:
        whole = complete(example, teacher)
        assert whole.boxes[: len(example.boxes)] == example.boxes
        added += whole.boxes[len(example.boxes) :]
    assert added
    assert {box.source for box in added} == {"teacher"}


def test_a_full_disk_is_said_and_leaves_a_half_written_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 and one message; there is no dataset.json, and with room it goes on to the end."""
    rendered(tmp_path / "scenes", range(20))
    arguments = ["--scenes", str(tmp_path / "scenes"), "--out"]
    with small_disk(tmp_path / "small", "100k") as disk:
        assert main([*arguments, str(disk / "out")]) == 2
        told = capsys.readouterr().err
        assert "disk" in told or "space" in told
        assert not (disk / "out" / "dataset.json").exists()
        shutil.copytree(disk / "out", tmp_path / "out")
    assert main([*arguments, str(tmp_path / "out")]) == 0
    pictures = sorted((tmp_path / "out" / "images" / "train").glob("*.jpg"))
    assert len(pictures) == 18
    for picture in pictures:
        assert read_sample(picture).picture.shape == (360, 640, 3)
