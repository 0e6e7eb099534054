"""Every engine and device that works here gives the boxes of ONNX Runtime on the CPU."""

from pathlib import Path

import numpy as np
import pytest

from models import Choice, Detections, NotAModel, load, read_picture
from models.backends import engine_of
from tests.devices import DEVICES, STREET, working_devices

FLOAT = (0.5, 0.01)
"""Pixels and score by which boxes of float networks may differ: rounding."""
HALF = (6.0, 0.05)
"""bf16 has 8 bits of mantissa, fp16 and tf32 have 11."""
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
    ("engine", "precision", "name", "slack", "share"),
    [
        ("openvino", "fp32", "picodet_s_416_coco", FLOAT, 0.99),
        ("openvino", "fp32", "yolox_nano", FLOAT, 0.99),
        ("openvino", "fp32", "yolov8n_int8", INT8, 0.9),
        ("openvino", "bf16", "picodet_s_416_coco", HALF, 0.9),
        ("openvino", "fp16", "picodet_s_416_coco", HALF, 0.97),
        ("cuda", "fp32", "picodet_s_416_coco", FLOAT, 0.99),
        ("cuda", "fp32", "yolox_nano", FLOAT, 0.99),
        ("cuda", "tf32", "picodet_s_416_coco", HALF, 0.97),
        ("tensorrt", "fp32", "picodet_s_416_coco", HALF, 0.97),  # it takes tf32 where it likes
        ("tensorrt", "fp16", "picodet_s_416_coco", HALF, 0.97),
    ],
)
def test_real_models_find_the_same_on_every_device(
    shared_data: Path,
    engine: str,
    precision: str,
    name: str,
    slack: tuple[float, float],
    share: float,
) -> None:
    """On real street pictures nearly all boxes of either engine are the other's too."""
    if engine in DEVICES and engine not in working_devices():
        pytest.skip(f"{engine} does not work on this machine")
    file = shared_data / "weights" / f"{name}.onnx"
    pictures = [
        read_picture(path) for path in sorted((shared_data / "images" / "vehicles").glob("*.jpg"))
    ][::12]
    results = []
    for choice in (Choice(threads=2), Choice(engine, precision, threads=2)):
        try:
            detector = load(file, conf=0.3, choice=choice, spin=False)
        except NotAModel as error:
            pytest.skip(str(error))  # a processor without this arithmetic
        results.append(detector.detect(pictures))
        assert detector.metadata == load(file, threads=1, spin=False).metadata
        detector.close()
    same = sum(pairs(one, other, slack) for one, other in zip(*results, strict=True))
    most = sum(max(len(one), len(other)) for one, other in zip(*results, strict=True))
    assert most > 50
    assert same >= share * most


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("streams", [1, 2])
def test_runs_side_by_side_give_what_single_ones_do(
    shared_data: Path, engine: str, streams: int
) -> None:
    """Several pictures a call, runs on their way at once: each gets its own boxes, to the bit."""
    pictures = [
        read_picture(path) for path in sorted((shared_data / "images" / "vehicles").glob("*.jpg"))
    ][:7]
    file = shared_data / "weights" / "picodet_s_416_coco.onnx"
    detector = load(file, conf=0.3, choice=Choice(engine, threads=1, streams=streams), spin=False)
    single = [detector.detect([picture])[0] for picture in pictures]
    for _ in range(3):
        together = detector.detect(pictures)
        for one, other in zip(single, together, strict=True):
            assert np.array_equal(one.xyxy, other.xyxy)
            assert np.array_equal(one.score, other.score)
    assert sum(map(len, single)) > 5
    detector.close()


@pytest.mark.parametrize(("engine", "provider"), [("cuda", "CUDA"), ("tensorrt", "Tensorrt")])
def test_a_device_that_is_not_there_is_named(engine: str, provider: str) -> None:
    """Asked for an engine whose device or library is missing, loading ends in one sentence."""
    if engine in working_devices():
        pytest.skip(f"{engine} works on this machine")
    with pytest.raises(NotAModel, match=rf"{provider}[^\n]+$"):
        load(STREET, choice=Choice(engine, threads=1))


def test_the_bundled_model_says_the_same_of_itself() -> None:
    """Layout, classes and input size are read from the file's own metadata by either engine."""
    one, other = (
        load(STREET, choice=Choice(name, threads=1)) for name in ("onnxruntime", "openvino")
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
    with pytest.raises(ValueError, match="fp32, bf16, fp16"):
        engine_of("openvino", "int4")
