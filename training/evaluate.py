r"""Score a model on what no model of ours was trained on: held-out scenes and real pictures.

    python -m training.evaluate --model models/weights/street.onnx --scenes renders/train \
        --real $STREETWARDEN_DATA/images [--out scores.json]

Truth is the renderer's and the sets' own boxes; a set that leaves real vehicles unlabelled makes
precision look worse than it is, for every model alike. car, bus, truck and muck trucks count as
one class "vehicle" on real pictures. Works for any detector that models.load reads, so that other
models can be put side by side (COCO's bicycle and motorcycle count as two_wheeler).
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from models import Detector, load, read_picture
from training.annotations import read_scene
from training.example import CLASSES, DatasetError, Example
from training.real_sets import REAL_SETS
from training.scoring import Scores
from training.split import split_scenes
from training.teacher import COCO_TO_STREET

FLOOR = 0.02
"""Boxes below this score are not even counted towards the mean precision."""
VEHICLES = ("car", "bus", "truck", "muck_truck", "muck_truck_open")
REAL_GROUP: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(VEHICLES, "vehicle"), "two_wheeler": "two_wheeler"}
)
"""What the street sets are asked for."""
REAL_GROUPS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "garbage_bags": {"garbage": "garbage"},
        "damaged_signs": {"sign": "sign", "sign_damaged": "sign_damaged"},
        "shop_signs": {"sign": "sign", "sign_damaged": "sign"},
        "dump_trucks": dict.fromkeys(("muck_truck", "muck_truck_open"), "dump truck"),
    }
)
"""What other sets are asked for; the rest of what they show is not labelled in them."""
OWN_GROUP: Mapping[str, str] = MappingProxyType({name: name for name in CLASSES})


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--conf", type=float, default=0.25, help="threshold of the table")
    parser.add_argument("--scenes", type=Path, nargs="*", default=[])
    parser.add_argument("--real", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    try:
        table = evaluate(load(options.model), options.scenes, options.real, options.conf)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 2
    text = json.dumps(table, indent=1)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


def evaluate(
    detector: Detector, scenes: Sequence[Path], real: Path | None, threshold: float
) -> dict[str, Any]:
    """Return tables by set: {"threshold", "sets": {set: {class: row}}, "pictures": {set: n}}."""
    table: dict[str, Any] = {"threshold": threshold, "sets": {}, "pictures": {}}
    truths = [read_scene(path) for folder in scenes for path in sorted(folder.glob("*.json"))]
    sets: list[tuple[str, list[Example], Mapping[str, str]]] = []
    if held_out := split_scenes(truths)[1]:
        sets += [("scenes", held_out, OWN_GROUP)]
        sets += [("scenes, vehicles as one", held_out, REAL_GROUP)]
    if real is not None:
        for real_set in REAL_SETS:
            sets.append(
                (
                    real_set.folder,
                    real_set.split(real)[1],
                    REAL_GROUPS.get(real_set.folder, REAL_GROUP),
                )
            )
    for name, examples, group in sets:
        table["sets"][name] = score(detector, examples, group).rows(threshold)
        table["pictures"][name] = len(examples)
    return table


def score(detector: Detector, examples: Sequence[Example], group: Mapping[str, str]) -> Scores:
    """Run a detector over pictures and tally what it finds."""
    names = [name if name in CLASSES else COCO_TO_STREET.get(name) for name in detector.classes]
    scores = Scores()
    for example in examples:
        found = detector.detect([read_picture(example.picture)], FLOOR)[0]
        scores.add(example.boxes, found, names, group)
    return scores


if __name__ == "__main__":
    sys.exit(main())
