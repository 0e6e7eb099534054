"""The model card, written from the manifest entry so that the two cannot disagree."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from training.example import LOOK_ALIKES
from training.real_sets import REAL_SETS
from training.teacher import COCO_TO_STREET

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "scenes": "Rendered street scenes of this project (`training/scenes`, seeds {seeds})",
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
RENDERED = frozenset({"scenes", LOOK_ALIKES})
"""Origins whose labels are the renderer's."""
ALWAYS = (
    "Glare, dirt on the lens, fisheye lenses and views from straight above were never seen.",
    '"truck" contains buses in one of the real sets (cctv_manaus): the two are told apart badly.',
)
WEATHERS = ("sun", "cloud", "dusk", "night", "rain", "haze")


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
    alike = scores.get("look_alikes")
    lines.append(
        f"On scenes of look-alikes alone it makes {alike['false_a_picture']} false boxes a picture."
        if alike
        else "Its false alarms on bins, parasols, shadows and road works were not measured."
    )
    return [f"- {line}" for line in (*lines, *ALWAYS)]


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
    if others := entry["scores"].get("others"):
        lines += ["## Beside other models", "", *_beside(entry, others), ""]
    lines += ["## What it cannot do", "", *limits_of(entry), ""]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(scores: Mapping[str, Any]) -> list[str]:
    lines = [
        "| held out | pictures | class | asked | recall | precision | AP50 | AP50-95 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, rows in scores["sets"].items():
        for label, row in rows.items():
            keys = ("recall", "precision", "ap50", "ap50_95")
            numbers = " | ".join(_number(row.get(key)) for key in keys)
            count = scores["pictures"][name]
            lines.append(f"| {name} | {count} | {label} | {row['asked']} | {numbers} |")
    return lines


def _conditions(scores: Mapping[str, Any]) -> list[str]:
    """List the scores by weather, size and distance, on look-alikes and on empty asphalt."""
    by = scores.get("by", {})
    lines = [
        f"| {weather} | {row['pictures']} | {_number(row['map50'])} | {_number(row['recall'])} "
        f"| {_number(row['precision'])} |"
        for weather, row in by.get("weather", {}).items()
    ]
    if lines:
        head = ["| weather | pictures | mAP50 | recall | precision |", "|---|---|---|---|---|"]
        lines = ["Unseen scenes, all classes:", "", *head, *lines, ""]
    for kind in ("size", "distance"):
        cells = [f"{place}: {row['recall']:.3f}" for place, row in by.get(kind, {}).items()]
        lines += [f"Recall by {kind}: {', '.join(cells)}.", ""] if cells else []
    if quiet := scores.get("quiet"):
        share = f"{quiet['clean']:.1%} of {quiet['frames']} frames without a car stay without a box"
        lines += [f"`empty_road.mp4`: {share}.", ""]
    beside = scores.get("equal_recall", {"sets": {}})
    for name, row in beside["sets"].items():
        other = _number(row["other_precision"])
        ours = f"at recall {_number(row['recall'])} precision {_number(row['precision'])}"
        lines += [f"{name}: {ours}, `{beside['model']}` there {other}.", ""]
    return lines


def _beside(entry: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    lines = [
        "Vehicles on the held-out real pictures, recall / precision (AP50), each at its threshold:",
        "",
        "| model | threshold | vehicles | cctv_jogja | cctv_manaus |",
        "|---|---|---|---|---|",
    ]
    for name, scores in {"street": entry["scores"], **others}.items():
        cells = []
        for real in ("vehicles", "cctv_jogja", "cctv_manaus"):
            row = scores["sets"][real]["vehicle"]
            cells.append(
                f"{_number(row['recall'])} / {_number(row['precision'])} ({_number(row['ap50'])})"
            )
        lines.append(f"| {name} | {scores['threshold']} | " + " | ".join(cells) + " |")
    return lines
