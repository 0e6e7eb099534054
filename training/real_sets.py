"""The real annotated sets: where they lie, how they are read, what their names mean here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.annotations import read_voc, read_yolo
from training.example import DatasetError, Example


@dataclass(frozen=True, slots=True)
class RealSet:
    """One folder of annotated pictures."""

    folder: str
    classes: Mapping[str, str]
    """The set's name: ours; what is missing here is not read."""
    names: tuple[str, ...] = ()
    """The order of its labels (YOLO text); empty for Pascal VOC."""

    def read(self, root: Path) -> list[Example]:
        """Read all pictures of the set under `root`, neighbours in time beside each other."""
        folder = root / self.folder
        if self.names:
            examples = [
                read_yolo(
                    picture,
                    folder / "labels" / f"{picture.stem}.txt",
                    self.names,
                    self.classes,
                    self.folder,
                )
                for picture in sorted((folder / "images").glob("*.jpg"))
            ]
        else:
            examples = [
                read_voc(picture, self.classes, self.folder)
                for picture in sorted(folder.glob("*.jpg"))
            ]
        if not examples:
            raise DatasetError(f"{folder}: no pictures")
        return sorted(examples, key=lambda example: example.order)


REAL_SETS = (
    RealSet(
        "vehicles",
        {"car": "car", "motorcycle": "two_wheeler", "truck": "truck", "bus": "bus"},
    ),
    RealSet(
        "cctv_jogja",
        {"bus": "bus", "car": "car", "motorbike": "two_wheeler", "truck": "truck"},
        ("bus", "car", "motorbike", "truck"),
    ),
    RealSet(
        "cctv_manaus",
        # Its "truck" contains buses, which nothing in its files tells apart.
        {
            "biker": "two_wheeler",
            "cyclist": "two_wheeler",
            "car": "car",
            "people": "person",
            "truck": "truck",
        },
        ("biker", "car", "cyclist", "people", "truck"),
    ),
)
"""What the street model learns from today. Further sets of the same folder come in here."""
