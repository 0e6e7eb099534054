"""The model card, written from the manifest entry so that the two cannot disagree.

    .venv/bin/python -m training.card [--weights FOLDER]

writes the card of a folder's street model anew, and of the bundled one the table in README.md, as
`training.export manifest` does.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from training.beside import beside, explained, number_of, readme_with
from training.example import CLASSES, COMMON, LOOK_ALIKES, STORIES, DatasetError
from training.real_sets import REAL_SETS
from training.teacher import COCO_TO_STREET

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "scenes": "Rendered street scenes of this project (`training/scenes`, seeds {seeds})",
        STORIES: "Rendered moments of the clips' stories (`training/scenes/stills`), other seeds",
        LOOK_ALIKES: "Rendered scenes that hold nothing rare, only what is taken for it",
        "plates": "Rendered things set on frames of the videos below (`training/scenes/plates`)",
        "frames": "Frames of street.mp4 (ahmetozlu/vehicle_counting_tensorflow), city_road.avi "
        "(opendatacam/opendatacam) and plaza.mp4 (roboflow/supervision), all MIT, labelled by the "
        "teacher",
        "vehicles": "`vehicles`: ahmetozlu/vehicle_counting_tensorflow, MIT",
        "cctv_jogja": "`cctv_jogja`: mdaniyalk/ristek-final, CC BY 4.0, the city's open CCTV",
        "cctv_manaus": "`cctv_manaus`: tamaturgo/intelligent_transportation_system_ModelML, CC BY "
        "4.0; the licence line is clear, but the footage visibly comes from somebody else",
        "garbage_bags": "`garbage_bags`: itsCaveMan/WoosongVision, CC BY 4.0",
        "damaged_signs": "`damaged_signs`: 104221795/SmartCityManagment, CC BY 4.0",
        "shop_signs": "`shop_signs`: Urban-Research-Lab/building-facades-advertising-dataset, CC0",
        "dump_trucks": "`dump_trucks`: construction-site-safety of Roboflow, by "
        "mmcquade11/stable-diffusion-img2img, CC BY 4.0; the licence line is clear, but the "
        "pictures visibly come from others",
    }
)
"""What each origin of pictures is, with its licence."""
TEACHER = """\
Classes that these sets do not label were filled in by a teacher, PP-PicoDet-S 416 (COCO,
Apache-2.0), at a score of {teacher} and above, or are masked: nothing is learned of them there.
"""
HELD_OUT = """\
Of every real set the last third (a contiguous block), of videos the last third, and of the scenes
every eighth seed and all from 900000 on were never trained on. The eighth seeds set the classes'
thresholds (`training.calibrate`); the scores below are on the others.
"""
RENDERED = frozenset({"scenes", STORIES, LOOK_ALIKES})
"""Origins whose labels are the renderer's."""
ALWAYS = (
    "Glare, dirt on the lens, fisheye lenses and views from straight above were never seen.",
    '"truck" contains buses in one of the real sets (cctv_manaus): the two are told apart badly.',
)
WEATHERS = ("sun", "cloud", "dusk", "night", "rain", "haze")
HOME = Path(__file__).resolve().parent.parent
WEIGHTS = HOME / "models" / "weights"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write card and table; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m training.card",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    try:
        texts = texts_of(street_in(options.weights / "manifest.json"), options.weights)
    except (DatasetError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return 0


def street_in(manifest: Path) -> dict[str, Any]:
    """Read the street model's entry; raises DatasetError where there is none."""
    for entry in json.loads(manifest.read_text(encoding="utf-8"))["models"]:
        if entry["name"] == "street":
            return dict(entry)
    raise DatasetError(f"{manifest}: lists no street model")


def texts_of(entry: Mapping[str, Any], weights: Path) -> dict[Path, str]:
    """Return what is written of an entry, file: text; of the bundled one the README too.

    Raises DatasetError where the README has no place for the table.
    """
    texts = {weights / "CARD.md": card_of(entry)}
    readme = HOME / "README.md"
    if weights.resolve() == WEIGHTS and readme.is_file():
        texts[readme] = readme_with(readme, entry)
    return texts


def _sources(made: Mapping[str, Any]) -> list[str]:
    """List what it was trained on, with counts."""
    seeds = " to ".join(str(seed) for seed in made.get("scene_seeds") or ["none"])
    lines = []
    for origin, count in made["data"].items():
        what = SOURCES.get(origin, f"`{origin}`: own pictures").format(seeds=seeds)
        lines.append(f"- {what}: {count} pictures.")
    return lines


def limits_of(entry: Mapping[str, Any]) -> list[str]:
    """Say what the model cannot do, out of what it learned from and what was measured."""
    made, scores = entry["made"], entry["scores"]
    lines = []
    rendered = [name for name in entry["classes"] if name not in _real_classes(made["data"])]
    if rendered:
        lines.append(
            f"It has seen {', '.join(rendered)} **only in rendered pictures**: on real ones "
            "nothing is promised and nothing was measured."
        )
    by = scores.get("by", {})
    seen = by.get("weather", {})
    lines += [
        f"In {weather} it finds {row['recall']:.0%} of the things of unseen scenes."
        for weather, row in seen.items()
        if row["recall"] is not None and row["recall"] < WEAK_RECALL
    ]
    if missing := [weather for weather in WEATHERS if weather not in seen]:
        lines.append(f"Not measured in: {', '.join(missing)}.")
    lines += [
        f"Of things of {size} (side at its input) it finds {row['recall']:.0%}."
        for size, row in by.get("size", {}).items()
        if row["recall"] < WEAK_RECALL
    ]
    lines.append(_alike(scores.get("look_alikes")))
    return [f"- {line}" for line in (*lines, *ALWAYS)]


def _alike(scores: Mapping[str, Any] | None) -> str:
    """Say what it makes of look-alikes, and what that figure leaves out."""
    if not scores:
        return "Its false alarms on bins, parasols, shadows and road works were not measured."
    common = ", ".join(name for name in CLASSES if name in COMMON)
    made_up = scores.get("common_false_a_picture")
    return (
        f"On scenes of look-alikes alone it makes {scores['false_a_picture']} false boxes a "
        f"picture. Boxes of {common} are left out of that figure, because such things truly stand "
        "in those scenes; "
        + (
            "how many of them are false was not counted."
            if made_up is None
            else f"of these boxes {made_up} a picture fit nothing true there (an overlap below 0.5 "
            "and a second box on one thing count too)."
        )
    )


WEAK_RECALL = 0.6


def _real_classes(data: Mapping[str, int]) -> set[str]:
    """Return the classes that real pictures of some origins show labelled."""
    found = {
        name
        for real_set in REAL_SETS
        if real_set.folder in data
        for name in (*real_set.classes.values(), *real_set.corrections.values())
    }
    return found | (set(COCO_TO_STREET.values()) if set(data) - RENDERED else set())


def card_of(entry: Mapping[str, Any]) -> str:
    """Return the card (Markdown) of a manifest entry made by `training.export`."""
    made, scores = entry["made"], entry["scores"]
    learned = ", ".join(made["classes_learned"])
    missing = ", ".join(name for name in entry["classes"] if name not in made["classes_learned"])
    height, width = entry["input_size"]
    lines = [
        "# The street model",
        "",
        (
            f"`{entry['file']}`: {made['architecture']}, trained from {made['start']}; input "
            f"{width}x{height} (16:9 as street pictures are, no letterbox bars), layout "
            f"`{entry['layout']}`, shipped threshold {entry['threshold']}. Licence of the weights: "
            f"**{entry['licence']}**, as the makers of the training package ask."
        ),
        "",
        f"Learned: {learned}.",
        "",
        *([f"**Not learned** (in the class list, never found): {missing}.", ""] if missing else []),
        "## Trained on",
        "",
        *_sources(made),
        "",
        *([TEACHER.format(teacher=made["teacher_conf"])] if set(made["data"]) - RENDERED else []),
        HELD_OUT,
        (
            f"{made['pictures']} pictures, {made['steps']} steps of {made['batch']} cuts of "
            f"320x192, seed {made['seed']}, commit {made.get('commit', 'unknown')}. "
            "Commands: `docs/street-model.md`; every run: `training/LOG.md`."
        ),
        "",
        "## Scores",
        "",
        (
            f"At IoU 0.5 and the shipped threshold {scores['threshold']}. On real pictures car, "
            "bus and truck count as one class, `vehicle`; some real vehicles carry no box, so "
            "precision there is understated for every model alike."
        ),
        "",
        *_table(scores),
        "",
    ]
    lines += _conditions(scores)
    if scores.get("others"):
        lines += ["## Beside other models", "", *beside(entry), ""]
    lines += ["## What it cannot do", "", *limits_of(entry), ""]
    return "\n".join(lines)


def _table(scores: Mapping[str, Any]) -> list[str]:
    lines = [
        "| held out | pictures | class | asked | recall | precision | AP50 | AP50-95 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, rows in scores["sets"].items():
        for label, row in rows.items():
            keys = ("recall", "precision", "ap50", "ap50_95")
            numbers = " | ".join(number_of(row.get(key)) for key in keys)
            count = scores["pictures"][name]
            lines.append(f"| {name} | {count} | {label} | {row['asked']} | {numbers} |")
    return explained(lines)


def _conditions(scores: Mapping[str, Any]) -> list[str]:
    """List the scores by weather, size and distance, on look-alikes and on empty asphalt."""
    by = scores.get("by", {})
    lines = [
        f"| {weather} | {row['pictures']} | {number_of(row['map50'])} | {number_of(row['recall'])} "
        f"| {number_of(row['precision'])} |"
        for weather, row in by.get("weather", {}).items()
    ]
    if lines:
        head = ["| weather | pictures | mAP50 | recall | precision |", "|---|---|---|---|---|"]
        lines = ["Unseen scenes, all classes:", "", *explained([*head, *lines]), ""]
    for kind in ("size", "distance"):
        cells = [f"{place}: {row['recall']:.3f}" for place, row in by.get(kind, {}).items()]
        lines += [f"Recall by {kind}: {', '.join(cells)}.", ""] if cells else []
    if quiet := scores.get("quiet"):
        share = f"{quiet['clean']:.1%} of {quiet['frames']} frames without a car stay without a box"
        lines += [f"`empty_road.mp4`: {share}.", ""]
    equal = scores.get("equal_recall", {"sets": {}})
    for name, row in equal["sets"].items():
        lines += [f"{name}: {_at_equal_recall(row, equal['model'])}.", ""]
    return lines


def _at_equal_recall(row: Mapping[str, Any], model: str) -> str:
    """Set another model's precision beside this one's, or say why there is none."""
    if row["recall"] is None or row["precision"] is None:
        return "no vehicle was asked for, or none was found"
    ours = f"at recall {number_of(row['recall'])} precision {number_of(row['precision'])}"
    if row["other_precision"] is None:
        return f"{ours}, a recall that `{model}` never reaches"
    return f"{ours}, `{model}` there {number_of(row['other_precision'])}"


if __name__ == "__main__":
    sys.exit(main())
