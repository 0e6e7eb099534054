"""A model that loads and sees nothing is refused; one that works is not."""

import json
from pathlib import Path

import numpy as np
import pytest

from models import COCO_CLASSES, PictureError, Verdict, check_model, read_picture
from models.drawing import PICTURE, draw
from models.registry import BUNDLED
from tests.onnx_graphs import Array, classifier, fixed_outputs, metadata, rows

WORKING = ("picodet_s_416_coco", "yolox_nano", "yolov8n_int8", "yolo11n_quantized")


@pytest.mark.parametrize("name", WORKING)
def test_working_models_are_accepted(shared_data: Path, name: str) -> None:
    """Each of the four real models finds everything that is drawn."""
    result = check_model(shared_data / "weights" / f"{name}.onnx")
    assert result.verdict is Verdict.ACCEPTED, result.reasons
    assert "drawn-selfcheck.jpg: found 5 of 5 known classes" in result.reasons
    assert result.classes == COCO_CLASSES
    assert len(result.sha256 or "") == 64


def test_a_model_that_sees_nothing_fails(shared_data: Path) -> None:
    """The really broken export loads, has the right shapes, and is refused."""
    result = check_model(shared_data / "weights" / "broken_detects_nothing.onnx")
    assert result.verdict is Verdict.FAILS
    assert result.reasons[0].startswith("drawn-selfcheck.jpg: found 0 of 5 known classes, missed")
    assert result.layout == "ultralytics"


def test_names_in_the_wrong_order_fail(shared_data: Path) -> None:
    """A model whose persons are called cars is as bad as a blind one."""
    wrong = COCO_CLASSES[1:] + COCO_CLASSES[:1]
    result = check_model(shared_data / "weights" / "yolox_nano.onnx", classes=wrong)
    assert result.verdict is Verdict.FAILS


def test_what_is_no_detector_is_told_from_what_fails(tmp_path: Path) -> None:
    """Text, classifiers and missing files have no verdict on their sight."""
    text = tmp_path / "text.onnx"
    text.write_text("no model\n", encoding="utf-8")
    for file in (text, classifier(tmp_path / "classifier.onnx"), tmp_path / "gone.onnx"):
        result = check_model(file)
        assert result.verdict is Verdict.NO_DETECTOR
        assert file.name in result.reasons[0]
        assert result.layout is None


def knowing(tmp_path: Path, *things: tuple[str, list[float]], classes: list[str]) -> Path:
    """Make a model that always "sees" these boxes (of the drawn picture) and nothing else."""
    height, width = draw()[0].shape[:2]
    output: Array = rows(classes=len(classes), cells=84)
    for cell, (label, (x0, y0, x1, y1)) in enumerate(things):
        # The drawing is wider than high: 64 pixels of input are its width, with a border on top.
        factor = 64 / width
        top = (64 - round(height * factor)) // 2
        output[0, :4, cell] = (
            (x0 + x1) / 2 * factor, (y0 + y1) / 2 * factor + top,
            (x1 - x0) * factor, (y1 - y0) * factor,
        )  # fmt: skip
        output[0, 4 + classes.index(label), cell] = 0.9
    return fixed_outputs(tmp_path / "made.onnx", [output], facts=metadata(classes))


def truth() -> list[tuple[str, list[float]]]:
    """Return what is drawn."""
    content = json.loads(PICTURE.with_suffix(".json").read_text(encoding="utf-8"))
    return [(each["label"], each["xyxy"]) for each in content["things"]]


def test_only_the_models_own_classes_are_asked_for(tmp_path: Path) -> None:
    """A model of two classes that finds both is accepted; found elsewhere they do not count."""
    mine = [each for each in truth() if each[0] in {"car", "clock"}]
    model = knowing(tmp_path, *mine, classes=["clock", "car"])
    assert check_model(model).verdict is Verdict.ACCEPTED
    moved = [(label, [side + 150 for side in box]) for label, box in mine]
    model = knowing(tmp_path, *moved, classes=["clock", "car"])
    assert check_model(model).verdict is Verdict.FAILS


def test_a_model_that_sees_things_everywhere_fails(tmp_path: Path) -> None:
    """Finding all that is there does not help one that finds it on plain grey too."""
    ghosts = [("car", [x, y, x + 60.0, y + 60.0]) for x in range(0, 900, 80) for y in (10, 300)]
    model = knowing(
        tmp_path, *truth(), *ghosts, classes=sorted({label for label, _ in truth()} | {"car"})
    )
    result = check_model(model)
    assert result.verdict is Verdict.FAILS
    assert "plain grey" in result.reasons[0]


def test_other_classes_need_a_picture(tmp_path: Path) -> None:
    """A model of classes that no picture shows is not waved through: it says what to give."""
    model = knowing(tmp_path, ("weed", [300, 200, 500, 400]), classes=["weed"])
    result = check_model(model)
    assert result.verdict is Verdict.FAILS
    assert "--picture, --expect" in result.reasons[0]
    with_picture = check_model(model, picture=PICTURE, expect=["weed"])
    assert with_picture.verdict is Verdict.ACCEPTED
    assert with_picture.reasons == ("drawn-selfcheck.jpg: found 1 of 1 known classes",)
    assert check_model(model, picture=draw()[0], expect=["weed", "moss"]).verdict is Verdict.FAILS


def test_picture_and_expectation_go_together(tmp_path: Path) -> None:
    """Either alone is the caller's mistake; so is a picture that is none."""
    model = knowing(tmp_path, classes=["weed"])
    with pytest.raises(ValueError, match="go together"):
        check_model(model, picture=PICTURE)
    with pytest.raises(ValueError, match="go together"):
        check_model(model, expect=["weed"])
    with pytest.raises(PictureError, match=r"made\.onnx"):
        check_model(model, picture=model, expect=["weed"])


def test_a_threshold_counts(shared_data: Path) -> None:
    """Things are found at the score from which the model's boxes count."""
    model = shared_data / "weights" / "picodet_s_416_coco.onnx"
    assert check_model(model, conf=0.99).verdict is Verdict.FAILS


def test_the_drawn_picture_is_what_the_program_draws() -> None:
    """The committed file is this drawing, but for JPEG and the fonts of another OpenCV."""
    drawn, things = draw()
    committed = read_picture(PICTURE)
    assert committed.shape == drawn.shape
    assert np.abs(committed.astype(int) - drawn).mean() < 2
    assert truth() == [(label, [round(side, 1) for side in box]) for label, box in things]


def test_every_bundled_truth_lies_in_its_picture() -> None:
    """Each self-check file lies beside its picture, and its boxes inside that picture."""
    files = sorted(BUNDLED.glob("*-selfcheck.json"))
    assert files
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        height, width = read_picture(file.with_suffix(".jpg")).shape[:2]
        for each in content["things"]:
            x0, y0, x1, y1 = each["xyxy"]
            assert -1 <= x0 < x1 <= width + 1
            assert -1 <= y0 < y1 <= height + 1
