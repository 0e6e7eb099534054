"""An int8 model is taken when its scores hold, and only then."""

from pathlib import Path

import pytest

from models import Verdict, check_model, load
from tests.conftest import REPOSITORY
from tests.rendered import rendered
from training.assemble import Sources, assemble
from training.example import DatasetError
from training.quantize import Tables, calibration, losses, quantize

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
