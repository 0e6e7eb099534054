"""The bundled street model, its manifest entry, and its way back into training."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from models import Detections, Detector, Verdict, check_model, load
from tests.conftest import REPOSITORY
from training.example import CLASSES, DatasetError
from training.export import MOST_BYTES, enter
from training.scoring import ious

WEIGHTS = REPOSITORY / "models" / "weights"
CLIP = REPOSITORY / "configs" / "demo" / "parked-car.mp4"
TRAINING = REPOSITORY / ".venv-training" / "bin" / "python"

EXPORTS = """
import sys
from pathlib import Path
from training.export import write_onnx
from training.rebuild import rebuild
source, out = Path(sys.argv[1]), Path(sys.argv[2])
for end_to_end in (True, False):
    name = "end2end.onnx" if end_to_end else "plain.onnx"
    write_onnx(rebuild(source), out / name, end_to_end=end_to_end)
"""


@pytest.fixture(scope="module")
def entry() -> dict[str, Any]:
    """Read the street model's manifest entry."""
    manifest = json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(e for e in manifest["models"] if e["name"] == "street")
    return found


@pytest.fixture(scope="module")
def street(entry: dict[str, Any]) -> Detector:
    """Load the street model at its shipped threshold."""
    return load(WEIGHTS / entry["file"], conf=entry["threshold"], threads=1)


def test_the_manifest_tells_the_truth_about_the_file(
    entry: dict[str, Any], street: Detector
) -> None:
    """Hash, layout, input size and classes are those of the file, which is at most 12 MB."""
    data = (WEIGHTS / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert len(data) <= MOST_BYTES
    assert street.layout == entry["layout"]
    assert list(street.input_size) == entry["input_size"]
    assert list(street.classes) == entry["classes"] == list(CLASSES)
    assert entry["licence"] == "AGPL-3.0"


def test_the_card_names_the_scores_of_the_manifest(entry: dict[str, Any]) -> None:
    """The card's vehicle scores on real pictures are the ones in the manifest."""
    card = (WEIGHTS / "CARD.md").read_text(encoding="utf-8")
    for name in ("vehicles", "cctv_jogja", "cctv_manaus"):
        row = entry["scores"]["sets"][name]["vehicle"]
        assert f"{row['recall']:.3f}" in card
        assert f"{row['precision']:.3f}" in card


def test_the_parked_car_is_found_in_nearly_every_look(street: Detector) -> None:
    """In the demo clip, at the shipped threshold, one look a second, IoU at least 0.5."""
    truth = json.loads(CLIP.with_suffix(".json").read_text(encoding="utf-8"))
    start = truth["parked"]["stands_s"][0]
    box, hits = np.array(truth["parked_xyxy"], np.float64), []
    with av.open(str(CLIP)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % truth["fps"] or number / truth["fps"] < start:
                continue
            picture = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            found = street.detect([picture])[0]
            cars = found.select(found.label == CLASSES.index("car"))
            hits.append(bool((ious(box, cars.xyxy.astype(np.float64)) >= 0.5).any()))
    assert len(hits) >= 35
    assert np.mean(hits) >= 0.95


def test_an_end_to_end_export_sees_what_the_plain_one_sees(
    tmp_path: Path, entry: dict[str, Any]
) -> None:
    """YOLO26 rebuilt from the shipped file, exported both ways: the same boxes through models.load.

    Both exports get the same weights in their heads. NMS may only take away doubles: boxes of the
    end-to-end export that overlap a better one of their class by more than its 0.7.
    """
    if not TRAINING.exists():
        pytest.skip("no .venv-training (the extra [training])")
    command = [str(TRAINING), "-c", EXPORTS, str(WEIGHTS / entry["file"]), str(tmp_path)]
    subprocess.run(
        command,
        cwd=REPOSITORY,
        check=True,
        timeout=170,
        capture_output=True,
        env={
            "YOLO_AUTOINSTALL": "false",
            "PATH": "/usr/bin:/bin",
            "OMP_NUM_THREADS": "1",
            "YOLO_CONFIG_DIR": str(tmp_path),
        },
    )
    whole = load(tmp_path / "end2end.onnx", conf=0.3, threads=1)
    plain = load(tmp_path / "plain.onnx", conf=0.3, threads=1)
    assert (whole.layout, plain.layout) == ("ultralytics-end2end", "ultralytics")
    image = cv2.imread(str(WEIGHTS / "street-selfcheck.jpg"))
    assert image is not None
    picture = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
    for name in ("end2end", "plain"):
        checked = check_model(
            tmp_path / f"{name}.onnx", picture=WEIGHTS / "street-selfcheck.jpg", expect=["car"]
        )
        assert checked.verdict is Verdict.ACCEPTED, checked.reasons
    one, many = whole.detect([picture])[0], plain.detect([picture])[0]
    assert len(many) >= 2
    for index in range(len(many)):
        assert _matches(many, index, one, least_iou=0.98), "a plain box that end-to-end lacks"
    for index in range(len(one)):
        assert _matches(one, index, many, least_iou=0.69), "an end-to-end box out of nowhere"


def _matches(boxes: Detections, index: int, others: Detections, *, least_iou: float) -> bool:
    """Say whether a box has a partner of its class, not of a lower score."""
    partners = others.select(others.label == boxes.label[index])
    overlaps = ious(boxes.xyxy[index].astype(np.float64), partners.xyxy.astype(np.float64))
    near = (overlaps >= least_iou) & (partners.score >= boxes.score[index] - 0.005)
    return bool(near.any())


def test_the_selfcheck_picture_shows_what_its_truth_says(street: Detector) -> None:
    """The street model finds a thing of every class that the self-check picture expects of it."""
    truth = json.loads((WEIGHTS / "street-selfcheck.json").read_text(encoding="utf-8"))
    image = cv2.imread(str(WEIGHTS / "street-selfcheck.jpg"))
    assert image is not None
    picture = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
    found = street.detect([picture])[0]
    for name in truth["expect_street"]:
        mine = found.select(found.label == CLASSES.index(name))
        boxes = [row["xyxy"] for row in truth["things"] if row["label"] == name]
        assert any(
            (ious(np.array(box, np.float64), mine.xyxy.astype(np.float64)) >= 0.5).any()
            for box in boxes
        ), name


def test_a_model_of_other_classes_is_not_entered(tmp_path: Path, shared_data: Path) -> None:
    """The manifest takes no detector of another class list, and stays as it was."""
    model = shared_data / "weights" / "yolo11n_quantized.onnx"
    with pytest.raises(DatasetError, match="classes"):
        enter(model, tmp_path, 0.25, {}, {})
    assert not (tmp_path / "manifest.json").exists()


def test_entering_a_model_keeps_the_other_entries(tmp_path: Path, entry: dict[str, Any]) -> None:
    """A new street model replaces its own entry and nobody else's."""
    (tmp_path / "manifest.json").write_text('{"models": [{"name": "other"}]}', encoding="utf-8")
    for threshold in (0.2, 0.4):
        enter(WEIGHTS / "street.onnx", tmp_path, threshold, entry["made"], entry["scores"])
    models = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["models"]
    assert [one["name"] for one in models] == ["other", "street"]
    assert models[1]["threshold"] == 0.4
    assert (tmp_path / models[1]["file"]).read_bytes() == (WEIGHTS / "street.onnx").read_bytes()
