"""Each layout read as it is defined, and recognised from what a file says or from its shapes."""

from pathlib import Path

import numpy as np
import pytest

from models import Detections, Detector, NoDetector, load
from models.classes import COCO_CLASSES
from tests.onnx_graphs import Array, fixed_outputs, metadata, rows

CELLS = 84
"""Cells of a 64x64 input at strides 8, 16, 32."""

GREY = np.full((64, 64, 3), 128, np.uint8)


def found(detector: Detector, picture: np.ndarray = GREY) -> list[tuple[str, float, list[float]]]:
    """Detect in one picture: (class, score, box), best first."""
    detections: Detections = detector.detect([picture])[0]
    return [
        (detector.classes[label], round(float(score), 4), [round(float(side), 3) for side in box])
        for label, score, box in zip(
            detections.label, detections.score, detections.xyxy, strict=True
        )
    ]


def test_ultralytics_rows_are_centre_and_size(tmp_path: Path) -> None:
    """The best class of a cell counts, boxes are halved around their centre, overlaps go."""
    output = rows(
        (20, 30, 10, 20, 1, 0.8), (21, 30, 10, 20, 1, 0.6), (50, 50, 8, 8, 0, 0.3),
        (40, 10, 4, 4, 0, 0.25), classes=2, cells=CELLS,
    )  # fmt: skip
    output[0, 4, 0] = 0.5  # another class of the first cell, less likely
    model = fixed_outputs(tmp_path / "made.onnx", [output], facts=metadata(["bin", "cart"]))
    detector = load(model)
    assert detector.layout == "ultralytics"
    assert found(detector) == [("cart", 0.8, [15, 20, 25, 40]), ("bin", 0.3, [46, 46, 54, 54])]
    both = [score for _, score, _ in found(load(model, iou=0.95))]
    assert both == [0.8, 0.6, 0.3]  # the score must be above 0.25, not at it


@pytest.mark.parametrize(
    ("said", "left"), [({}, 2), ({"iou": "0.6"}, 1), ({"iou": "7.0"}, 2), ({"iou": "often"}, 2)]
)
def test_a_file_may_say_which_overlap_is_one_thing(
    tmp_path: Path, said: dict[str, str], left: int
) -> None:
    """Two boxes share two thirds: two things by the package's 0.7, one by 0.6; nonsense is not."""
    output = rows((20, 30, 10, 20, 1, 0.8), (22, 30, 10, 20, 1, 0.6), classes=2, cells=CELLS)
    facts = metadata(["bin", "cart"], **said)
    model = fixed_outputs(tmp_path / "made.onnx", [output], facts=facts)
    assert len(found(load(model))) == left
    assert len(found(load(model, iou=0.65))) == 1


def test_ultralytics_without_metadata_is_seen_from_its_shape(tmp_path: Path) -> None:
    """(1, 84, cells) with COCO's names; another number of classes needs names."""
    output = rows((20, 30, 10, 20, 2, 0.8), classes=80, cells=CELLS)
    detector = load(fixed_outputs(tmp_path / "coco.onnx", [output]))
    assert (detector.layout, detector.classes) == ("ultralytics", COCO_CLASSES)
    assert found(detector) == [("car", 0.8, [15, 20, 25, 40])]
    own = fixed_outputs(
        tmp_path / "own.onnx", [rows((20, 30, 10, 20, 1, 0.8), classes=3, cells=CELLS)]
    )
    with pytest.raises(NoDetector, match=r"own\.onnx.*3 classes and names none"):
        load(own)
    with pytest.raises(NoDetector, match="3 classes, but 2 names"):
        load(own, classes=["a", "b"])
    assert found(load(own, classes=["a", "b", "c"]))[0][0] == "b"


