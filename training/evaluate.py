r"""Score a model on what no model of ours was trained on: held-out scenes and real pictures.

    python -m training.evaluate --model models/weights/street.onnx --scenes renders/train \
        --unseen renders/unseen --real $STREETWARDEN_DATA/images --conf 0.3 \
        [--quiet $STREETWARDEN_DATA/videos/empty_road.mp4] [--beside OTHER.onnx] \
        [--plots DIR] [--out scores.json]

Of --scenes only the held-out seeds judge, of --unseen (never assembled) all. Truth is the
renderer's and the sets' own boxes; a set that leaves real vehicles unlabelled makes precision look
worse than it is, for every model alike. car, bus, truck and muck trucks count as one class
"vehicle" on real pictures. Works for any detector that models.load reads, so that other models can
be put side by side (COCO's bicycle and motorcycle count as two_wheeler). --beside gives the other
model's precision at this one's recall, and this one's at the other's. --plots needs matplotlib,
which the training environment has.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from models import Detector, ModelError, load
from training.annotations import read_scene
from training.example import CLASSES, COMMON, DatasetError, Example
from training.judged import Judged, judge, summary
from training.own import OwnSet, own_set
from training.quiet import judge_quiet
from training.real_sets import REAL_SETS
from training.split import split_scenes

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


Sets = dict[str, Judged]


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--conf", type=float, default=0.25, help="threshold of the table")
    parser.add_argument("--scenes", type=Path, nargs="*", default=[])
    parser.add_argument("--unseen", type=Path, nargs="*", default=[])
    parser.add_argument("--real", type=Path)
    parser.add_argument(
        "--own",
        nargs=2,
        action="append",
        default=[],
        metavar=("FORMAT", "FOLDER"),
        help="a city's own pictures, as for training.assemble; their last third judges",
    )
    parser.add_argument("--quiet", type=Path, help="video with frames that show nothing")
    parser.add_argument("--beside", type=Path, help="another model, at equal recall")
    parser.add_argument("--plots", type=Path, help="folder for curves and confusion")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    try:
        detector = load(options.model)
        own = [own_set(form, Path(folder)) for form, folder in options.own]
        sets = judge_all(detector, held_out(options.scenes, options.unseen, options.real, own))
        table = table_of(sets, options.conf)
        if options.quiet is not None:
            table["quiet"] = judge_quiet(detector, options.quiet, options.conf)
        if options.beside is not None:
            table["equal_recall"] = _beside(sets, options)
    except (DatasetError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.plots is not None:
        # Only the training environment has matplotlib.
        from training.plots import plot  # noqa: PLC0415

        plot(sets, options.conf, options.plots)
    text = json.dumps(table, indent=1)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")
    print(text)
    return 0


def held_out(
    scenes: Sequence[Path],
    unseen: Sequence[Path],
    real: Path | None,
    own: Sequence[OwnSet] = (),
) -> dict[str, tuple[list[Example], Mapping[str, str]]]:
    """Read what judges: set: (its pictures, class: name it is judged under)."""
    rendered = split_scenes(_pictures(scenes))[1] + _pictures(unseen)
    sets: dict[str, tuple[list[Example], Mapping[str, str]]] = {}
    if rendered:
        sets["scenes"] = (rendered, OWN_GROUP)
        sets["scenes, vehicles as one"] = (rendered, REAL_GROUP)
    for real_set in REAL_SETS if real is not None else ():
        group = REAL_GROUPS.get(real_set.folder, REAL_GROUP)
        sets[real_set.folder] = (real_set.split(real)[1] if real else [], group)
    for one in own:
        named = {name for name in one.classes.values() if name is not None} - one.unknown
        sets[one.name] = (one.split()[1], {name: name for name in named})
    if not sets:
        raise DatasetError("nothing to judge by: no held-out scene and no real set")
    return sets


def _pictures(folders: Sequence[Path]) -> list[Example]:
    examples = []
    for folder in folders:
        truths = sorted(folder.glob("*.json"))
        if not truths:
            raise DatasetError(f"{folder}: no rendered pictures")
        examples += [read_scene(truth) for truth in truths]
    return examples


def judge_all(
    detector: Detector, sets: Mapping[str, tuple[list[Example], Mapping[str, str]]]
) -> Sets:
    """Run a detector over sets; two with the same pictures are run once."""
    judged: Sets = {}
    for name, (examples, group) in sets.items():
        same = next((one for one in judged.values() if one.examples is examples), None)
        if same is None:
            judged[name] = judge(detector, examples, group)
        else:
            judged[name] = Judged(examples, same.found, same.names, group)
    return judged


def table_of(sets: Sets, threshold: float) -> dict[str, Any]:
    """Return what is written down: by set and class, and of the scenes by condition."""
    table: dict[str, Any] = {"threshold": threshold, "sets": {}, "pictures": {}, "all": {}}
    for name, judged in sets.items():
        scores = judged.scores()
        table["sets"][name] = scores.rows(threshold)
        table["pictures"][name] = len(judged.examples)
        table["all"][name] = summary(scores, threshold)
    if (scenes := sets.get("scenes")) is not None:
        table["by"] = {
            "weather": scenes.by_weather(threshold),
            "size": scenes.recall_by("size", threshold),
            "distance": scenes.recall_by("distance", threshold),
        }
        table["look_alikes"] = scenes.look_alikes(threshold, COMMON)
        table["confusion"] = scenes.confusion(threshold)
    return table


def _beside(sets: Sets, options: argparse.Namespace) -> dict[str, Any]:
    """Compare with another model on the real street sets, each at the other's recall."""
    wanted = {
        name: (list(judged.examples), judged.group)
        for name, judged in sets.items()
        if "vehicle" in judged.group.values()
    }
    others = judge_all(load(options.beside), wanted)
    table: dict[str, Any] = {"model": options.beside.stem, "sets": {}}
    for name in wanted:
        ours, theirs = (side[name].scores().tallies.get("vehicle") for side in (sets, others))
        if ours is None or theirs is None:
            continue
        precision, recall = ours.at(options.conf)
        other = None if recall is None else theirs.precision_at(recall)
        table["sets"][name] = {
            "recall": None if recall is None else round(recall, 3),
            "precision": None if precision is None else round(precision, 3),
            "other_precision": None if other is None else round(other, 3),
        }
    return table


if __name__ == "__main__":
    sys.exit(main())
