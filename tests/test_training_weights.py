"""The bundled street model, its manifest entry, and its way back into training."""

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from models import Detections, Detector, Verdict, check_model, load
from tests.conftest import REPOSITORY
from training import calibrate, export
from training.card import texts_of
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


def test_card_and_readme_are_as_the_manifest_gives_them(entry: dict[str, Any]) -> None:
    """Neither was edited or left behind; else: python -m training.card writes both."""
    texts = texts_of(entry, WEIGHTS)
    assert set(texts) == {WEIGHTS / "CARD.md", REPOSITORY / "README.md"}
    for path, text in texts.items():
        assert path.read_text(encoding="utf-8") == text, path


def test_readme_card_and_manifest_give_other_models_the_same_figures(entry: dict[str, Any]) -> None:
    """Recall, precision and AP50 of vehicles on each real set, read out of both texts' tables."""
    others = entry["scores"]["others"]
    assert {"picodet_s_416_coco", "yolox_nano", "yolo11n_quantized"} <= set(others)
    sets = ("vehicles", "cctv_jogja", "cctv_manaus")
    for path in (REPOSITORY / "README.md", WEIGHTS / "CARD.md"):
        lines = path.read_text(encoding="utf-8").splitlines()
        start = lines.index(f"| model | threshold | {' | '.join(sets)} |") + 2
        rows = [re.findall(r"[\w.-]+", line) for line in lines[start : start + 1 + len(others)]]
        for name, scores in {"street": entry["scores"], **others}.items():
            keys = ("recall", "precision", "ap50")
            vehicles = [scores["sets"][real]["vehicle"] for real in sets]
            figures = [f"{row[key]:.3f}" for row in vehicles for key in keys]
            assert [name, str(scores["threshold"]), *figures] in rows, path


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


def test_a_model_that_is_too_large_or_blind_is_not_entered(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte above the limit, or classes moved far down: refused, and all stays as it was."""
    before = {"manifest.json": b'{"models": []}', "street.onnx": b"old", "CARD.md": b"old"}
    weights = tmp_path / "weights"
    weights.mkdir()
    for name, data in before.items():
        (weights / name).write_bytes(data)
    size = (WEIGHTS / "street.onnx").stat().st_size
    with monkeypatch.context() as lowered:
        lowered.setattr(export, "MOST_BYTES", size - 1)
        with pytest.raises(DatasetError, match=f"{size} bytes, at most {size - 1} are bundled"):
            enter(WEIGHTS / "street.onnx", weights, 0.3, entry["made"], entry["scores"])
    monkeypatch.setattr(calibrate, "MOST", 20.0)
    blind = tmp_path / "blind.onnx"
    calibrate.shift(WEIGHTS / "street.onnx", dict.fromkeys(CLASSES, 0.99), 1e-4, blind)
    with pytest.raises(DatasetError, match="fails its self-check: "):
        enter(blind, weights, 0.3, entry["made"], entry["scores"])
    assert {path.name: path.read_bytes() for path in weights.iterdir()} == before


def test_entering_a_model_keeps_the_other_entries(
    tmp_path: Path, entry: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A new street model replaces its own entry and nobody else's.

    Scores of violations stay with the same weights at the same threshold; else they are dropped,
    and a line says so.
    """
    made, manifest = entry["made"] | {"toy": "no self-check"}, tmp_path / "manifest.json"
    old = {"name": "street", "sha256": "0" * 64, "threshold": 0.2, "kind_conf": {"muck_pile": 0.1}}
    manifest.write_text(json.dumps({"models": [old, {"name": "other"}]}), encoding="utf-8")
    said = []
    for threshold, kept in ((0.2, {}), (0.4, {}), (0.4, {"muck_pile": 0.15}), (0.3, {})):
        enter(WEIGHTS / "street.onnx", tmp_path, threshold, made, entry["scores"])
        other, street = json.loads(manifest.read_text(encoding="utf-8"))["models"]
        assert other == {"name": "other"}
        assert (street["threshold"], street.get("kind_conf", {})) == (threshold, kept)
        said.append(capsys.readouterr().out)
        # as benchmarks.kind_conf --write does
        street["kind_conf"] = {"muck_pile": 0.15} if threshold == 0.4 else {}
        manifest.write_text(json.dumps({"models": [other, street]}), encoding="utf-8")
    assert [text.count("\n") for text in said] == [1, 0, 0, 1]
    assert "dropped (muck_pile)" in said[0]
    assert "`python -m benchmarks.kind_conf renders/calibration --write`" in said[0]
    assert (tmp_path / "street.onnx").read_bytes() == (WEIGHTS / "street.onnx").read_bytes()
