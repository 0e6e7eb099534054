"""An int8 model is taken when its scores hold, and only then."""

import json
import shutil
from pathlib import Path

import pytest

from models import STREET_CLASSES, Verdict, check_model, load, read_picture
from tests.conftest import REPOSITORY
from tests.rendered import rendered
from training.assemble import Sources, assemble
from training.example import DatasetError
from training.quantize import Tables, calibration, losses, main, quantize

STREET = REPOSITORY / "models" / "weights" / "street.onnx"


def test_an_int8_model_is_a_third_as_large_and_still_sees(tmp_path: Path) -> None:
    """It loads with the same layout and classes, and passes the self-check."""
    small = tmp_path / "int8.onnx"
    quantize(STREET, [STREET.with_name("street-selfcheck.jpg")], small)
    assert small.stat().st_size < 0.4 * STREET.stat().st_size
    one, two = load(STREET, threads=1), load(small, threads=1)
    assert (one.layout, one.classes, one.input_size) == (two.layout, two.classes, two.input_size)
    assert check_model(small, conf=0.3).verdict is Verdict.ACCEPTED


def test_what_is_lost_is_named() -> None:
    """More than a hundredth less of any figure, or one that is gone."""
    before: Tables = {
        "scenes": {"map50": 0.80, "recall": 0.7, "precision": 0.9},
        "vehicles": {"map50": None, "recall": None, "precision": None},
    }
    same: Tables = {"scenes": {"map50": 0.795, "recall": 0.8, "precision": 0.9}}
    after: Tables = same | {"vehicles": before["vehicles"]}
    assert losses(before, after) == []
    worse = {"map50": 0.78, "recall": 0.7, "precision": None}
    assert losses(before, after | {"scenes": worse}) == [
        "scenes: map50 0.8 -> 0.78",
        "scenes: precision 0.9 -> None",
    ]


def test_calibration_wants_a_whole_dataset(tmp_path: Path) -> None:
    """Pictures are spread over the training split; a folder without dataset.json is refused."""
    with pytest.raises(DatasetError, match="half-written"):
        calibration(tmp_path, 3)
    rendered(tmp_path / "scenes", range(7))
    assemble(Sources((tmp_path / "scenes",)), None, tmp_path / "data")
    names = [path.name for path in calibration(tmp_path / "data", 3)]
    assert (names[0], len(names), names[-1]) == ("scenes-000000-0.jpg", 3, "scenes-000006-0.jpg")


def _words(folder: Path, out: Path) -> list[str]:
    """Arguments that judge by the pictures of a folder, and calibrate with those assembled."""
    judges = ["--unseen", str(folder / "scenes"), "--conf", "0.3", "--pictures", "1"]
    return ["--model", str(STREET), "--dataset", str(folder / "data"), *judges, "--out", str(out)]


def test_a_model_that_holds_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures in which neither finds anything: nothing is lost, the report has both and sizes."""
    rendered(tmp_path / "scenes", range(2))
    assemble(Sources((tmp_path / "scenes",)), None, tmp_path / "data")
    assert main(_words(tmp_path, tmp_path / "runs" / "int8.onnx")) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["lost"] == []
    assert report["float"].keys() == report["int8"].keys()
    assert report["bytes"][1] == (tmp_path / "runs" / "int8.onnx").stat().st_size


def test_a_model_that_loses_is_refused_with_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Judged by what the float model finds in a street, after a grey square taught the ranges."""
    rendered(tmp_path / "taught", range(2))
    assemble(Sources((tmp_path / "taught",)), None, tmp_path / "data")
    (tmp_path / "scenes").mkdir()
    _own_truth(REPOSITORY / "docs" / "street-cloud.jpg", tmp_path / "scenes")
    assert main(_words(tmp_path, tmp_path / "int8.onnx")) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["float"]["scenes"]["recall"] == 1.0
    assert "refused: scenes" in printed.err
    assert not (tmp_path / "int8.onnx").exists()


def _own_truth(picture: Path, folder: Path) -> None:
    """Write a picture with what the float model finds in it as the truth."""
    image = read_picture(picture)
    found = load(STREET, threads=1).detect([image], 0.3)[0]
    things = [
        {
            "label": STREET_CLASSES[int(label)],
            "xyxy": box.tolist(),
            "visible": 1,
            "visible_px": 5000,
        }
        for label, box in zip(found.label, found.xyxy, strict=True)
    ]
    shutil.copy(picture, folder / "000001-0.jpg")
    record = {"file": "000001-0.jpg", "width": image.shape[1], "height": image.shape[0]}
    record |= {"weather": "cloud", "seed": 1, "things": things}
    (folder / "000001-0.json").write_text(json.dumps(record), encoding="utf-8")


def test_nothing_to_judge_by_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, one line, nothing written."""
    (tmp_path / "scenes").mkdir()
    assert main(_words(tmp_path, tmp_path / "int8.onnx")) == 2
    assert "no rendered pictures" in capsys.readouterr().err
    assert not (tmp_path / "int8.onnx").exists()
