"""The model's own labels: proposed for what a set is silent about, taken as a person says."""

import json
from pathlib import Path

import pytest

from models import load
from tests.conftest import REPOSITORY
from tests.test_training_own import city
from training.assemble import Sources, assemble
from training.example import DatasetError
from training.propose import accept, main, numbers_of, propose


def test_what_is_kept_becomes_a_label_once(tmp_path: Path) -> None:
    """Two of three proposals are added, and a second time none; the class stays known there."""
    out = tmp_path / "out"
    assemble(Sources(own=(("yolo", city(tmp_path / "city", "yolo")),)), None, out)
    rows = [
        {"picture": "harbour-cam-000", "label": "garbage", "score": 0.9, "xyxy": [100, 50, 120, 60]}
        | {"label": label}
        for label in ("garbage", "sign", "muck")
    ]
    folder = tmp_path / "proposals"
    folder.mkdir()
    (folder / "proposals.json").write_text(json.dumps(rows))
    arguments = ["take", "--proposals", str(folder), "--dataset", str(out), "--drop", "1"]
    assert main(arguments) == 0
    lines = (out / "labels" / "train" / "harbour-cam-000.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "10", "9"]
    assert lines[1].split()[1:] == ["0.550000", "0.550000", "0.100000", "0.100000"]
    assert accept(rows[::2], out) == 0
    assert json.loads((out / "dataset.json").read_text())["self_labelled"] == 2
    (out / "dataset.json").write_text('{"train": {"pic')
    assert main(arguments) == 2


def test_only_classes_without_labels_are_proposed(shared_data: Path, tmp_path: Path) -> None:
    """A set that labels cars alone gets no car proposed, however many the model sees."""
    root = tmp_path / "street"
    root.mkdir()
    names = sorted((shared_data / "images" / "vehicles").glob("*.jpg"))[:9]
    for path in names:
        (root / path.name).symlink_to(path)
        (root / f"{path.stem}.xml").symlink_to(path.with_suffix(".xml"))
    mapping = {"classes": {"motorcycle": None, "truck": None, "bus": None}}
    (root / "mapping.json").write_text(json.dumps(mapping))
    out = tmp_path / "out"
    assemble(Sources(own=(("voc", root),)), None, out)
    street = load(REPOSITORY / "models" / "weights" / "street.onnx", threads=1)
    rows = propose(out, street, 0.3, tmp_path / "proposals")
    assert {row["label"] for row in rows} & {"two_wheeler"}
    assert "car" not in {row["label"] for row in rows}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert (tmp_path / "proposals" / "sheet-00.jpg").exists()


def test_numbers_are_read_or_refused() -> None:
    """Ranges include both ends; what is no number, or beyond the last, is named."""
    assert numbers_of("3,5-7", 8) == {3, 5, 6, 7}
    with pytest.raises(DatasetError, match="'x'"):
        numbers_of("x", 8)
    with pytest.raises(DatasetError, match="0 to 7"):
        numbers_of("8", 8)