@pytest.mark.parametrize("extra", [{"end2end": "True"}, {"args": "{'nms': True, 'batch': 1}"}, {}])
def test_end_to_end_rows_are_taken_as_they_are(tmp_path: Path, extra: dict[str, str]) -> None:
    """(1, 300, 6): x0 y0 x1 y1 score class; no NMS, empty places and unknown classes left out."""
    output = np.zeros((1, 300, 6), np.float32)
    output[0, :4] = [
        [1, 2, 30, 40, 0.9, 1], [1, 2, 30, 41, 0.5, 1], [5, 5, 9, 9, 0.7, 0], [1, 1, 9, 9, 0.8, 7],
    ]  # fmt: skip
    model = fixed_outputs(tmp_path / "e2e.onnx", [output], facts=metadata(["bin", "cart"], **extra))
    detector = load(model)
    assert detector.layout == "ultralytics-end2end"
    assert found(detector) == [
        ("cart", 0.9, [1, 2, 30, 40]),
        ("bin", 0.7, [5, 5, 9, 9]),
        ("cart", 0.5, [1, 2, 30, 41]),
    ]


def test_end_to_end_without_names_asks_for_them(tmp_path: Path) -> None:
    """The shape (1, 300, 6) does not say how many classes there are."""
    model = fixed_outputs(tmp_path / "e2e.onnx", [np.zeros((1, 300, 6), np.float32)])
    with pytest.raises(NoDetector, match="give their names"):
        load(model)
    assert load(model, classes=["bin"]).layout == "ultralytics-end2end"


def test_yolox_grid_is_decoded(tmp_path: Path) -> None:
    """Offsets count from the cell, sizes are logarithms, both in strides; scores multiply."""
    output = np.zeros((1, CELLS, 5 + 80), np.float32)
    # Cell 10 of the 8x8 map of stride 8: column 2, row 1. Cell 64 + 6 of the 4x4 map of stride 16:
    # column 2, row 1. Cell 64 + 16 + 3 of the 2x2 map of stride 32: column 1, row 1.
    output[0, 10, :5] = 0.5, 0.25, np.log(2), np.log(1), 0.9
    output[0, 70, :5] = 0, 0, np.log(0.5), np.log(0.5), 0.8
    output[0, 83, :5] = 0.5, 0.5, 0, 0, 1.0
    output[0, 10, 5 + 2], output[0, 70, 5 + 7], output[0, 83, 5 + 0] = 0.5, 1.0, 0.24
    detector = load(fixed_outputs(tmp_path / "x.onnx", [output]))
    assert detector.layout == "yolox"
    assert found(detector) == [
        ("truck", 0.8, [28, 12, 36, 20]),  # centre (2, 1) * 16, 8 wide and high
        ("car", 0.45, [12, 6, 28, 14]),  # centre (2.5, 1.25) * 8, 16 wide, 8 high
    ]


def test_yolox_sees_bgr_from_0_to_255_at_the_top_left(tmp_path: Path) -> None:
    """The mean of the input is that of the picture's bytes, with a border of 114."""
    output = np.zeros((1, CELLS, 85), np.float32)
    light = np.zeros_like(output)
    light[0, 83, 4] = 0.001  # objectness = mean / 1000
    output[0, 83, 5] = 1
    model = fixed_outputs(tmp_path / "x.onnx", [output], brightness=[light])
    picture = np.full((32, 64, 3), 200, np.uint8)  # the lower half of the input stays border
    assert found(load(model, conf=0.1), picture)[0][1] == pytest.approx((200 + 114) / 2 / 1000)


def picodet_outputs(classes: int = 80) -> list[Array]:
    """Return scores and distributions of a 64x64 input at strides 8, 16, 32, 64, scores first."""
    counts = [64, 16, 4, 1]
    scores = [np.zeros((1, count, classes), np.float32) for count in counts]
    distances = [np.zeros((1, count, 32), np.float32) for count in counts]
    # Cell 9 of stride 8 has its centre at (12, 12); its sides are 1, 0, 2, 3 cells away.
    scores[0][0, 9, 2] = 0.9
    distances[0][0, 9].reshape(4, 8)[[0, 1, 2, 3], [1, 0, 2, 3]] = 50
    # The only cell of stride 64, centre (32, 32): bins 0 and 1 alike, half a cell to every side.
    scores[3][0, 0, 5] = 0.6
    distances[3][0, 0].reshape(4, 8)[:, :2] = 50
    return scores + distances


