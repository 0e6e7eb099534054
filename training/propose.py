r"""Let the model itself fill in what real pictures leave unlabelled, and a person look at it.

    python -m training.propose find --dataset runs/dataset --model runs/street/street.onnx \
        --conf 0.5 --out runs/proposals
    # look at runs/proposals/SHEET.jpg: every box has its number
    python -m training.propose take --proposals runs/proposals --dataset runs/dataset \
        --drop 3,17-20 | --keep 1,4-9

`find` runs over the real training pictures and writes proposals.json and contact sheets, best score
first; only classes that no label of the picture's set speaks of are proposed (its `unknown` ones
and those that its pictures never label), and only boxes of things not labelled yet. `take` adds
what was kept to the dataset's labels; a second `take` of the same proposals changes nothing.
Masked classes stay masked in pictures where nothing was kept.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models import Detector, ModelError, load, read_picture
from training.crops import read_sample
from training.dataset import read_counts, read_labels
from training.example import CLASSES, Box, DatasetError
from training.progress import progress
from training.sheets import Image, tile_of, write_sheets
from training.teacher import is_news, label_of

AROUND = 1.2
"""Shown about a proposed box, in its own sizes to each side."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Find or take proposals; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.propose", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    find = commands.add_parser("find")
    find.add_argument("--dataset", type=Path, required=True)
    find.add_argument("--model", type=Path, required=True)
    find.add_argument("--conf", type=float, default=0.5)
    find.add_argument("--out", type=Path, required=True)
    take = commands.add_parser("take")
    take.add_argument("--proposals", type=Path, required=True)
    take.add_argument("--dataset", type=Path, required=True)
    choice = take.add_mutually_exclusive_group(required=True)
    choice.add_argument("--keep", help="numbers that are right: 1,4-9")
    choice.add_argument("--drop", help="numbers that are wrong; the others are right")
    options = parser.parse_args(arguments)
    try:
        if options.command == "find":
            found = propose(options.dataset, load(options.model), options.conf, options.out)
            print(json.dumps({"proposals": len(found), "sheets": str(options.out)}))
        else:
            rows = _read(options.proposals)
            named = numbers_of(options.keep or options.drop, len(rows))
            kept = named if options.keep else set(range(len(rows))) - named
            print(json.dumps({"added": accept([rows[i] for i in sorted(kept)], options.dataset)}))
    except (DatasetError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def propose(dataset: Path, detector: Detector, conf: float, out: Path) -> list[dict[str, Any]]:
    """Write proposals.json and its sheets; return the proposals, the best score first."""
    counts = read_counts(dataset)
    pictures = [
        path
        for path in sorted((dataset / "images" / "train").glob("*.jpg"))
        if path.name.partition("-")[0] not in {"scenes", "plates"}
    ]
    if not pictures:
        raise DatasetError(f"{dataset}: no real training pictures")
    silent = {name: _silent(dataset, name, counts) for name in _origins(pictures)}
    rows: list[dict[str, Any]] = []
    for path in progress(pictures, "propose"):
        rows += _of_picture(path, detector, conf, silent[path.name.partition("-")[0]])
    rows.sort(key=lambda row: (-row["score"], row["picture"]))
    out.mkdir(parents=True, exist_ok=True)
    (out / "proposals.json").write_text(json.dumps(rows, indent=0), encoding="utf-8")
    tiles = [_tile(dataset, number, row) for number, row in enumerate(rows)]
    write_sheets(tiles, out / "sheet")
    return rows


def _origins(pictures: Sequence[Path]) -> set[str]:
    return {path.name.partition("-")[0] for path in pictures}


def _silent(dataset: Path, origin: str, counts: dict[str, Any]) -> frozenset[str]:
    """Return the classes that a set's labels say nothing of."""
    told = {
        CLASSES[int(label)]
        for labels in (dataset / "labels" / "train").glob(f"{origin}-*.txt")
        for label in read_labels(labels)[:, 0]
    }
    return frozenset(set(CLASSES) - told) | frozenset(counts["unknown"].get(origin, ()))


def _of_picture(
    path: Path, detector: Detector, conf: float, silent: frozenset[str]
) -> list[dict[str, Any]]:
    sample = read_sample(path)
    known = [
        Box(CLASSES[label], (float(row[0]), float(row[1]), float(row[2]), float(row[3])))
        for label, row in zip(sample.label.tolist(), sample.xyxy, strict=True)
        if row[2] > row[0] and row[3] > row[1]
    ]
    found = detector.detect([read_picture(path)], conf)[0]
    height, width = sample.picture.shape[:2]
    rows = []
    for i in np.argsort(-found.score, kind="stable"):
        label = label_of(detector.classes[int(found.label[i])])
        x0, y0, x1, y1 = found.xyxy[i].clip(0, [width, height, width, height]).tolist()
        if label not in silent or x1 - x0 < 4 or y1 - y0 < 4:
            continue
        box = Box(str(label), (x0, y0, x1, y1), "model")
        if is_news(box, known):
            known.append(box)
            score, xyxy = round(float(found.score[i]), 3), [round(v, 1) for v in box.xyxy]
            rows.append({"picture": path.stem, "label": label, "score": score, "xyxy": xyxy})
    return rows


def _tile(dataset: Path, number: int, row: dict[str, Any]) -> Image:
    """Show a proposal with something about it."""
    picture = cv2.imread(str(dataset / "images" / "train" / f"{row['picture']}.jpg"))
    if picture is None:
        raise DatasetError(f"{row['picture']}: not a picture of {dataset}")
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = row["xyxy"]
    beside, above = AROUND * (x1 - x0), AROUND * (y1 - y0)
    left, top = max(0, int(x0 - beside)), max(0, int(y0 - above))
    right, bottom = min(width, int(x1 + beside) + 1), min(height, int(y1 + above) + 1)
    part = np.ascontiguousarray(picture[top:bottom, left:right]).astype(np.uint8)
    scale = max(1.0, 160 / max(part.shape[:2]))
    part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale), np.uint8)
    mark = [(value - (left, top)[i % 2]) * scale for i, value in enumerate(row["xyxy"])]
    return tile_of(part, [(row["label"], mark)], f"{number}: {row['label']} {row['score']}")


