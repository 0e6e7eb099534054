"""Reading annotated pictures: VOC, YOLO text, rendered truth, and the real sets."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from training.annotations import order_of, read_coco, read_scene, read_voc, read_yolo
from training.example import Box, DatasetError, Example
from training.real_sets import REAL_SETS

VOC = """<annotation><size><width>100</width><height>50</height></size>
<object><name>motorcycle</name><bndbox><xmin>10</xmin><ymin>5</ymin><xmax>30</xmax><ymax>45</ymax>
</bndbox></object><object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax>
<ymax>2</ymax></bndbox></object></annotation>"""


def picture(path: Path, width: int = 100, height: int = 50) -> Path:
    """Write a grey picture."""
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
    return path


def test_voc_keeps_the_classes_that_are_mapped(tmp_path: Path) -> None:
    """A VOC object gets our class name; one without a mapping is left out."""
    (tmp_path / "frame7.xml").write_text(VOC, encoding="utf-8")
    example = read_voc(tmp_path / "frame7.jpg", {"motorcycle": "two_wheeler"}, "vehicles")
    assert example.boxes == (Box("two_wheeler", (10.0, 5.0, 30.0, 45.0)),)
    assert (example.width, example.height, example.order) == (100, 50, ("frame", 7))


def test_yolo_reads_boxes_and_polygons(tmp_path: Path) -> None:
    """Four numbers are a centre and a size, more are a polygon; both become the same box."""
    labels = tmp_path / "a.txt"
    labels.write_text("1 0.5 0.5 0.2 0.4\n1 0.4 0.3 0.6 0.3 0.6 0.7 0.4 0.7\n", encoding="utf-8")
    example = read_yolo(
        picture(tmp_path / "a.jpg"), labels, ("bus", "biker"), {"biker": "two_wheeler"}, "set"
    )
    assert [box.label for box in example.boxes] == ["two_wheeler"] * 2
    for box in example.boxes:
        assert box.xyxy == pytest.approx((40.0, 15.0, 60.0, 35.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7 0.5 0.5 0.1 0.1\n", "a.txt:1: class 7, expected 0 to 0"),
        ("-1 0.5 0.5 0.1 0.1\n", "a.txt:1: class -1, expected"),  # not the last of the names
        (None, "a.txt: cannot be read"),
        ("0 0.5 0.5 0.1\n", "got 3"),  # neither a box nor a polygon
        ("0 0.9 0.5 0.6 0.1\n", "outside"),  # reaches beyond the picture
        ("0 0.5 0.5 0.0 0.1\n", "no area"),
    ],
)
def test_bad_yolo_lines_are_named(tmp_path: Path, text: str | None, message: str) -> None:
    """A line that cannot be right is refused with its file, and so is a picture without labels."""
    labels = tmp_path / "a.txt"
    if text is not None:
        labels.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_yolo(picture(tmp_path / "a.jpg"), labels, ("car",), {"car": "car"}, "set")


def test_a_class_outside_the_list_is_refused() -> None:
    """A box of a class that the model does not have cannot be made."""
    with pytest.raises(DatasetError, match="excavator"):
        Box("excavator", (0.0, 0.0, 1.0, 1.0))


def test_hidden_and_tiny_rendered_things_are_not_asked_for(tmp_path: Path) -> None:
    """Of rendered things only those that can be seen are asked for; finding others is no fault."""

    def thing(visible: float, visible_px: int, side: int) -> dict[str, Any]:
        return {
            "label": "car",
            "xyxy": [10, 10, 10 + side, 30],
            "visible": visible,
            "visible_px": visible_px,
        }

    record = {
        "file": "x.jpg",
        "width": 640,
        "height": 360,
        "weather": "sun",
        "seed": 3,
        "things": [thing(0.9, 300, 20), thing(0.1, 300, 20), thing(0.9, 9, 20), thing(1, 60, 4)],
    }
    (tmp_path / "x.json").write_text(json.dumps(record), encoding="utf-8")
    example = read_scene(tmp_path / "x.json")
    assert [box.xyxy for box in example.boxes] == [(10, 10, 30, 30)]
    assert [box.xyxy for box in example.ignored] == [(10, 10, 30, 30)] * 2 + [(10, 10, 14, 30)]


def test_neighbours_in_time_sort_together() -> None:
    """File names are ordered by series and number, not by their random suffix."""
    names = ["frame_1002_jpg.rf.aa.jpg", "frame_999_jpg.rf.zz.jpg", "rlbaag213_jpg.rf.x.jpg"]
    assert sorted(names, key=order_of) == [names[1], names[0], names[2]]


def test_the_real_sets_are_read_completely(shared_data: Path) -> None:
    """Pictures and boxes are as many as the sets' index counts (cyclists and bikers are one)."""
    expected = {
        "vehicles": (96, {"car": 295, "two_wheeler": 472, "truck": 59, "bus": 3}),
        "cctv_jogja": (200, {"bus": 26, "car": 628, "two_wheeler": 1537, "truck": 44}),
        "cctv_manaus": (145, {"two_wheeler": 227, "car": 617, "person": 130, "truck": 53}),
        "garbage_bags": (98, {"garbage": 366}),
        "damaged_signs": (60, {"sign": 41, "sign_damaged": 34}),
        "shop_signs": (202, {"sign": 418}),
        "dump_trucks": (
            172,
            {"muck_truck": 51, "muck_truck_open": 26, "person": 2, "car": 1, "truck": 1},
        ),
    }
    for real_set in REAL_SETS:
        examples = real_set.read(shared_data / "images")
        boxes = Counter(box.label for example in examples for box in example.boxes)
        assert (len(examples), dict(boxes)) == expected[real_set.folder]
        assert all(isinstance(example, Example) for example in examples)


def test_coco_boxes_become_ours(tmp_path: Path) -> None:
    """Boxes are corners, names are mapped, looked-at ones corrected, missing pictures left out."""
    record = {
        "categories": [{"id": 4, "name": "dump truck"}, {"id": 5, "name": "glove"}],
        "images": [
            {"id": 1, "file_name": "a-2.jpg", "width": 200, "height": 100},
            {"id": 2, "file_name": "gone-3.jpg", "width": 200, "height": 100},
        ],
        "annotations": [
            {"id": 7, "image_id": 1, "category_id": 4, "bbox": [10, 20, 30, 40]},
            {"id": 8, "image_id": 1, "category_id": 4, "bbox": [60, 20, 30, 40]},
            {"id": 9, "image_id": 1, "category_id": 5, "bbox": [0, 0, 5, 5]},
            {"id": 10, "image_id": 2, "category_id": 4, "bbox": [0, 0, 5, 5]},
        ],
    }
    (tmp_path / "a-2.jpg").touch()
    path = tmp_path / "all.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    names = {"dump truck": "muck_truck"}
    (example,) = read_coco(path, tmp_path, names, "set", {8: "muck_truck_open"})
    assert example.order == ("a-", 2)
    assert [(box.label, box.xyxy) for box in example.boxes] == [
        ("muck_truck", (10.0, 20.0, 40.0, 60.0)),
        ("muck_truck_open", (60.0, 20.0, 90.0, 60.0)),
    ]
    path.write_text('{"categories": []}', encoding="utf-8")
    with pytest.raises(DatasetError, match="images"):
        read_coco(path, tmp_path, names, "set", {})


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A set without pictures is refused by name."""
    with pytest.raises(DatasetError, match="no pictures"):
        REAL_SETS[0].read(tmp_path)
