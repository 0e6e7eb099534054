"""One threshold for all classes: where it is set, and what moving a class leaves as it was."""

import math
from pathlib import Path

import numpy as np
import onnx
import pytest

from models import STREET_CLASSES, Detections, load, read_picture
from tests.conftest import REPOSITORY
from tests.rendered import rendered
from training.calibrate import MOST, best_of, beta_of, main, shift
from training.scoring import Tally

WEIGHTS = REPOSITORY / "models" / "weights" / "street.onnx"
CLEAR = 0.1
"""Scores below it are near where boxes are no longer listed: which ones are left may change."""
PICTURE = REPOSITORY / "docs" / "street-cloud.jpg"


def test_the_best_score_is_that_of_the_best_f_measure() -> None:
    """Four right ones of five, then only wrong ones: the fourth's score, 1.0 and 0.8."""
    scores, hits = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], [True] * 4 + [False] * 3
    tally = Tally(5, scores, hits, [(hit,) * 10 for hit in hits])
    assert best_of(tally, 0.7) == [0.6, 1.0, 0.8]
    assert best_of(Tally(5), 0.7) == [1.0, 0.0, 0.0]


def test_precision_counts_most_where_one_box_is_a_case() -> None:
    """Of five, 0.9 and 0.8 are right, then every second: garbage stops there, cars go on."""
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    hits = [True, True, False, True, False, True]
    tally = Tally(5, scores, hits, [(hit,) * 10 for hit in hits])
    assert [best_of(tally, beta_of(name))[0] for name in ("garbage", "car")] == [0.8, 0.4]
    assert beta_of("muck_truck_open") == beta_of("person") == beta_of("car") > beta_of("muck")


def _scores(model: Path) -> dict[str, list[float]]:
    """Return the scores by class; in a picture's own order of boxes."""
    found: Detections = load(model).detect([read_picture(PICTURE)], 0.05)[0]
    table: dict[str, list[float]] = {}
    for label, score in zip(found.label, found.score, strict=True):
        table.setdefault(STREET_CLASSES[int(label)], []).append(float(score))
    return table


def test_a_class_is_moved_by_its_bias_alone(tmp_path: Path) -> None:
    """Signs best at 0.4 and asked for at 0.3: each score falls by the same logit; cars stay."""
    shift(WEIGHTS, {"sign": 0.4}, 0.3, tmp_path / "moved.onnx")
    before, after = _scores(WEIGHTS), _scores(tmp_path / "moved.onnx")
    assert len(before["sign"]) > 3
    offset = math.log(0.3 / 0.7) - math.log(0.4 / 0.6)
    want = [1 / (1 + math.exp(-(math.log(s / (1 - s)) + offset))) for s in before["sign"]]
    # A sign that falls may be left out for a broken one that a model sees in the same place.
    moved = [score for score in after["sign"] if score >= CLEAR]
    assert len(moved) >= 3
    assert all(min(abs(score - one) for one in want) <= 2e-3 for score in moved)
    assert max(moved) == pytest.approx(max(want), abs=2e-3)
    np.testing.assert_allclose(after["car"], before["car"], atol=1e-5)


def test_a_class_is_moved_by_no_more_than_is_known(tmp_path: Path) -> None:
    """A best score of 0.99 moves a class by MOST, not by more."""
    shift(WEIGHTS, {"car": 0.99}, 0.3, tmp_path / "moved.onnx")
    before, after = _scores(WEIGHTS)["car"][0], _scores(tmp_path / "moved.onnx")["car"][0]
    moved = math.log(before / (1 - before)) - math.log(after / (1 - after))
    assert moved == pytest.approx(MOST, abs=2e-3)


def test_the_file_says_which_overlap_is_one_thing(tmp_path: Path) -> None:
    """With the rest of what the exporter wrote; nothing is said where nothing is known."""
    shift(WEIGHTS, {}, 0.3, tmp_path / "moved.onnx", 0.55)
    before, after = load(WEIGHTS).metadata, load(tmp_path / "moved.onnx").metadata
    assert dict(after) == dict(before) | {"iou": "0.55"}
    shift(WEIGHTS, {}, 0.3, tmp_path / "same.onnx")
    assert load(tmp_path / "same.onnx").metadata == before


def test_what_is_no_street_model_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without the class biases of ours: exit 2, in words, and nothing is written."""
    graph = onnx.load(str(WEIGHTS))
    for item in graph.graph.initializer:
        item.name = item.name.replace(".2.bias", ".9.bias")
    for node in graph.graph.node:
        node.input[:] = [name.replace(".2.bias", ".9.bias") for name in node.input]
    onnx.save(graph, str(tmp_path / "other.onnx"))
    rendered(tmp_path / "scenes", range(2))
    words = ["--model", str(tmp_path / "other.onnx"), "--scenes", str(tmp_path / "scenes")]
    assert main([*words, "--conf", "0.3", "--out", str(tmp_path / "out.onnx")]) == 2
    assert "is it a street model of ours?" in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()
