"""Readers of annotations: Pascal VOC XML, YOLO text, COCO JSON, the truth of rendered scenes."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2

from training.dataset import parsed_lines
from training.example import Box, DatasetError, Example

MIN_VISIBLE = 0.2
"""Share of a rendered thing that must be seen for it to be asked for."""
MIN_VISIBLE_PX = 40
"""Visible pixels (of a 640x360 picture) below which a rendered thing is not asked for."""
MIN_SIDE_PX = 5


def order_of(name: str) -> tuple[str, int]:
    """Split a file name into its series and its number, so that neighbours in time sort together.

    "frame_367_jpg.rf.5f69.jpg" -> ("frame_", 367).
    """
    found = re.match(r"(\D*?)(\d+)", name)
    return (found[1], int(found[2])) if found else (name, 0)


def read_voc(picture: Path, classes: Mapping[str, str], origin: str) -> Example:
    """Read PICTURE with the XML beside it; `classes` maps its names, others are left out."""
    path = picture.with_suffix(".xml")
    try:
        # The XML of a training set is the developer's own input; a DTD is refused all the same.
        text = path.read_text(encoding="utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise DatasetError(f"{path}: has a DTD")
        root = ET.fromstring(text)  # noqa: S314 - no DTD gets here
        width, height = (int(root.findtext(f"size/{key}", "0")) for key in ("width", "height"))
        boxes = []
        for item in root.iter("object"):
            label = classes.get(item.findtext("name", ""))
            keys = ("xmin", "ymin", "xmax", "ymax")
            x0, y0, x1, y1 = (float(item.findtext(f"bndbox/{key}", "nan")) for key in keys)
            if label is not None:
                boxes.append(Box(label, (x0, y0, x1, y1)))
    except (OSError, ET.ParseError, ValueError) as error:
        raise DatasetError(f"{path}: {error}") from error
    return Example(picture, width, height, tuple(boxes), origin, order_of(picture.name))


def read_yolo(
    picture: Path, labels: Path, names: tuple[str, ...], classes: Mapping[str, str], origin: str
) -> Example:
    """Read PICTURE with its YOLO text: "class x y w h" in fractions, or a polygon's points."""
    image = cv2.imread(str(picture))
    if image is None:
        raise DatasetError(f"{picture}: not a picture")
    height, width = image.shape[:2]

    def box_of(line: str) -> Box | None:
        first, *numbers = line.split()
        label = classes.get(_name_of(int(first), names))
        x0, y0, x1, y1 = _corners([float(value) for value in numbers])
        if label is None:
            return None
        return Box(label, (x0 * width, y0 * height, x1 * width, y1 * height))

    boxes = [box for box in parsed_lines(labels, box_of) if box is not None]
    return Example(picture, width, height, tuple(boxes), origin, order_of(picture.name))


def _name_of(label: int, names: tuple[str, ...]) -> str:
    if label not in range(len(names)):
        raise ValueError(f"class {label}, expected 0 to {len(names) - 1}")
    return names[label]


def _corners(values: list[float]) -> tuple[float, float, float, float]:
    if len(values) == 4:
        x, y, w, h = values
        return x - w / 2, y - h / 2, x + w / 2, y + h / 2
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"expected 4 numbers or a polygon, got {len(values)}")
    xs, ys = values[0::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def read_coco(
    annotations: Path,
    pictures: Path,
    classes: Mapping[str, str],
    origin: str,
    corrections: Mapping[int, str],
) -> list[Example]:
    """Read all pictures of a COCO file; `corrections`: annotation id: our class, looked at."""
    try:
        record = json.loads(annotations.read_text(encoding="utf-8"))
        names = {row["id"]: row["name"] for row in record["categories"]}
        boxes: dict[int, list[Box]] = {row["id"]: [] for row in record["images"]}
        for row in record["annotations"]:
            label = corrections.get(row["id"], classes.get(names[row["category_id"]]))
            x, y, width, height = (float(value) for value in row["bbox"])
            if label is not None and width > 0 and height > 0:
                boxes[row["image_id"]].append(Box(label, (x, y, x + width, y + height)))
        return [
            Example(
                pictures / row["file_name"],
                row["width"],
                row["height"],
                tuple(boxes[row["id"]]),
                origin,
                order_of(row["file_name"]),
            )
            for row in record["images"]
            if (pictures / row["file_name"]).exists()  # the set may be a part of what is listed
        ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{annotations}: {error!r}") from error


def read_scene(truth: Path) -> Example:
    """Read a rendered picture's truth; things too hidden or too small are not asked for."""
    try:
        record = json.loads(truth.read_text(encoding="utf-8"))
        boxes: list[Box] = []
        ignored: list[Box] = []
        for row in record["things"]:
            x0, y0, x1, y1 = row["xyxy"]
            source, distance = row.get("source", "renderer"), row.get("distance_m")
            box = Box(row["label"], (x0, y0, x1, y1), source, distance)
            seen = row["visible"] >= MIN_VISIBLE and row["visible_px"] >= MIN_VISIBLE_PX
            asked = seen and min(x1 - x0, y1 - y0) >= MIN_SIDE_PX
            (boxes if asked else ignored).append(box)
        return Example(
            truth.with_name(record["file"]),
            record["width"],
            record["height"],
            tuple(boxes),
            record.get("origin", "scenes"),
            (record["weather"], record["seed"]),
            record["weather"],
            record.get("mode", ""),
            tuple(ignored),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{truth}: {error!r}") from error