def numbers_of(text: str, count: int) -> set[int]:
    """Read "3,17-20" into numbers below count; raises DatasetError."""
    numbers: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise DatasetError(f"{part!r}: expected a number or a range like 4-9")
        numbers |= set(range(int(first), int(last or first) + 1))
    if strange := sorted(number for number in numbers if number >= count):
        raise DatasetError(f"number {strange[0]}: there are proposals 0 to {count - 1}")
    return numbers


def accept(rows: Sequence[dict[str, Any]], dataset: Path) -> int:
    """Add proposals to the dataset's labels unless they are there; return how many were added."""
    counts = read_counts(dataset)
    added = 0
    for row in rows:
        picture = dataset / "images" / "train" / f"{row['picture']}.jpg"
        sample = read_sample(picture)
        height, width = sample.picture.shape[:2]
        x0, y0, x1, y1 = row["xyxy"]
        centre = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height)
        shares = (*centre, (x1 - x0) / width, (y1 - y0) / height)
        line = f"{CLASSES.index(row['label'])} " + " ".join(f"{v:.6f}" for v in shares) + "\n"
        labels = dataset / "labels" / "train" / f"{row['picture']}.txt"
        text = labels.read_text(encoding="utf-8")
        if line not in text.splitlines(keepends=True):
            partial = labels.with_suffix(".part")
            partial.write_text(text + line, encoding="utf-8")
            partial.replace(labels)
            added += 1
    counts["self_labelled"] = counts.get("self_labelled", 0) + added
    (dataset / "dataset.json").write_text(json.dumps(counts, indent=1), encoding="utf-8")
    return added


def _read(folder: Path) -> list[dict[str, Any]]:
    path = folder / "proposals.json"
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: {error}") from error
    return rows


if __name__ == "__main__":
    sys.exit(main())
