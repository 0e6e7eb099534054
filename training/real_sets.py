"""The real annotated sets: where they lie, how they are read, what their names mean here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from training.annotations import read_coco, read_voc, read_yolo
from training.example import DatasetError, Example
from training.split import split_real, split_series

FURNITURE = frozenset({"sign", "sign_damaged", "banner"})
"""Found on most streets and labelled by hardly any set."""
DUMP_TRUCK_LOADS = Path(__file__).with_name("dump_truck_loads.json")


@dataclass(frozen=True, slots=True)
class RealSet:
    """One folder of annotated pictures."""

    folder: str
    classes: Mapping[str, str]
    """The set's name: ours; what is missing here is not read."""
    names: tuple[str, ...] = ()
    """The order of its labels (YOLO text)."""
    coco: str = ""
    """Its COCO file; with neither this nor names it is Pascal VOC."""
    unknown: frozenset[str] = FURNITURE
    """Our classes that its pictures show unlabelled and no teacher knows: nothing is learned of
    them from this set, neither that they are there nor that they are not."""
    corrections: Mapping[int, str] = field(default_factory=dict)
    """COCO annotation id: our class, where the set's own name does not say enough."""
    by_series: bool = False
    """Hold out a third of each series: its things are in one series only."""

    def split(self, root: Path) -> tuple[list[Example], list[Example]]:
        """Read the pictures to learn from, and those that only judge."""
        examples = self.read(root)
        return split_series(examples) if self.by_series else split_real(examples)

    def read(self, root: Path) -> list[Example]:
        """Read all pictures of the set under `root`, neighbours in time beside each other."""
        folder = root / self.folder
        if self.coco:
            examples = read_coco(
                folder / self.coco,
                folder / "images",
                self.classes,
                self.folder,
                self.corrections,
            )
        elif self.names:
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


def _open_loads() -> Mapping[int, str]:
    record = json.loads(DUMP_TRUCK_LOADS.read_text(encoding="utf-8"))
    return MappingProxyType(dict.fromkeys(record["muck_truck_open"], "muck_truck_open"))


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
    RealSet(
        "garbage_bags",
        {"general_trashbag": "garbage", "other_trashbag": "garbage"},
        ("general_trashbag", "other_trashbag"),
        unknown=FURNITURE | {"goods", "stall"},
    ),
    RealSet(
        "damaged_signs",
        {
            "bent": "sign_damaged",
            "broken-sheet": "sign_damaged",
            "crack": "sign_damaged",
            "graffiti": "sign_damaged",
            "rust": "sign_damaged",
            "not-damaged": "sign",
        },
        ("bent", "broken-sheet", "crack", "graffiti", "not-damaged", "rust"),
        unknown=frozenset({"banner"}),
    ),
    RealSet(
        "shop_signs",
        {"signboard": "sign", "cantilever": "sign"},
        ("window", "cantilever", "arch", "signboard", "win_ad", "door"),
        unknown=frozenset({"sign_damaged", "banner", "goods", "stall"}),
    ),
    RealSet(
        "dump_trucks",
        {"dump truck": "muck_truck", "truck": "truck", "mini-van": "car", "Person": "person"},
        coco="_annotations.train.coco.json",
        # Soil and rubble lie about in most of its pictures.
        unknown=FURNITURE | {"muck", "goods", "garbage"},
        corrections=_open_loads(),
        by_series=True,
    ),
)
"""What the street model learns from beside rendered scenes."""

FRAMES = "frames"
"""Origin of real frames that only a teacher has labelled."""
PLATES = "plates"
"""Origin of rendered things set on real frames."""
NEVER = frozenset({"empty_road"})
"""Videos that only judge, by the start of their name."""
UNKNOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {real_set.folder: real_set.unknown for real_set in REAL_SETS}
    | {FRAMES: FURNITURE | {"goods", "stall", "garbage"}, PLATES: FURNITURE}
)
"""By origin: classes of which nothing is learned there."""


def refuse_forbidden(source: Path) -> None:
    """Raise DatasetError for a file that must never be trained on."""
    if source.stem.startswith(tuple(NEVER)):
        raise DatasetError(f"{source}: only judges, and is never trained on")
