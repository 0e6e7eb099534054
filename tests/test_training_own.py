"""A city's own annotated pictures: three formats say the same, and mistakes are named."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.assemble import Sources, assemble, main, size_of
from training.example import DatasetError
from training.own import own_set
from training.sheets import sheets_of

WIDTH, HEIGHT = 200, 100
BOX = (20.0, 10.0, 60.0, 50.0)
NAMES = ("van", "tree")
XML = (
    "<annotation><size><width>200</width><height>100</height></size>"
    "<object><name>van</name><bndbox><xmin>20</xmin><ymin>10</ymin><xmax>60</xmax><ymax>50</ymax>"
    "</bndbox></object><object><name>tree</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>9</xmax>"
    "<ymax>9</ymax></bndbox></object></annotation>"
)
MAPPING = {"classes": {"van": "car", "tree": None}, "unknown": ["sign"], "name": "harbour"}


def city(root: Path, form: str, count: int = 9) -> Path:
    """Write a folder of pictures with one van and one tree each, in a format."""
    pictures = root if form == "voc" else root / "images"
    pictures.mkdir(parents=True)
    for number in range(count):
        stem = f"cam-{number:03d}"
        cv2.imwrite(str(pictures / f"{stem}.jpg"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        if form == "voc":
            (pictures / f"{stem}.xml").write_text(XML)
        elif form == "yolo":
            (root / "labels").mkdir(exist_ok=True)
            text = "0 0.2 0.3 0.2 0.4\n1 0.02 0.04 0.04 0.08\n"
            (root / "labels" / f"{stem}.txt").write_text(text)
    if form == "yolo":
        (root / "classes.txt").write_text("".join(f"{name}\n" for name in NAMES))
    if form == "coco":
        images = [
            {"id": i, "file_name": f"cam-{i:03d}.jpg", "width": WIDTH, "height": HEIGHT}
            for i in range(count)
        ]
        rows = [
            {"id": 2 * i + j, "image_id": i, "category_id": j, "bbox": box}
            for i in range(count)
            for j, box in enumerate(([20, 10, 40, 40], [0, 0, 9, 9]))
        ]
        record = {"images": images, "annotations": rows}
        record["categories"] = [{"id": i, "name": name} for i, name in enumerate(NAMES)]
        (root / "annotations.json").write_text(json.dumps(record))
    (root / "mapping.json").write_text(json.dumps(MAPPING))
    return root


@pytest.mark.parametrize("form", ["voc", "yolo", "coco"])
def test_every_format_gives_the_same_pictures(tmp_path: Path, form: str) -> None:
    """Nine pictures: four to learn from, two at the seam, three that judge; one car in each."""
    one = own_set(form, city(tmp_path / "city", form))
    train, held_out = one.split()
    assert (len(train), len(held_out), one.name) == (4, 3, "harbour")
    for example in (*train, *held_out):
        assert [box.label for box in example.boxes] == ["car"]
        assert example.boxes[0].xyxy == pytest.approx(BOX, abs=0.01)


@pytest.mark.parametrize("text", [b"van\ntree", b"van\r\ntree\r\n", b"\xef\xbb\xbfvan \n tree\n\n"])
def test_class_names_are_read_as_any_editor_leaves_them(tmp_path: Path, text: bytes) -> None:
    """Without a last line's end, with Windows' ends and mark, with blanks: two names, not one."""
    folder = city(tmp_path / "city", "yolo", 1)
    (folder / "classes.txt").write_bytes(text)
    (example,) = own_set("yolo", folder).read()
    assert [box.label for box in example.boxes] == ["car"]
    (folder / "mapping.json").write_text('{"classes": {"van": "car"}}')
    with pytest.raises(DatasetError, match="classes tree are none of ours"):
        own_set("yolo", folder).read()


def test_own_pictures_become_a_dataset_in_both_formats(tmp_path: Path) -> None:
    """YOLO and COCO labels agree, what is unknown is kept, and a sheet shows the pictures."""
    out = tmp_path / "out"
    counts = assemble(Sources(own=(("yolo", city(tmp_path / "city", "yolo")),)), None, out)
    assert counts["train"] == {"pictures": {"harbour": 4}, "boxes": {"car": 4}}
    assert json.loads((out / "dataset.json").read_text())["unknown"]["harbour"] == ["sign"]
    record = json.loads((out / "coco-train.json").read_text())
    assert [row["bbox"] for row in record["annotations"]] == [[20, 10, 40, 40]] * 4
    assert {row["category_id"] for row in record["annotations"]} == {0}
    assert size_of(out / record["images"][0]["file_name"]) == (WIDTH, HEIGHT)
    sheets = sheets_of(out, "train", tmp_path / "sheets")
    assert [path.name for path in sheets] == ["train-harbour-00.jpg"]
    assert np.asarray(cv2.imread(str(sheets[0]))).shape == (216, 4 * 384, 3)


def test_mistakes_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A class nobody mapped, one that is none of ours, a wrong format, an empty folder: exit 2."""
    folder = city(tmp_path / "city", "voc")
    (folder / "mapping.json").write_text('{"classes": {"van": "car"}}')
    with pytest.raises(DatasetError, match=r"classes tree are none of ours.*mapping\.json"):
        own_set("voc", folder).read()
    (folder / "mapping.json").write_text('{"classes": {"van": "lorry"}}')
    with pytest.raises(DatasetError, match="'lorry' is none of car, bus"):
        own_set("voc", folder)
    for text in ('{"unknown": 5}', '{"classes": {"van": ["car"]}}', "[]", "{"):
        (folder / "mapping.json").write_text(text)
        with pytest.raises(DatasetError, match=r"mapping\.json: "):
            own_set("voc", folder)
    (folder / "classes.txt").touch()
    (folder / "mapping.json").unlink()
    with pytest.raises(DatasetError, match="it is empty"):
        own_set("yolo", folder).read()
    (tmp_path / "none").mkdir()
    for form, where, words in (
        ("xlsx", folder, "none of voc, yolo, coco"),
        ("voc", tmp_path / "none", "no pictures"),
        ("voc", tmp_path / "nowhere", "no such folder"),
    ):
        assert main(["--own", form, str(where), "--out", str(tmp_path / "out")]) == 2
        assert words in capsys.readouterr().err