@pytest.mark.parametrize("order", [range(8), [7, 2, 0, 5, 3, 6, 1, 4]])
def test_picodet_heads_are_paired_by_shape(tmp_path: Path, order: list[int]) -> None:
    """Boxes are centre minus and plus the mean distances, in whatever order the outputs come."""
    outputs = picodet_outputs()
    model = fixed_outputs(tmp_path / "pico.onnx", [outputs[index] for index in order])
    detector = load(model)
    assert detector.layout == "picodet"
    assert found(detector) == [("car", 0.9, [4, 12, 28, 36]), ("bus", 0.6, [0, 0, 64, 64])]


def test_picodet_heads_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    """With 32 classes scores look like distributions: better no answer than a wrong pairing."""
    model = fixed_outputs(tmp_path / "pico.onnx", picodet_outputs(classes=32))
    with pytest.raises(NoDetector, match="stride 8"):
        load(model, layout="picodet", classes=[str(name) for name in range(32)])


def test_a_named_layout_that_does_not_fit_says_why(tmp_path: Path) -> None:
    """The layout asked for is the only one tried; an unknown one lists those there are."""
    output = rows((20, 30, 10, 20, 2, 0.8), classes=80, cells=CELLS)
    model = fixed_outputs(tmp_path / "made.onnx", [output])
    with pytest.raises(NoDetector, match=r"two outputs for stride 8, \(n, 64, classes\)"):
        load(model, layout="picodet")
    with pytest.raises(NoDetector, match="one of picodet, ultralytics, ultralytics-end2end, yolox"):
        load(model, layout="ssd")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({**metadata(["a"]), "task": "segment"}, "'segment', not for detect"),
        (metadata(["a", "b", "c"]), "80 classes, but 3 names"),  # names of another model
    ],
)
def test_metadata_that_contradicts_the_network_is_refused(
    tmp_path: Path, facts: dict[str, str], message: str
) -> None:
    """Other tasks and other numbers of classes are told, not guessed around."""
    model = fixed_outputs(
        tmp_path / "made.onnx", [np.zeros((1, 84, CELLS), np.float32)], facts=facts
    )
    with pytest.raises(NoDetector, match=message):
        load(model)


@pytest.mark.parametrize(
    "names", ["{0: __import__('os')}", "{" * 5000, "9" * 2_000_000, "", "{0: 1}", "[]"]
)
def test_hostile_names_are_not_evaluated(tmp_path: Path, names: str) -> None:
    """Metadata that is no plain list of names counts as none."""
    facts = {"names": names, "task": "detect"}
    model = fixed_outputs(
        tmp_path / "made.onnx", [np.zeros((1, 84, CELLS), np.float32)], facts=facts
    )
    assert load(model).classes == COCO_CLASSES


def test_numbers_that_are_none_are_no_boxes(tmp_path: Path) -> None:
    """NaN, infinity and boxes outside the picture are dropped."""
    output = rows(
        (np.nan, 30, 10, 20, 0, 0.9), (30, 30, np.inf, 20, 0, 0.9), (20, 30, 10, 20, 0, np.nan),
        (900, 900, 10, 20, 0, 0.9), (30, 30, -5, 5, 0, 0.9), (20, 30, 10, 20, 0, 0.8),
        classes=1, cells=CELLS,
    )  # fmt: skip
    model = fixed_outputs(tmp_path / "made.onnx", [output], facts=metadata(["bin"]))
    assert found(load(model)) == [("bin", 0.8, [15, 20, 25, 40])]


def test_numbers_that_explode_are_no_boxes(tmp_path: Path) -> None:
    """A logarithm of 1000, or scores beyond any number, give no box and no warning."""
    output = np.zeros((1, CELLS, 85), np.float32)
    output[0, 5, :5] = 0, 0, 1000, 1000, 0.9
    output[0, 6, :5] = 0, 0, 1, 1, np.inf
    output[0, 5:7, 5] = 0.9, 0
    assert found(load(fixed_outputs(tmp_path / "x.onnx", [output]))) == []
    outputs = picodet_outputs()
    outputs[4][0, 9] = np.inf
    left = found(load(fixed_outputs(tmp_path / "pico.onnx", outputs)))
    assert [name for name, _, _ in left] == ["bus"]
