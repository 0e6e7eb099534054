"""A city's own annotated pictures: VOC, YOLO or COCO folders, with its names mapped to ours.

    FOLDER/*.jpg with *.xml beside them                       voc
    FOLDER/images/*.jpg, FOLDER/labels/*.txt, classes.txt     yolo (a name a line, in their order)
    FOLDER/images/*.jpg, FOLDER/annotations.json              coco

FOLDER/mapping.json, needed when names differ: {"classes": {"van": "car", "tree": null},
"unknown": ["sign"], "name": "harbour"}. null leaves a class out; `unknown` are classes of ours that
the pictures show unlabelled, so nothing is learned of them there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from training.annotations import read_coco, read_voc, read_yolo
from training.example import CLASSES, DatasetError, Example
from training.real_sets import UNKNOWN, refuse_forbidden
from training.split import split_real

FORMATS = ("voc", "yolo", "coco")
ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


@dataclass(frozen=True, slots=True)
class OwnSet:
    """One folder of a city's own pictures."""

    form: str
    folder: Path
    name: str
    """Origin of its pictures: letters and digits."""
    classes: Mapping[str, str | None]
    unknown: frozenset[str]

    def split(self) -> tuple[list[Example], list[Example]]:
        """Read the pictures to learn from, and the last third, which only judges."""
        return split_real(self.read())

    def read(self) -> list[Example]:
        """Read all pictures; raises DatasetError for an unknown class or an empty folder."""
        self._refuse_unmapped()
        mapped = {name: ours for name, ours in self.classes.items() if ours is not None}
        if self.form == "coco":
            annotations, pictures = self.folder / "annotations.json", self.folder / "images"
            examples = read_coco(annotations, pictures, mapped, self.name, {})
        elif self.form == "yolo":
            names, labels = _yolo_names(self.folder), self.folder / "labels"
            examples = [
                read_yolo(path, labels / f"{path.stem}.txt", names, mapped, self.name)
                for path in pictures_in(self.folder / "images")
            ]
        else:
            examples = [read_voc(path, mapped, self.name) for path in pictures_in(self.folder)]
        if not examples:
            raise DatasetError(f"{self.folder}: no pictures")
        for example in examples:
            refuse_forbidden(example.picture)
        return sorted(examples, key=lambda example: example.order)

    def _refuse_unmapped(self) -> None:
        strange = sorted(_names_in(self.form, self.folder) - set(self.classes))
        if strange:
            raise DatasetError(
                f"{self.folder}: classes {', '.join(strange)} are none of ours; say in "
                f"{self.folder / 'mapping.json'} what they are "
                f'({{"classes": {{"{strange[0]}": null}}}} leaves one out)'
            )


def own_set(form: str, folder: Path) -> OwnSet:
    """Read a folder's mapping; raises DatasetError."""
    if form not in FORMATS:
        raise DatasetError(f"format {form!r} is none of {', '.join(FORMATS)}")
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    path = folder / "mapping.json"
    record: dict[str, Any] = {}
    try:
        if path.exists():
            record = json.loads(path.read_text(encoding="utf-8"))
        given = dict(record.get("classes", {}))
        unknown = frozenset(record.get("unknown", ()))
        named = (set(given.values()) - {None}) | unknown
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path}: {error}") from error
    for ours in named:
        if ours not in CLASSES:
            raise DatasetError(f"{path}: class {ours!r} is none of {', '.join(CLASSES)}")
    name = str(record.get("name", "".join(c for c in folder.resolve().name if c.isalnum())))
    if not name.isalnum() or name in {*UNKNOWN, "scenes"}:
        raise DatasetError(f"{path}: name {name!r} is taken, or not letters and digits alone")
    return OwnSet(form, folder, name, {name: name for name in CLASSES} | given, unknown)


def pictures_in(folder: Path) -> list[Path]:
    """Return the picture files of a folder by name."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS)


def _yolo_names(folder: Path) -> tuple[str, ...]:
    """Read classes.txt, as any editor leaves it; an empty line holds the place of its number."""
    path = folder / "classes.txt"
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: needed, one class name a line ({error})") from error
    if not lines:
        raise DatasetError(f"{path}: needed, one class name a line (it is empty)")
    return tuple(line.strip() for line in lines)


def _names_in(form: str, folder: Path) -> set[str]:
    """Return the class names that a folder's annotations use."""
    if form == "yolo":
        return set(_yolo_names(folder)) - {""}
    if form == "coco":
        path = folder / "annotations.json"
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            names = {row["id"]: str(row["name"]) for row in record["categories"]}
            return {names[row["category_id"]] for row in record["annotations"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: {error!r}") from error
    found: set[str] = set()
    for path in folder.glob("*.xml"):
        try:
            # Only names are read here; read_voc refuses a DTD before anything is used.
            text = path.read_text(encoding="utf-8")
            if "<!DOCTYPE" in text or "<!ENTITY" in text:
                raise DatasetError(f"{path}: has a DTD")
            root = ET.fromstring(text)  # noqa: S314 - no DTD gets here
        except (OSError, ET.ParseError, ValueError) as error:
            raise DatasetError(f"{path}: {error}") from error
        found |= {item.findtext("name", "") for item in root.iter("object")}
    return found
