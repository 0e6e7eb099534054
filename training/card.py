"""The model card, written from the manifest entry so that the two cannot disagree."""

from collections.abc import Mapping
from typing import Any

LIMITS = """\
- **It learns from few pictures and a short run.** It is the first model that works at all, made to
  let a fresh machine show the whole way from camera to case. For real cameras put a stronger model
  into the site file; the classes that COCO knows (car, bus, truck, person) need not come from here.
- Everything but vehicles, two-wheelers and persons it has seen **only in rendered pictures**. On
  real stalls, goods, muck, garbage, signs and banners nothing is promised and nothing was measured.
- Rendered scenes know sun, cloud and dusk. Rain, night, haze, glare, dirt on the lens, fisheye
  lenses and views from straight above were never seen.
- There are no look-alikes among the pictures that were made to fool it, so its false alarms on
  bins, parasols, shadows and road works are not measured.
- Small things are lost: at its input of 512x288 anything below about 10 pixels of a 640-wide
  picture.
- "truck" contains buses in one of the real sets (cctv_manaus), so the two are told apart badly.
"""

DATA = """\
- Rendered street scenes of this project (`training/scenes`, seeds {first} to {last}).
- `vehicles`: ahmetozlu/vehicle_counting_tensorflow, MIT.
- `cctv_jogja`: mdaniyalk/ristek-final, CC BY 4.0, the city's open CCTV.
- `cctv_manaus`: tamaturgo/intelligent_transportation_system_ModelML, CC BY 4.0; the licence line is
  clear, but the footage visibly comes from somebody else.
- Classes that these sets do not label were filled in by a teacher, PP-PicoDet-S 416 (COCO,
  Apache-2.0), at a score of {teacher} and above.

Of every real set the last third (a contiguous block) and of the scenes every eighth seed were never
trained on. The scores below are on those.
"""


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
        f"**Not learned** (in the class list, never found): {missing}.",
        "",
        "## Trained on",
        "",
        DATA.format(
            first=made["scene_seeds"][0],
            last=made["scene_seeds"][1],
            teacher=made["teacher_conf"],
        ),
        (
            f"{made['pictures']} pictures, {made['steps']} steps of {made['batch']} cuts of "
            f"320x192, seed {made['seed']}. Commands: `docs/street-model.md`; every run: "
            "`training/LOG.md`."
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
    if others := entry["scores"].get("others"):
        lines += ["## Beside other models", "", *_beside(entry, others), ""]
    lines += ["## What it cannot do", "", LIMITS]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(scores: Mapping[str, Any]) -> list[str]:
    lines = [
        "| held out | pictures | class | asked | recall | precision | AP50 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, rows in scores["sets"].items():
        for label, row in rows.items():
            numbers = " | ".join(_number(row[key]) for key in ("recall", "precision", "ap50"))
            count = scores["pictures"][name]
            lines.append(f"| {name} | {count} | {label} | {row['asked']} | {numbers} |")
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
