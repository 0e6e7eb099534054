"""OpenVINO and ONNX Runtime give the same boxes."""

from pathlib import Path

import numpy as np
import pytest

from models import Choice, Detections, NotAModel, load, read_picture
from models.backends import engine_of

FLOAT = (0.5, 0.01)
"""Pixels and score by which boxes of float networks may differ: rounding."""
INT8 = (12.0, 0.15)
"""Dynamic quantization is the engine's own: each takes its scales from other places."""


def pairs(one: Detections, other: Detections, slack: tuple[float, float]) -> int:
    """Count boxes that have their like, each used once."""
    free = set(range(len(other)))
    for index in range(len(one)):
        like = [
            place
            for place in free
            if other.label[place] == one.label[index]
            and abs(float(other.score[place] - one.score[index])) <= slack[1]
            and np.abs(other.xyxy[place] - one.xyxy[index]).max() <= slack[0]
        ]
        free -= set(like[:1])
    return len(other) - len(free)


@pytest.mark.parametrize(
    ("name", "slack", "share"),
    [
        ("picodet_s_416_coco", FLOAT, 0.99),
        ("yolox_nano", FLOAT, 0.99),
        ("yolov8n_int8", INT8, 0.9),
    ],
)
def test_real_models_find_the_same_on_both_engines(
    shared_data: Path, name: str, slack: tuple[float, float], share: float
) -> None:
    """On real street pictures nearly all boxes of either engine are the other's too."""
    file = shared_data / "weights" / f"{name}.onnx"
    pictures = [
        read_picture(path) for path in sorted((shared_data / "images" / "vehicles").glob("*.jpg"))
    ][::12]
    results = []
    for engine in ("onnxruntime", "openvino"):
        detector = load(file, conf=0.3, choice=Choice(engine, threads=2), spin=False)
        results.append(detector.detect(pictures))
        assert detector.metadata == load(file, threads=1, spin=False).metadata
        detector.close()
    same = sum(pairs(one, other, slack) for one, other in zip(*results, strict=True))
    most = sum(max(len(one), len(other)) for one, other in zip(*results, strict=True))
    assert most > 50
    assert same >= share * most


def test_the_bundled_model_says_the_same_of_itself() -> None:
    """Layout, classes and input size are read from the file's own metadata by either engine."""
    file = Path(__file__).parents[1] / "models" / "weights" / "street.onnx"
    one, other = (
        load(file, choice=Choice(name, threads=1)) for name in ("onnxruntime", "openvino")
    )
    assert (one.layout, one.classes, one.input_size) == (
        other.layout,
        other.classes,
        other.input_size,
    )


def test_what_is_no_model_is_refused() -> None:
    """Garbage ends in NotAModel with one sentence, an engine that does not exist in its name."""
    with pytest.raises(NotAModel, match=r"OpenVINO cannot load it: [^\n]+$"):
        engine_of("openvino")(b"\x08\x0a garbage", threads=1, spin=False)
    with pytest.raises(ValueError, match="unknown engine 'tvm'"):
        engine_of("tvm")
    with pytest.raises(ValueError, match="fp32, bf16"):
        engine_of("openvino", "int4")
